# Sizes: a function of more than 60 lines gets a remark, of more than 100 a
# refusal; a file has at most 550 lines, a function at most 15 ways through
# it (cyclomatic complexity, counted in words: a line of && and || is one).
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# KNF makes it easy: a function's body is from ^{ to ^}.  Strings, characters
# and comments do not count; a switch is one decision, whatever its cases.
measure() { # file...
	awk '
	FNR == 1 { inside = 0; comment = 0; name = "" }
	{
		line = $0
		gsub(/\\./, "", line)
		gsub(/"[^"]*"/, "", line)
		gsub(/\047[^\047]*\047/, "", line)
		if (comment && !sub(/^.*\*\//, "", line))
			line = ""
		else
			comment = 0
		gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
		if (sub(/\/\*.*$/, "", line))
			comment = 1
	}
	!inside && line ~ /^[a-z_][a-zA-Z0-9_]*\(/ {
		name = line
		sub(/\(.*/, "", name)
	}
	line ~ /^\{/ { inside = 1; start = FNR; ways = 1; next }
	inside && line ~ /^\}/ {
		print FILENAME, start, name, FNR - start - 1, ways
		inside = 0
		next
	}
	inside {
		ways += gsub(/(^|[^A-Za-z0-9_])(if|while|for|switch)[ \t]*\(/,
		    " ", line)
		ways += gsub(/\?/, " ", line)
		ways += line ~ /&&|\|\|/
	}' "$@"
}

over() { # file...: prints what is past a bound
	measure "$@" | awk '
	$4 > 100 {
		print $1 ":" $2 ": " $3 " has " $4 " lines"
	}
	$5 > 15 {
		print $1 ":" $2 ": " $3 " has " $5 " ways through it"
	}'
}

for file in $(find src tests -name '*.[ch]' | sort); do
	is "$file" "$(over "$file")" ''
	measure "$file" | awk '$4 > 60 {
		print "remark: " $1 ":" $2 ": " $3 " has " $4 " lines"
	}'
	lines=$(wc -l <"$file")
	ok "$file has $lines lines" test "$lines" -le 550
done

# A check of the check.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN {
	print "int\nlong_one(void)\n{"
	for (i = 0; i < 101; i++) print "\tx();"
	print "}\n\nint\nmany_ways(void)\n{"
	for (i = 0; i < 15; i++) print "\tif (a)\n\t\tx(\"&& ||\");"
	print "}\n\nint\njust_right(void)\n{"
	for (i = 0; i < 7; i++) print "\tif (a && b) /* ? */\n\t\tx();"
	print "}"
}' >"$dir/a.c"
is 'planted functions' "$(over "$dir/a.c" | sed 's/.*: //')" \
    'long_one has 101 lines
many_ways has 16 ways through it'
finish
