# What the tables say is what the texts say.  README blocks between
# <!-- begin NAME --> and <!-- end NAME --> are `imgfcgi-url NAME markdown`.
# Needs IMGFCGI and IMGFCGI_URL.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1
: "${IMGFCGI:?}" "${IMGFCGI_URL:?}"

readme=README.md
[ -f "$readme" ] || fail README 'is not there'

block() { # name: what README has
	sed -n "/^<!-- begin $1 -->\$/,/^<!-- end $1 -->\$/p" "$readme" |
	    sed '1d;$d' | sed '/^$/d'
}

# Compared line by line, so that a failure shows which.
for table in params options status; do
	is "README has one block $table" \
	    "$(grep -c "^<!-- begin $table -->\$" "$readme")" 1
	printed=$("$IMGFCGI_URL" "$table" markdown | sed '/^$/d')
	ok "imgfcgi-url $table prints rows" test \
	    "$(printf '%s\n' "$printed" | grep -c '^|')" -gt 4
	line=$(printf '%s\n' "$printed" | grep -vxF "$(block $table)" |
	    head -n 1)
	is "README $table lacks" "$line" ''
	is "README $table" "$(block $table)" "$printed"
done

# Every option stands in --help, as --option, and the other way round.
options=$("$IMGFCGI_URL" options markdown | sed -n \
    's/^| *`\([a-z][a-z-]*\)`.*/\1/p')
help=$("$IMGFCGI" --help 2>&1)
is 'imgfcgi --help' $? 0
ok 'there are options' test "$(printf '%s\n' $options | grep -c .)" -gt 20
for option in $options; do
	ok "--help has --$option" eval \
	    "printf '%s\n' \"\$help\" | grep -q -e '--$option\\($\\|[^a-z-]\\)'"
done
for option in $(printf '%s\n' "$help" |
    sed -n 's/^ *--\([a-z][a-z-]*\).*/\1/p'); do
	case $option in
	config | help | once | version | accept | site | test) continue ;;
	if-none-match) continue ;;
	esac
	ok "--$option is in the table" eval \
	    "printf '%s\n' \$options | grep -qx -e '$option'"
done

for word in ./spawn/demo ./tests/run 'imgfcgi-url keygen' \
    'imgfcgi-url mint' 'imgfcgi --root' --once; do
	ok "README names $word" grep -qF -e "$word" "$readme"
done
for tool in "$IMGFCGI" "$IMGFCGI_URL"; do
	ok "${tool##*/} --version" eval "'$tool' --version >/dev/null"
done
finish
