# What the tables say is what the texts say: README, manual, --help.  See
# tables.sh for how a table stands in a text.
# Needs IMGFCGI and IMGFCGI_URL.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1
: "${IMGFCGI:?}" "${IMGFCGI_URL:?}"

readme=README.md
pages='src/imgfcgi.8 src/imgfcgi.conf.5 src/imgfcgi-url.1'
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
new=$dir/new.md

for file in $readme $pages; do
	ok "$file can be filled" eval \
	    "sh tests/lint/tables.sh '$IMGFCGI_URL' $file >'$new'"
	is "$file (make tables)" "$(diff "$file" "$new" | head -n 4)" ''
done
tables=$("$IMGFCGI_URL" --help | sed -n \
    's/^  imgfcgi-url \([a-z]*\) \[text|markdown|mdoc\]$/\1/p')
ok 'there are tables' test "$(printf '%s\n' $tables | grep -c .)" -ge 5
for table in $tables; do
	ok "imgfcgi-url $table prints rows" test \
	    "$("$IMGFCGI_URL" "$table" mdoc | grep -c '^\.It')" -ge 6
	is "the manual has one table $table" "$(cat $pages |
	    grep -cx '\.\\" begin '"$table")" 1
done
for table in params options status; do
	is "README has one table $table" \
	    "$(grep -cx "<!-- begin $table -->" $readme)" 1
done

# A check of the check.
sed '/^| `timeout`/d' $readme >"$new"
is 'a row that is gone comes back' "$(sh tests/lint/tables.sh \
    "$IMGFCGI_URL" "$new" | grep -c '^| `timeout`')" 1
# Every option stands in --help, as --option, and the other way round; what
# is none of the file's options stands in imgfcgi(8), and no other.
options=$("$IMGFCGI_URL" options markdown | sed -n \
    's/^| *`\([a-z][a-z0-9-]*\)`.*/\1/p')
help=$("$IMGFCGI" --help 2>&1)
is 'imgfcgi --help' $? 0
ok 'there are options' test "$(printf '%s\n' $options | grep -c .)" -gt 20
flags() { # page: the long ones that it explains
	sed -n 's/^\.It Fl//p' "$1" | tr ' ' '\n' |
	    sed -n 's/^-\([a-z0-9-]*\)$/\1/p' | sort
}
is '--help and options with imgfcgi(8)' "$(printf '%s\n' "$help" |
    grep -oE '(^|, | )--[a-z][a-z0-9-]*' | sed 's/.*--//' | sort -u)" \
    "$( (flags src/imgfcgi.8; printf '%s\n' $options) | sort -u)"
is 'imgfcgi-url --help with imgfcgi-url(1)' "$("$IMGFCGI_URL" --help |
    grep -oE -e '--[a-z][a-z0-9-]*' | grep -vx -e --help -e --version |
    sed 's/^--//' | sort -u)" "$(flags src/imgfcgi-url.1)"
is 'its words' "$("$IMGFCGI_URL" --help | sed -n \
    's/^  imgfcgi-url \([a-z]*\) .*/\1/p' | sort)" "$(sed -n \
    's/^\.It Cm \([a-z]*\( , [a-z]*\)*\)$/\1/p' src/imgfcgi-url.1 |
    tr -d ' ' | tr ',' '\n' | sort)"

# mdoc as mandoc wants it; where other pages are is not its business.
if command -v mandoc >/dev/null; then
	for page in $pages; do
		is "mandoc -Tlint $page" "$(mandoc -Tlint "$page" 2>/dev/null |
		    grep -v 'referenced manual not found')" ''
	done
else
	skip 'mandoc -Tlint' 'not installed'
fi

# What the texts for developers and movers name is there.
texts='README.md src/ARCHITECTURE.md src/MIGRATION.md src/ORIGINS.md'
for file in $texts; do
	for link in $(grep -oE '\]\([^)# ]+' "$file" | sed 's/^](//' |
	    grep -v ':'); do
		ok "$file links $link" test -e "$(dirname "$file")/$link"
	done
done
story=src/ARCHITECTURE.md
ok "$story has at most 150 lines" test "$(grep -c '' $story)" -le 150
named() { # pattern: words in quotes that fit it
	tr '\n' ' ' <$story | grep -oE '`[^`]+`' | tr -d '`' | grep -xE "$1" |
	    sort -u
}
for path in $(named '(src|tests|nginx-conf)/[a-z0-9_./-]*'); do
	ok "$story names $path" test -e "$path"
done
for file in $(named '[a-z0-9_*]+\.[ch]'); do
	ok "$story names $file" test -n "$(find src -name "$file")"
done
for function in $(named '[a-z_*]+\(\)' | sed 's/[*()]//g'); do
	ok "$story names $function()" grep -rqE "^${function}[a-z_]*\\(" src
done
for word in $(named '(enum|struct) [a-z_]+' | tr ' ' '_'); do
	ok "$story names $word" grep -rq "^${word%%_*} ${word#*_} {" src
done
for word in $(named '[A-Z]+_[A-Z_]+'); do
	ok "$story names $word" grep -rqw "$word" src
done
ok 'and much of it' test "$(named '.*' | grep -c .)" -gt 50

for word in ./spawn/demo ./tests/run 'imgfcgi-url keygen' \
    'imgfcgi-url mint' 'imgfcgi --root' --once; do
	ok "README names $word" grep -qF -e "$word" "$readme"
done
for tool in "$IMGFCGI" "$IMGFCGI_URL"; do
	ok "${tool##*/} --version" eval "'$tool' --version >/dev/null"
done
finish
