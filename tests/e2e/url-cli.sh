#!/bin/sh
# imgfcgi-url at a shell: keys, minting, explaining, tables, exit codes, and
# PHP that mints the same.  IMGFCGI_URL names the program, else ./imgfcgi-url.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"

url=${IMGFCGI_URL:-./imgfcgi-url}
if [ ! -x "$url" ]; then
	skip imgfcgi-url "no program at $url"
	finish
fi
umask 077
dir=$(mktemp -d "${TMPDIR:-/tmp}/url-cli.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
key=$dir/key
zeros=0000000000000000000000000000000000000000000000000000000000000000
echo "1:$zeros" >"$key"

# code WANT ARGUMENT...: the exit code; what was printed is in $dir/out.
code() {
	want=$1
	shift
	"$url" "$@" >"$dir/out" 2>"$dir/err"
	is "exit code of: $*" $? "$want"
	if [ "$want" -ne 0 ] && [ ! -s "$dir/err" ] && [ ! -s "$dir/out" ]; then
		fail "$*" "silent refusal"
	fi
}

# says WORDS: the last command printed them, on either side.
says() {
	if cat "$dir/out" "$dir/err" | grep -F -e "$1" >/dev/null; then
		pass
	else
		fail "says '$1'" "$(cat "$dir/out" "$dir/err")"
	fi
}

mint() {
	"$url" mint --key-file "$key" "$@"
}

# Usage.
code 0 --help
for word in keygen mint open params options status; do
	says "imgfcgi-url $word"
done
code 0 --version
code 2
code 2 help
code 2 mint
code 2 mint /a.jpg w=1
code 2 mint --key-file "$key" /a.jpg
code 2 mint --key-file
code 2 mint --nonsense x /a.jpg w=1
code 2 open --key-file "$key"
code 2 open --key-file "$key" --clear w=1 /a.jpg x
code 2 open --key-file "$key" /a.jpg x y
code 2 params text text
code 2 params html
code 2 params --site x
code 2 keygen 1 2

# Tables.
for table in params options status; do
	for style in text markdown mdoc; do
		code 0 "$table" "$style"
		ok "$table $style is not empty" [ -s "$dir/out" ]
	done
	code 0 "$table"
done
code 0 params markdown
says '| crop |'
code 0 status
says bad-token
if [ -c /dev/full ]; then
	"$url" params >/dev/full 2>"$dir/err"
	is 'a full disk is not silent' $? 1
fi

# Keys.
"$url" keygen 7 >"$dir/seven"
is 'a key line' "$(grep -c '^7:[0-9a-f]\{64\}$' "$dir/seven")" 1
"$url" keygen >"$dir/other"
is 'the usual id' "$(grep -c '^1:' "$dir/other")" 1
ok 'keys differ' [ "$(cut -d: -f2 "$dir/seven")" != \
    "$(cut -d: -f2 "$dir/other")" ]
code 0 mint --key-file "$dir/seven" /a.jpg w=1
for id in 256 -1 x 01 ' 1'; do
	code 2 keygen -- "$id"
done
(umask 022 && "$url" keygen >"$dir/open" 2>"$dir/err")
ok 'keygen warns of an open file' grep -q 'chmod 600' "$dir/err"
code 1 mint --key-file "$dir/open" /a.jpg w=1
says 'chmod 600'
code 1 mint --key-file "$dir/none" /a.jpg w=1
says "$dir/none"
ok 'no key in an error' [ "$(grep -c 0000 "$dir/err")" -eq 0 ]

# Minting.
first=$(mint /photo.jpg 'w=640&crop=100x100+0+0')
is 'equal requests, equal URLs' \
    "$(mint /photo.jpg crop=100x100+0+0 w=640)" "$first"
is 'doubled slashes are one' "$(mint //photo.jpg crop=100x100+0+0 w=640)" \
    "$first"
is 'an alias is its parameter' "$(mint /photo.jpg w=1 timestamp=2)" \
    "$(mint /photo.jpg v=2 w=1)"
ok 'the path is encoded' [ "$(mint "/a b/50%/ü'?#.jpg" w=1 |
    cut -d'?' -f1)" = '/a%20b/50%25/%C3%BC%27%3F%23.jpg' ]
clear=$(mint --clear 'w=640&f=webp' /photo.jpg crop=100x100+0+0)
is 'clear parameters stand before the hash' "${clear%%hash=*}" \
    '/photo.jpg?f=webp&w=640&'
ok 'a sealed default is kept: it closes the name' [ \
    "$(mint /a.jpg w=1 fit=inside)" != "$(mint /a.jpg w=1)" ]
while read -r words text; do
	code 1 mint --key-file "$key" /photo.jpg "$text"
	says "$words"
done <<'END'
w=0 w=0
w=65536 w=65536
w=-1 w=-1
f=bmp f=bmp
no x=1
nothing w
nothing w=
twice w=1&w=2
twice w=1&w=1
crop=1x1 crop=1x1
crop=0x1 crop=0x1+0+0
hash hash=x
exp exp=soon
no W=640
END
code 1 mint --key-file "$key" photo.jpg w=1
says slash
code 1 mint --key-file "$key" /../photo.jpg w=1
code 1 mint --key-file "$key" /a/./b.jpg w=1
code 1 mint --key-file "$key" /a/.. w=1
code 0 mint --key-file "$key" /a/..b/.c/...jpg w=1
code 1 mint --key-file "$key" --site a/b /a.jpg w=1
says site
code 1 mint --key-file "$key" --clear w=2 /a.jpg w=1
says 'sealed and in the clear'
code 1 mint --key-file "$key" --clear exp=99999999999 /a.jpg w=1
code 1 mint --key-file "$key" --clear hash=x /a.jpg w=1
code 1 mint --key-file "$key" --clear utm=x /a.jpg w=1
code 0 mint --key-file "$key" /a.jpg w=1 exp=1000000000
says 'has passed'

# Explaining.
code 0 open --key-file "$key" "$first"
says 'key: 1'
says 'text: crop=100x100+0+0&w=640'
says 'exp: never'
token=${first##*hash=}
code 0 open --key-file "$key" "https://example.com:8080$first"
code 0 open --key-file "$key" "$first&w=1#x"
code 0 open --key-file "$key" /photo.jpg "$token"
code 0 open --key-file "$key" http://h/photo.jpg "$token"
code 0 open --key-file "$key" "$(mint "/a b/50%25/ü'?#&hash=.jpg" w=1)"
code 1 open --key-file "$key" "/a%20b.jpg" \
    "$(mint '/a b.jpg' w=1 | sed 's/.*hash=//')"
code 1 open --key-file "$key" /other.jpg "$token"
says forged
code 1 open --key-file "$key" --site s "$first"
code 1 open --key-file "$dir/other" "$first"
code 1 open --key-file "$dir/seven" "$first"
says 'names key 1'
code 1 open --key-file "$key" "$first="
code 1 open --key-file "$key" /photo.jpg
says 'no hash='
code 1 open --key-file "$key" '/photo.jpg?xhash=1'
code 1 open --key-file "$key" "/%zz.jpg?hash=$token"
code 1 open --key-file "$key" "/%00.jpg?hash=$token"
code 1 open --key-file "$key" '' ''
code 0 open --key-file "$key" "$(mint /a.jpg w=1 exp=1000000000 2>/dev/null)"
says 'exp: Sun, 09 Sep 2001 01:46:40 GMT (has passed)'
code 0 open --key-file "$key" --site s "$(mint --site s /a.jpg w=1)"
says 'site: s'

# PHP mints the same; what it can seal but we refuse is explained.
if ! php -r 'exit(function_exists("sodium_bin2base64") ? 0 : 1);' \
    2>/dev/null; then
	skip php 'no php with sodium'
	finish
fi
php_mint() {
	php "$top/tests/php/mint.php" "$@"
}
ok 'vectors in PHP' php "$top/tests/php/vectors.php" \
    "$top/tests/unit/seal-vectors.txt" >"$dir/out"
is 'PHP, plain' "$(php_mint "$key" '' /photo.jpg 'crop=100x100+0+0&w=640')" \
    "$token"
(echo '# comment' && cat "$dir/seven") >"$dir/both"
mine=$("$url" mint --key-file "$dir/both" --site s.1 '/ü b.jpg' w=1)
is 'PHP, site and UTF-8' "$(php_mint "$dir/both" s.1 '/ü b.jpg' w=1)" \
    "${mine##*hash=}"
code 0 open --key-file "$key" /a.jpg "$(php_mint "$key" '' /a.jpg 'w=2&h=1')"
code 1 open --key-file "$key" /a.jpg \
    "$(php_mint "$key" '' /a.jpg "w=1&x=$(printf '\033[2J')")"
says 'no such parameter'
is 'no terminal codes' "$(grep -c "$(printf '\033')" "$dir/out")" 0
if [ -f "$top/README.md" ]; then
	sed -n '/^\/\/ begin mint/,/^\/\/ end mint/p' "$top/README.md" \
	    >"$dir/readme"
	sed -n '/^\/\/ begin mint/,/^\/\/ end mint/p' \
	    "$top/tests/php/mint.php" >"$dir/mint"
	ok "the README's PHP is the tested PHP" cmp "$dir/readme" "$dir/mint"
fi
finish
