# The floors: a file includes only what stands on its own floor or below it,
# and each foreign library is known in its own files alone.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# Which floor a file of src/ stands on, bottom first.  Configuration is pure:
# what it describes stands above it, so it is a floor of its own.
awk_floor='
function floor_of(file) {
	if (file ~ /^base\//) return 1
	if (file ~ /^url\//) return 2
	if (file ~ /^http\//) return 3
	if (file ~ /^image\/(cost|encoders|facts|plan)[._]/) return 4
	if (file ~ /^serve\/(config|metrics|options)[._]/) return 5
	if (file ~ /^image\//) return 6
	if (file ~ /^origin\//) return 7
	if (file ~ /^serve\//) return 8
	if (file ~ /^[^\/]*$/) return 9
	return 0
}'

# Prints "file:line: words" for each include that goes up, or nowhere.
climbs() { # file... (below the current directory)
	awk "$awk_floor"'
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		what = part[2]
		at = FILENAME
		sub(/^\.\//, "", at)
		if (what == "config.h") # of configure
			next
		if (what !~ /\//) {
			print FILENAME ":" FNR ": not relative to src: " what
			next
		}
		mine = floor_of(at)
		its = floor_of(what)
		if (mine == 0 || its == 0)
			print FILENAME ":" FNR ": no floor: " what
		else if (its > mine)
			print FILENAME ":" FNR ": climbs to " what
	}' "$@"
}

# Prints what names a foreign header outside its own files.
foreigners() { # header-pattern allowed-pattern
	find . -name '*.[ch]' -exec grep -lE \
	    "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$1" {} + |
	    sed 's|^\./||' | grep -vE "^($2)\$"
}

check() { # where: the top of a tree like src
	cd "$1" || exit 1
	find . -name '*.[ch]' | sort | while read -r file; do
		climbs "$file"
	done
	foreigners 'vips/' \
	    'image/(pipeline|encode|libraries|pixels)[a-z_]*\.c|image/pixels\.h'
	# The one header with libvips in it stays inside its floor.
	foreigners 'image/pixels\.h' 'image/[a-z_]*\.c'
	foreigners '(fcgi|fastcgi)' 'serve/fcgi\.c'
	foreigners 'sodium' \
	    'url/seal\.c|http/fresh\.c|imgfcgi\.c|imgfcgi-url\.c'
	foreigners '(jpeglib|jerror)' 'image/planar_jpeg\.c'
	foreigners 'webp/' 'image/planar_webp\.c'
	foreigners 'libheif/' 'image/planar_avif\.c'
	foreigners 'libdeflate' 'image/png\.c'
	foreigners 'curl/' 'origin/[a-z_]*curl[a-z_]*\.[ch]'
	foreigners 'linux/' '[a-z]+/[a-z_]*linux[a-z_]*\.[ch]'
}

found=$(check src)
[ -z "$found" ] || printf '%s\n' "$found"
is 'includes' "$found" ''
is 'files were looked at' "$(find src -name '*.[ch]' | head -n 1 |
    grep -c .)" 1

# A check of the check: each of these must be found.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
while read -r at include; do
	rm -rf "$dir/src"
	mkdir -p "$dir/src/$(dirname "$at")"
	printf '#include %s\n' "$include" >"$dir/src/$at"
	is "$at with $include" \
	    "$( (check "$dir/src") | grep -c . )" 1
done <<'END'
base/a.c "url/params.h"
base/a.c "buf.h"
url/a.c "image/plan.h"
image/plan.c "image/pipeline.h"
serve/config.c "serve/pool.h"
origin/a.c "serve/queue.h"
http/a.c "nowhere/else.h"
serve/handler.c "image/pixels.h"
serve/handler.c <vips/vips.h>
serve/front.c <fcgiapp.h>
serve/front.c <sodium.h>
image/pipeline.c <jpeglib.h>
serve/front.c <linux/openat2.h>
END
finish
