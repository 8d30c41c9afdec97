#!/bin/sh
# src/MIGRATION.md followed as it stands: its configuration, its commands, its
# nginx with a stand-in for the old server behind it, its PHP.
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
guide=$top/src/MIGRATION.md

# The lines of a block, without its marks and fences.
block() { # name
	sed -n "/^<!-- begin $1 -->\$/,/^<!-- end $1 -->\$/p" "$guide" |
	    sed -e '/^<!-- /d' -e '/^```/d' >"$work/$1"
	ok "the guide has a block $1" test -s "$work/$1"
}
for name in config start http php path fixed; do
	block $name
done

mkdir "$work/images" "$work/bin" "$work/images/2023"
cp "$SAMPLES/photo.jpg" "$work/images/test.jpg" &&
    cp "$SAMPLES/graphic.png" "$work/images/2023/" || exit 1
cat "$work/fixed" >>"$work/path"
ln -s "$IMGFCGI" "$IMGFCGI_URL" "$work/bin/"
PATH=$work/bin:$PATH

# --- its configuration, its commands -----------------------------------------

rm "$daemon_key"
sed -e "s|^root = .*|root = $work/images|" \
    -e "s|^socket = .*|socket = $daemon_socket|" \
    -e "s|^socket-group = .*|socket-group = $(id -gn)|" \
    -e "s|^key-file = .*|key-file = $daemon_key|" \
    -e "s|^log = .*|log = $work/imgfcgi.log|" "$work/config" \
    >"$work/imgfcgi.conf"
is 'paths that were changed' "$(grep -c '= /' "$work/config")" \
    "$(grep -c "= $work" "$work/imgfcgi.conf")"
sed -e "s|/etc/imgfcgi.key|$daemon_key|" \
    -e "s|/etc/imgfcgi.conf|$work/imgfcgi.conf|" "$work/start" >"$work/typed"
is 'commands' "$(grep -c . "$work/typed")" 3
sed -n 1,2p "$work/typed" >"$work/first"
ok 'the first two' sh -e "$work/first" >"$work/out"
ok 'all is good' grep -q '^configuration is good: 1 site' "$work/out"
daemon_log=$work/imgfcgi.log # where it says that it is ready
# shellcheck disable=SC2046 # words are wanted
daemon_spawn $(sed -n 3p "$work/typed") || exit 1

# What the table of flags puts into the file are options, with good values.
sed -n '/^| tcl-img-proxy /,/^$/p' "$guide" | grep -o '`[a-z-]* = [^`]*`' |
    tr -d '`' | grep -v '…' | sort -u >"$work/options"
