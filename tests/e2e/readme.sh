#!/bin/sh
# What README.md says to type, typed: its blocks of commands, every URL of its
# table, its configuration, its PHP, and the name of a file in the cache.
#
#	IMGFCGI		the daemon
#	IMGFCGI_URL	the command line tool
#	SAMPLES		directory of the sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL SAMPLES
readme=$top/README.md
work=$(mktemp -d) || exit 1
daemon_pid=
stop_all() {
	nginx_stop
	[ -z "$daemon_pid" ] || kill "$daemon_pid" 2>/dev/null
	wait
	rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

# The lines of a block, without its marks and fences.
block() { # name
	sed -n "/^<!-- begin $1 -->\$/,/^<!-- end $1 -->\$/p" "$readme" |
	    sed -e '/^<!-- /d' -e '/^```/d'
}

code() { # path curl's arguments...
	path=$1
	shift
	curl -gs -m 30 -o "$work/body" -w '%{http_code}' "$@" "$nginx_url$path"
}

# --- at a shell: a build directory of links, where the reader stands ---------

bin=$(cd "$(dirname "$IMGFCGI")" && pwd)
mkdir "$work/build" "$work/build/tests"
for file in "$bin/imgfcgi" "$bin/imgfcgi-url"; do
	ln -s "$file" "$work/build/"
done
ln -s "$bin/tests/image" "$work/build/tests/image"
cd "$work/build" || exit 1

typed() { # name: every line must succeed
	block "$1" >"$work/lines"
	ok "README has a block $1" test -s "$work/lines"
	while read -r line; do
		sh -c "$line" >"$work/out" 2>"$work/err" </dev/null
		is "README: $line" "$? $(grep '^imgfcgi' "$work/err" |
		    grep -v '^imgfcgi: info: 200 ')" '0 '
		cat "$work/out" >>"$work/typed"
	done <"$work/lines"
}
typed shell
is 'small.webp is a WebP' "$(dd if=small.webp bs=1 skip=8 count=4 \
    2>/dev/null)" WEBP
typed seal
grep hash= "$work/typed" >"$work/minted"
is 'URLs that it mints' "$(grep -c . "$work/minted")" 4

# --- the configuration -------------------------------------------------------

mkdir -p "$work/root/img" "$work/root/a b"
cp "$SAMPLES"/* "$work/root/" && cp "$SAMPLES/photo.jpg" "$work/root/img/" &&
    cp "$SAMPLES/photo.jpg" "$work/root/a b/ü.jpg" || exit 1
(umask 077 && cat imgfcgi.key >"$work/keys")
block config | sed -e "s|^root = .*|root = $work/root|" \
    -e "s|^socket = .*|socket = $work/sock|" \
    -e "s|^socket-group = .*|socket-group = $(id -gn)|" \
    -e "s|^key-file = .*|key-file = $work/keys|" \
    -e "s|^log = .*|log = $work/daemon.log|" >"$work/imgfcgi.conf"
lines=$(grep -c = "$work/imgfcgi.conf")
ok "a usual file has $lines lines" test "$lines" -le 6
is 'of them ours now' "$(grep -c -F -e "$work" -e 'socket-group = ' \
    "$work/imgfcgi.conf")" "$lines"
"$IMGFCGI" --config "$work/imgfcgi.conf" -t >"$work/out" 2>&1
is 'it is good' $? 0

# --- through nginx -----------------------------------------------------------

# The demo's daemon allows some heights.
"$IMGFCGI" --config "$work/imgfcgi.conf" --heights '150 320 640' \
    2>"$work/err" &
daemon_pid=$!
nginx_prepare "$work/root" "$work/sock" && nginx_wait test -S "$work/sock" &&
    nginx_start || { cat "$work/err"; fail servers 'did not start'; finish; }

block demo | sed "s|http://127\.0\.0\.1:8080|$nginx_url|" >"$work/lines"
ok 'README has a block demo' test -s "$work/lines"
while read -r line; do
	sh -c "$line" >"$work/out" 2>/dev/null
	is "README: $line" $? 0
	[ ! -s "$work/out" ] || cp "$work/out" "$work/second"
done <"$work/lines"
is 'the second answer' "$(grep -ci '^x-cache-status: HIT' "$work/second")" 1
is 'small.webp' "$(dd if=small.webp bs=1 skip=8 count=4 2>/dev/null)" WEBP
ok 'original.jpg' cmp -s original.jpg "$SAMPLES/photo.jpg"

# The table of URLs: what is refused is 404.
sed -n 's/^| `\(\/[^`]*\)` | \(.*\) |$/\1 \2/p' "$readme" >"$work/urls"
ok 'a table of URLs' test "$(grep -c . "$work/urls")" -ge 8
while read -r path words; do
	case $words in
	refused*) want=404 ;;
	*) want=200 ;;
	esac
	is "README: $path: $words" "$(code "$path")" $want
done <"$work/urls"

# The one that was minted with the block's first key is not for these keys.
{ read -r foreign && is 'a foreign token' "$(code "$foreign")" 404
while read -r minted; do
	is "minted: $minted" "$(code "$minted")" 200
done; } <"$work/minted"

# --- a file of the cache, by the key that is written there -------------------

sed -n "s/^    \(printf '%s' '||.* | md5sum\)\$/\1/p" "$readme" \
    >"$work/lines"
is 'README names a key' "$(grep -c . "$work/lines")" 1
key=$(sed "s/.*'||\(.*\)|\(.*\)'.*/\2?\1/" "$work/lines")
is "README: $key" "$(code "$key")" 200
if command -v md5sum >/dev/null; then
	sum=$(sh "$work/lines" | cut -d ' ' -f 1)
	ok "$sum is in the cache" nginx_wait test -f "$(printf '%s' "$sum" |
	    sed "s|.*\(..\)\(.\)\$|$nginx_dir/cache/\2/\1/|")$sum"
