#!/bin/sh
# What the manual says to type, typed.  A block of a page stands between
# remarks that say what it is: "run NAME" are commands, each of which must
# succeed, "conf NAME" is a configuration, "nginx server" a server of nginx.
#
#	IMGFCGI		the daemon
#	IMGFCGI_URL	the command line tool
#	SAMPLES		directory of the sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL SAMPLES
work=
stop_all() {
	nginx_stop
	daemon_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
daemon_prepare
work=$daemon_dir
pages=$top/src

block() { # page kind name: its lines
	sed -n "/^\\.\\\\\" begin $2 $3\$/,/^\\.\\\\\" end $2 $3\$/p" \
	    "$pages/$1" | sed '/^\./d' >"$work/lines"
	ok "$1 has $2 $3" test -s "$work/lines"
}

# Blocks that nobody tries would be mere words.
is 'blocks' "$(cat "$pages"/imgfcgi*.[0-9] | sed -n \
    's/^\.\\" begin \([a-z]* [a-z]*\)$/\1/p' | sort | tr '\n' ' ')" \
    'conf profiles conf sites conf usual nginx server run mint run once '"\
run rotate "

mkdir "$work/pictures" "$work/bin"
cp "$SAMPLES"/* "$work/pictures/"
ln -s "$IMGFCGI" "$IMGFCGI_URL" "$work/bin/"
PATH=$work/bin:$PATH
cd "$work" || exit 1

typed() { # page name
	block "$1" run "$2"
	while read -r line; do
		ok "$1: $line" sh -c "$line" 2>"$work/err" >>"$work/out"
	done <"$work/lines"
}
typed imgfcgi.8 once
is 'small.webp' "$(dd if=small.webp bs=1 skip=8 count=4 2>/dev/null)" WEBP
is 'none' "$(wc -c <none | tr -d ' ')" 0
ok 'and why' grep -q 'X-Imgfcgi-Error: not-allowed' "$work/err"

: >"$work/out"
typed imgfcgi-url.1 mint
grep 'hash=' "$work/out" >minted
is 'URLs' "$(grep -c . minted)" 2
typed imgfcgi-url.1 rotate
is 'keys' "$(sed 's/:.*//' imgfcgi.key | tr '\n' ' ')" '2 1 '
while read -r url; do
	ok "still opens: $url" imgfcgi-url open --key-file imgfcgi.key "$url" \
	    >>"$work/out"
done <minted

# Configurations: good ones, once their places are here.
for name in usual sites profiles; do
	block imgfcgi.conf.5 conf $name
	sed -e "s|= /srv/.*|= $work/pictures|" \
	    -e "s|= /var/run/.*|= $work/s|" \
	    -e "s|= /etc/.*|= $work/imgfcgi.key|" \
	    -e "s|= /var/log/.*|= $work/none.log|" lines >"$name.conf"
	is "$name: places" "$(grep -c '= /' "$name.conf")" \
	    "$(grep -c "= $work" "$name.conf")"
	ok "$name" imgfcgi --config "$name.conf" -t >>"$work/out"
done

# The server, in an nginx that has nothing else.
block imgfcgi.8 nginx server
cp lines server
daemon_start --root "$work/pictures" &&
    nginx_prepare "$work/pictures" "$daemon_socket" || exit 1
sed -e "s|listen 80;|listen 127.0.0.1:@PORT0@;|" \
    -e "s|/srv/images|$work/pictures|" server >"$nginx_dir/conf/server.conf"
# shellcheck disable=SC2016 # a pattern
nginx_edit nginx.conf '/^	server {$/,/^	}$/d' &&
    nginx_edit nginx.conf 's/include examples.conf/include server.conf/' &&
    nginx_start || exit 1
is 'the server, a picture' "$(nginx_get '/photo.jpg?w=320')" '200 MISS'
is 'the server, an original' "$(nginx_get /photo.jpg)" '200 '
finish
