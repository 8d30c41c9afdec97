#!/bin/sh
# Prints a text with its tables as the program has them: README.md, a manual
# page.  `make tables` puts it back; docs.sh only compares.
#
#	tables.sh IMGFCGI_URL FILE
#
# A table stands between two lines, "begin NAME" and "end NAME", that are
# remarks of the text's own language: <!-- … --> in Markdown, .\" … in mdoc.
# NAME is a word of imgfcgi-url that takes a style.

tool=$1 file=$2
tables=$("$tool" --help | sed -n \
    's/^  imgfcgi-url \([a-z]*\) \[text|markdown|mdoc\]$/\1/p')
case $file in
*.md) style=markdown begin='<!-- begin ' end='<!-- end ' close=' -->' ;;
*) style=mdoc begin='.\" begin ' end='.\" end ' close= ;;
esac

inside=
while IFS= read -r line; do
	[ -n "$inside" ] || printf '%s\n' "$line"
	for table in $tables; do
		case $line in
		"$begin$table$close")
			inside=$table
			"$tool" "$table" $style || exit 1
			;;
		"$end$table$close")
			[ "$inside" = "$table" ] || exit 1
			inside=
			printf '%s\n' "$line"
			;;
		esac
	done
done <"$file"
[ -z "$inside" ]