else
	skip md5sum 'not installed'
fi

# --- PHP, for a plain path and for one with a prefix -------------------------

if php -r 'exit(function_exists("sodium_bin2base64") ? 0 : 1);' 2>/dev/null
then
	call=$(sed -n "s|^    \('/photo.jpg?hash=' \. .*)\)\$|\1|p" "$readme")
	ok 'README calls it' test -n "$call"
	{
		echo '<?php declare(strict_types=1);'
		sed -n '/^\/\/ begin mint/,/^\/\/ end mint/p' "$readme"
		printf '%s\n' "\$key = fgets(fopen('$work/keys', 'r'));" \
		    "echo $call, \"\\n\";" \
		    "echo str_replace('/photo.jpg', '/img/photo.jpg', " \
		    "'/photo.jpg'), '?hash=', imgfcgi_mint(\$key, '', " \
		    "'/img/photo.jpg', 'w=333'), \"\\n\";"
	} >"$work/mint.php"
	php "$work/mint.php" >"$work/urls" 2>&1
	is 'it runs' $? 0
	is 'PHP' "$(code "$(sed -n 1p "$work/urls")")" 200
	prefixed=$(sed -n 2p "$work/urls")
	is 'PHP, a prefix' "$(code "$prefixed")" 200
	is 'PHP, location /img/' "$(nginx_url=http://127.0.0.1:$((nginx_port +
	    1)) code "$prefixed")" 200
	is 'PHP, without its prefix' "$(code "${prefixed#/img}")" 404
else
	skip php 'no php with sodium'
fi

# --- names that stand there --------------------------------------------------

for file in $(grep -oE '`(src|tests|spawn|nginx-conf)/[A-Za-z0-9_./-]+`' \
    "$readme" | tr -d '`' | sort -u); do
	ok "README names $file" test -e "$top/$file"
done
for file in $(grep -oE '`[a-z-]+\.conf`' "$readme" | tr -d '`' |
    sort -u); do
	ok "README names nginx-conf/$file" test -f "$top/nginx-conf/$file"
done
is 'lines marked EDIT' "$(grep -c 'EDIT [0-9]' "$top"/nginx-conf/*.conf |
    awk -F : '{ n += $2 } END { print n }')" 4
for switch in $(grep -oE -e '--enable-[a-z]+' "$readme" | sort -u); do
	ok "configure knows $switch" grep -q \
	    "AC_ARG_ENABLE(\[${switch#--enable-}\]" "$top/configure.ac"
done
for target in $(grep -oE '`make [a-z]+`' "$readme" | tr -d '`' |
    sed 's/^make //' | sort -u); do
	case $target in
	check | distcheck | install) continue ;;
	esac
	ok "make $target" grep -q "^$target:" "$top/Makefile.am"
done
own=$(sed -e '/^<!-- begin params/,/^<!-- end params/d' \
    -e '/^<!-- begin options/,/^<!-- end options/d' \
    -e '/^<!-- begin status/,/^<!-- end status/d' "$readme" | grep -c '')
remark="README has $own lines beside its tables"
ok "$remark" test "$own" -le 460
kill "$daemon_pid" && wait "$daemon_pid"
is 'the daemon ends well' $? 0
daemon_pid=
finish
