#!/bin/sh
# Pages made for tcl-img-proxy find their pictures here, unchanged but for the
# sealed ones, which the README's PHP makes.  The shipped nginx, the daemon.
#
#	IMGFCGI		the daemon
#	IMGFCGI_URL	the command line tool
#	SAMPLES		directory of sample pictures

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

# "type width" of the last body, by its own bytes: JPEG's frame header, PNG's
# first chunk, a lossy WebP's or an extended one's head.
picture() {
	od -An -v -tu1 "$work/body" | tr -s ' \n' '\n\n' | awk '
	NF { b[n++] = $1 }
	function two(i) { return b[i] * 256 + b[i + 1] }
	END {
		if (b[0] == 137 && b[1] == 80)
			print "png", two(18)
		else if (b[0] == 82 && b[8] == 87 && b[15] == 88)
			print "webp", b[24] + b[25] * 256 + 1
		else if (b[0] == 82 && b[8] == 87)
			print "webp", (b[27] % 64) * 256 + b[26]
		else if (b[0] == 255 && b[1] == 216) {
			for (i = 2; i < n; i += 2 + two(i + 2))
				if (b[i + 1] >= 192 && b[i + 1] <= 194)
					break
			print "jpg", two(i + 7)
		} else
			print "none"
	}'
}

# asked URL WANT: 200 and that picture, under the right Content-Type.
asked() {
	want=$2
	is "$1" "$(nginx_get "$1" | cut -d ' ' -f 1) $(picture)" "200 $want"
	mime=${want%% *}
	[ "$mime" != jpg ] || mime=jpeg
	is "$1: type" "$(nginx_header Content-Type)" "image/$mime"
}

root=$work/root
mkdir -p "$root/img" "$root/Fotos 2012" || exit 1
cp "$SAMPLES/photo.jpg" "$SAMPLES/graphic.png" "$SAMPLES/photo.webp" \
    "$root/" && cp "$SAMPLES/photo.jpg" "$root/PHOTO.JPG" &&
    cp "$SAMPLES/photo.jpg" "$root/Photo.JPEG" &&
    cp "$SAMPLES/graphic.png" "$root/GRAPHIC.PNG" &&
    cp "$SAMPLES/photo.jpg" "$root/img/photo.jpg" &&
    cp "$SAMPLES/photo.jpg" "$root/Fotos 2012/IMG_0001.JPG" || exit 1
chmod -R a+rX "$root"
daemon_start --root "$root" && nginx_prepare "$root" "$daemon_socket" &&
    nginx_start || exit 1

# Its widths and qualities are the default lists.
for w in 150 320 420 630 640 900 1200 1280 1600 1920; do
	asked "/photo.jpg?w=$w" "jpg $w"
done
for q in 75 80 85 90; do
	asked "/photo.jpg?w=640&q=$q&f=webp" "webp 640"
done
is "a width of nobody's" "$(nginx_get '/photo.jpg?w=641')" "404 MISS"
is "a quality of nobody's" "$(nginx_get '/photo.jpg?w=640&q=99')" "404 MISS"

# Order, a page's version and a stranger's parameters: the same picture.
nginx_get '/photo.jpg?w=640&q=85&f=webp' >/dev/null
cp "$work/body" "$work/first"
for same in 'w=640&f=webp&q=85' 'q=85&w=640&f=webp' 'q=85&f=webp&w=640' \
    'f=webp&w=640&q=85' 'f=webp&q=85&w=640' \
    'w=640&q=85&f=webp&timestamp=1512345678' \
    'timestamp=2017-12-04_10.20.30&w=640&q=85&f=webp' \
    'w=640&q=85&f=webp&v=3' 'utm_source=x&w=640&q=85&f=webp&fbclid=y' \
    'w=640&amp=1&q=85&x&f=webp&' '&&w=640&&q=85&f=webp&h=&crop='; do
	is "the same: $same" "$(nginx_get "/photo.jpg?$same")" "200 HIT"
	ok "its bytes" cmp -s "$work/body" "$work/first"
done

# Extensions in capitals; two names of one format.
asked '/PHOTO.JPG?w=320' 'jpg 320'
asked '/Photo.JPEG?w=320&f=webp' 'webp 320'
asked '/GRAPHIC.PNG?w=150' 'png 150'
asked '/Fotos%202012/IMG_0001.JPG?w=640&q=85&f=webp&timestamp=1' 'webp 640'
asked '/graphic.png?w=150&f=jpg' 'jpg 150'
is "f=jpeg is f=jpg" "$(nginx_get '/graphic.png?w=150&f=jpeg')" "200 HIT"
asked '/photo.webp?w=320&f=jpeg' 'jpg 320'
asked '/photo.webp?w=320' 'webp 320'
asked '/photo.jpg?w=320&f=png' 'png 320'

# Without any of our parameters: the file, byte by byte.
for junk in '' '?' '?utm_source=x' '?timestamp=1512345678' '?v=2&foo[]=bar'; do
	is "original: $junk" "$(nginx_get "/photo.jpg$junk")" "200 "
	ok "its bytes" cmp -s "$work/body" "$SAMPLES/photo.jpg"
done

# An old token is refused (the migration guide tells where to send it).
for old in AAAAAAAAAAAAAAAAAAAAAA \
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; do
	is "an old token" "$(nginx_get "/photo.jpg?hash=$old")" "404 MISS"
done

# The PHP that makes new ones, against the tool and the daemon.
if ! command -v php >/dev/null ||
    ! php -r 'exit(function_exists("sodium_crypto_kdf_derive_from_key")?0:1);'
then
	skip php "not installed, or without sodium"
	finish
fi
php_token() { # path text
	php "$top/tests/php/mint.php" "$daemon_key" '' "$1" "$2"
}
text='crop=800x600+10+20&f=webp&q=82&w=333' # sorted, as the tool writes
token=$(php_token /photo.jpg "$text")
asked "/photo.jpg?hash=$token" 'webp 333'
is "the tool's own answer" "$("$IMGFCGI_URL" mint --key-file "$daemon_key" \
    /photo.jpg w=333 q=82 f=webp crop=800x600+10+20)" \
    "/photo.jpg?hash=$token"
token=$(php_token '/Fotos 2012/IMG_0001.JPG' 'crop=800x600+10+20')
asked "/Fotos%202012/IMG_0001.JPG?w=320&f=webp&hash=$token" 'webp 320'
is "on another picture" "$(nginx_get "/photo.jpg?w=320&hash=$token")" "404 MISS"
past=$(php_token /photo.jpg "w=333&exp=$(($(date +%s) - 1))")
is "expired" "$(nginx_get "/photo.jpg?hash=$past")" "404 MISS"
nginx_url=http://127.0.0.1:$((nginx_port + 1))
asked "/img/photo.jpg?hash=$(php_token /img/photo.jpg "$text")" 'webp 333'
is "without the prefix" "$(nginx_get \
    "/img/photo.jpg?hash=$(php_token /photo.jpg "$text")")" "404 MISS"
finish
