# Words that must not stand in the tree, and words that must.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# Functions that overrun, depend on the locale, keep hidden state or swallow
# errors.  One row each: name, what to use.  The first table holds everywhere,
# the second for what a peer's bytes can reach: all of src/.
everywhere='
sprintf		snprintf
vsprintf	vsnprintf
strcpy		snprintf
strncpy		memcpy with a length
strcat		snprintf
strncat		snprintf
stpcpy		snprintf
gets		fgets
strtok		a loop
alloca		malloc
tmpnam		mkstemp
mktemp		mkstemp
'
in_src='
strtol		num_*
strtoul		num_*
strtod		num_*
atoi		num_*
atol		num_*
atof		num_*
setlocale	nothing
system		execve
popen		execve
gethostbyname	getaddrinfo
localtime	clock_*
gmtime		clock_*
rand		randombytes_*
'

# A C file without its strings and comments, lines kept.
bare() { # file
	sed -e 's/\\.//g' -e 's/"[^"]*"/""/g' "$1" | awk '{
		out = ""
		while ($0 != "") {
			if (comment) {
				at = index($0, "*/")
				$0 = at ? substr($0, at + 2) : ""
				comment = !at
			} else {
				at = index($0, "/*")
				out = out (at ? substr($0, 1, at - 1) : $0)
				$0 = at ? substr($0, at + 2) : ""
				comment = at > 0
			}
		}
		print out
	}'
}

uses() { # file table: prints the lines that use a function of the table
	pattern=$(printf '%s\n' "$2" |
	    awk 'NF { printf "%s%s", or, $1; or = "|" }')
	bare "$1" | grep -nE "(^|[^A-Za-z0-9_])($pattern)[[:space:]]*\\("
}

for file in $(find src tests -name '*.[ch]' | sort); do
	table=$everywhere
	case $file in src/*) table=$everywhere$in_src ;; esac
	is "$file: banned function" "$(uses "$file" "$table")" ''
	is "$file: trailing blank" \
	    "$(grep -nE '[[:blank:]]+$' "$file" | head -n 1)" ''
done
for file in $(find src -name '*.h' | sort); do
	is "$file begins with its contract" "$(head -n 1 "$file")" '/*'
	is "$file guards itself" "$(grep -c '^#ifndef [A-Z0-9_]*_H$' \
	    "$file")" 1
done
for file in $(find src -name '*.c' | sort); do
	own=${file#src/}
	own=${own%.c}.h
	[ -f "src/$own" ] || continue
	is "$file includes its own header first" "$(grep -m 1 \
	    '^#include "[a-z]*/' "$file")" "#include \"$own\""
done

# Unfinished work and places of one machine, in every text of the tree.  The
# words are put together here, so that this file does not hold them.
unfinished='(TO''DO|FIX''ME|XX''X|HA''CK)'
places='(^|[^A-Za-z0-9_}./-])/(wor''k|far''m|hom''e|roo''t)/[a-z]'
for file in $(find src tests spawn nginx-conf .ci configure.ac Makefile.am \
    README.md -type f ! -path '*/corpus/*' 2>/dev/null | sort); do
	is "$file: unfinished" \
	    "$(grep -nIwE "$unfinished" "$file" | head -n 1)" ''
	is "$file: a machine's path" \
	    "$(grep -nIE "$places" "$file" | head -n 1)" ''
done

# A check of the check.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cat >"$dir/a.c" <<'END'
	/* strcpy(a, b) in a comment
	 * sprintf(a, b) */
	die("strcpy(a, b)");
	my_strcpy(a, b);
	snprintf(a, 1, "b");
	strcpy (a, b); /* one */
END
is 'planted words' "$(uses "$dir/a.c" "$everywhere")" '6:	strcpy (a, b); '
finish