ok 'the guide names options' test "$(grep -c . "$work/options")" -ge 10
while read -r option _ value; do
	case $value in
	/DIR) value=$work/images ;;
	FILE) value=$work/imgfcgi.log ;;
	/etc/*) value=$daemon_key ;;
	esac
	ok "--$option '$value'" imgfcgi --root "$work/images" \
	    "--$option" "$value" -t >"$work/out"
done <"$work/options"

# --- its nginx, with the old server behind it --------------------------------

nginx_prepare "$work/images" "$daemon_socket" || exit 1
rm "$nginx_dir/conf/examples.conf"
sed 's/^/	/' "$work/http" >"$work/includes"
cat >>"$work/includes" <<END
	server {
		listen unix:$work/old;
		location / {
			if (\$arg_hash ~ ^ltO4) { return 404; }
			add_header X-Old \$request_uri;
			return 200 old;
		}
	}
END
nginx_edit nginx.conf '/^	server {$/,/^	}$/d' &&
    nginx_edit nginx.conf '/include examples.conf/d' &&
    nginx_edit nginx.conf "/include imgfcgi-http.conf/{
r $work/includes
d
}" && nginx_edit tcl-img-proxy.conf \
    "s|http://127.0.0.1:8080|http://unix:$work/old:|" &&
    nginx_edit tcl-img-proxy.conf \
	"/include imgfcgi-server.conf;/r $work/path" &&
    nginx_start || exit 1
is 'nginx has nothing to say' "$(nginx_run -t 2>&1 | grep -c '\[')" 0

# The URLs of its README and of its nginx.
is 'a picture' "$(nginx_get '/test.jpg?w=640&q=85&f=webp')" '200 MISS'
is 'in another order' "$(nginx_get '/test.jpg?q=85&f=webp&w=640')" '200 HIT'
is 'with a timestamp' "$(nginx_get \
    '/test.jpg?w=640&q=85&f=webp&timestamp=20230515173755')" '200 HIT'
is 'an original' "$(nginx_get /test.jpg)" '200 '
is 'a width of nobody' "$(nginx_get '/test.jpg?w=641')" '404 MISS'
is 'no original' "$(nginx_get '/none.jpg?w=640')" '404 MISS'
is 'browsers keep it' "$(nginx_get '/2023/graphic.png?w=150' >/dev/null
    nginx_header Cache-Control)" 'public, max-age=5184000'

# Old tokens go to the old server as they stand, and are kept there.
old() { # query status: is the old server's
	is "old: $1" "$(nginx_get "/test.jpg?$1" | cut -d ' ' -f 1) \
$(nginx_header X-Old)" "$2 /test.jpg?$1"
	is "old, again: $1" "$(nginx_get "/test.jpg?$1")" '200 HIT'
}
two=jYLo10SEcsABQU5M4DA92UCplEf9laWlExFc5pxJUD8
old 'w=640&hash=+GzD6CnLTkm99nbEDPlpvQ' 200
old 'hash=+GzD6CnLTkm99nbEDPlpvQ&w=640&f=webp' 200
old 'hash=%2BGzD6CnLTkm99nbEDPlpvQ' 200
old 'hash=%2bGzD6CnLTkm99nbEDPlp/Q' 200
old "w=150&hash=$two" 200
is 'refused by the old server' "$(nginx_get \
    '/test.jpg?w=640&hash=ltO4kvrgYFys966ICxPFXw') $(cat "$work/body")" \
    '404  Not Found'
logged() { [ "$(grep -c hash= "$nginx_dir/old-tokens.log")" = 10 ]; }
ok 'their log has what the old server answered' nginx_wait logged
ok 'a refusal is in the other' nginx_log_has 'ltO4kv.* 404 '
# Everything else does not, whatever it looks like.
for hash in GzD6CnLTkm99nbEDPlpvQ GzD6CnLTkm99nbEDPlpvQxx "x$two" "$two-" \
    '+GzD6CnLTkm99nbEDPlpv-' '+GzD6CnLTkm99nbEDPlpvQ=='; do
	is "not old: $hash" "$(nginx_get "/test.jpg?w=640&hash=$hash" |
	    cut -d ' ' -f 1) $(nginx_header X-Old)" '404 '
done
is 'POST' "$(nginx_get '/test.jpg?hash=+GzD6CnLTkm99nbEDPlpvQ' -X POST)" \
    '404 '
new=$(imgfcgi-url mint --key-file "$daemon_key" /test.jpg crop=174x174+222+54)
is 'a new token' "$(nginx_get "$new&w=150") $(nginx_header X-Old)" '200 MISS '

# --- its PHP -----------------------------------------------------------------

if php -r 'exit(function_exists("sodium_bin2base64") &&
    function_exists("openssl_encrypt") ? 0 : 1);' 2>/dev/null
then
	# Key and IV of the old README.
	{
		echo '<?php'
		echo "\$key = 'VYtvNgVc7KWYoqpi'; \$iv = '97Wm7KsbXneAgRts';"
		sed -n '/^\$data = /,/^\$hash = /p' "$guide"
		echo 'echo $hash, "\n", bin2hex(openssl_decrypt(base64_decode('
		echo '"ltO4kvrgYFys966ICxPFXw"), "aes-128-cbc", $key,'
		echo 'OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING, $iv)), "\n";'
	} >"$work/old.php"
	php "$work/old.php" >"$work/out" 2>&1
	is 'PHP before' "$(sed -n 1p "$work/out")" '+GzD6CnLTkm99nbEDPlpvQ'
	# 174x174+222+54, then 02 40: no padding that the old server takes.
	is "its README's token" "$(sed -n 2p "$work/out")" \
	    313734783137342b3232322b35340240
	{
		echo '<?php declare(strict_types=1);'
		sed -n '/^\/\/ begin mint/,/^\/\/ end mint/p' "$top/README.md"
		sed "s|/etc/php/imgfcgi.key|$daemon_key|" "$work/php"
	} >"$work/new.php"
	php "$work/new.php" >"$work/out" 2>&1
	is 'PHP after' "$(nginx_get "$(cat "$work/out")")" '200 MISS'
	is 'nothing in it needs escaping' "$(tr -d 'A-Za-z0-9/.?=&_-' \
	    <"$work/out" | tr -d '\n')" ''
else
	skip php 'no php with sodium and openssl'
fi

# --- image_filter's paths ----------------------------------------------------

# The daemon's heights are empty as yet, so that only the query is looked at.
is 'resize' "$(nginx_get '/resize/640x480/2023/graphic.png')" '404 MISS'
ok 'as w and h' nginx_log_has 'query="w=640&h=480"'
is 'crop' "$(nginx_get '/crop/150x150/test.jpg?x=1')" '404 MISS'
ok 'as cover' nginx_log_has 'query="w=150&h=150&fit=cover"'
is 'of a fixed size' "$(nginx_get '/thumbs/test.jpg?w=640')" '404 MISS'
ok 'its own w and h' nginx_log_has '/thumbs/.*query="w=150&h=100"'
is 'no size' "$(nginx_get /resize/test.jpg)" '404 '
rows=$(grep -o '^| `image_filter[a-z_]*' "$guide" | sort -u | tr -d '| `' |
    tr '\n' ' ')
is 'every directive of image_filter' "$rows" "image_filter \
image_filter_buffer image_filter_interlace image_filter_jpeg_quality \
image_filter_sharpen image_filter_transparency image_filter_webp_quality "
finish
