#!/bin/sh
# --once: one request at a shell, headers to stderr, the picture to stdout.
# Needs IMGFCGI, IMGFCGI_URL and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"

dir=$(mktemp -d "${TMPDIR:-/tmp}/once.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
(umask 077 && "$IMGFCGI_URL" keygen >"$dir/key")
mkdir "$dir/root"
cp "$SAMPLES/photo.jpg" "$dir/root/"
cp "$SAMPLES/small.jpg" "$dir/root/a b+c?100%&=é.jpg"
cat >"$dir/conf" <<END
root = $dir/root
key-file = $dir/key
[site precise]
errors = precise
root = $dir/root
END

# once CODE TARGET ARGS...: picture in $dir/out, headers in $dir/err.
once() {
	want=$1 target=$2
	shift 2
	"$IMGFCGI" --config "$dir/conf" --once "$target" "$@" \
	    >"$dir/out" 2>"$dir/err"
	is "exit code of $target $*" $? "$want"
}

has() { # pattern in the headers
	ok "$target: $1" grep -q -e "$1" "$dir/err"
}

magic() { # hex
	is "$target: magic" "$(od -An -tx1 -N3 "$dir/out" | tr -d ' \n')" "$1"
}

header() { # name
	sed -n "s/^$1: *//p" "$dir/err" | tr -d '\r'
}

once 0 '/photo.jpg?w=320'
magic ffd8ff
has '^Status: 200'
has '^Content-Type: image/jpeg'
has '^ETag: "'
etag=$(header ETag)
once 0 '/photo.jpg?w=320&f=webp'
magic 524946
once 0 '/photo.jpg?w=320&f=auto' --accept webp
magic 524946
has '^Vary: Accept'
once 0 '/photo.jpg?w=320&f=auto'
magic ffd8ff

once 0 '/photo.jpg?w=320' --if-none-match "$etag"
has '^Status: 304'
ok '304: no body' test ! -s "$dir/out"
once 0 '/photo.jpg?w=640' --if-none-match "$etag"
has '^Status: 200'

# Refusals.

# The portrait is 800 wide, upright.
for row in 'no 800x1200' 'yes 1280x1920'; do
	once 0 "/portrait.jpg?w=1280&f=webp" --root "$SAMPLES" \
	    --enlarge "${row% *}"
	is "enlarge = ${row% *}" "$(od -An -tu2 -j 26 -N 4 "$dir/out" |
	    awk '{ print $1 "x" $2 }')" "${row#* }"
done

once 1 '/photo.jpg?w=321'
has '^Status: 404'
has '^X-Imgfcgi-Error: not-allowed'
ok 'a refusal: no body' test ! -s "$dir/out"
once 1 '/photo.jpg?w=321' --site precise
has '^Status: 403'
once 1 '/none.jpg?w=320'
has '^Status: 404'
once 1 '/../root/photo.jpg?w=320'
once 1 'photo.jpg?w=320'
once 1 '/%zz.jpg?w=320'
once 1 '/photo.jpg?w=320' --site none
has '^X-Imgfcgi-Error: no-site'
once 1 '/photo.jpg?w=320' --timeout 1x
ok 'a bad option' test "$(wc -l <"$dir/err")" -eq 1

# Escapes, and tokens as they are minted.
once 0 '/a%20b+c%3F100%25&=%C3%A9.jpg?w=150'
magic ffd8ff
url=$("$IMGFCGI_URL" mint --key-file "$dir/key" /photo.jpg \
    'crop=400x200+0+0&w=150')
once 0 "$url"
has '^Status: 200'
once 0 "/photo.jpg?utm=1&${url#*\?}"
once 1 "${url}A"
has 'bad-token'
once 1 "/photo.jpg?${url#*\?}" --site precise
has '^Status: 403'

# Standard output that cannot be written.
if [ -w /dev/full ]; then
	"$IMGFCGI" --config "$dir/conf" --once '/photo.jpg?w=320' \
	    >/dev/full 2>"$dir/err"
	is 'standard output is full' $? 1
	ok 'and it says so' grep -q 'standard output' "$dir/err"
fi
"$IMGFCGI" --config "$dir/conf" --once '/photo.jpg?w=320' >&- 2>"$dir/err"
is 'standard output is closed' $? 1
ok 'and says so' grep -q 'standard output' "$dir/err"
"$IMGFCGI" --config "$dir/conf" --once '/photo.jpg?w=320' \
    >"$dir/out" 2>&- <&-
is 'standard error is closed' "$? $(od -An -tx1 -N2 "$dir/out")" '0  ff d8'

finish
