#!/bin/sh
# Every file that was made to hurt, and every photo, through the daemon with its
# defaults: what they say of them in MANIFEST.tsv is what a visitor gets.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	REPLAY			tests/replay/replay
#	IMAGES			directory of hostile/ and photos/, each with a
#				MANIFEST.tsv: file, WxH, loader, bytes,
#				features, source, licence, expected

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_variables IMGFCGI IMGFCGI_URL REPLAY IMAGES
for need in hostile photos; do
	[ -r "$IMAGES/$need/MANIFEST.tsv" ] ||
	    { skip $need "has no MANIFEST.tsv"; finish; }
done
trap daemon_end EXIT
trap 'exit 1' HUP INT TERM
most_ms=2000
most_kb=307200

# One request a file.  Its name stands in DOCUMENT_URI as it is.
hostile_cases() {
	tail -n +2 "$IMAGES/hostile/MANIFEST.tsv" |
	    awk -F '\t' -v most=$most_ms '
	{
		loader = $3
		on = loader ~ /^(jpeg|png|webp|gif)load$/ || $1 ~ /\.avif$/
		want = $8 ~ /^reject-or-ok/ ? "200|404" : \
		    $8 ~ /^ok/ ? "200" : "404"
		# Formats that are off by default are refused, good or not.
		if (!on)
			want = "404"
		printf "== %s\nREQUEST_METHOD: GET\nDOCUMENT_URI: /%s\n", $1, $1
		printf "QUERY_STRING: w=150&f=jpg\n"
		printf "> status %s\n> max-ms %d\n", want, most
	}'
}

# w of each photo of an enabled format, upright, in every format.
photo_cases() { # part
	tail -n +2 "$IMAGES/photos/MANIFEST.tsv" | awk -F '\t' -v part="$1" '
	$3 !~ /^(jpeg|png|webp|gif)load$/ && $1 !~ /\.avif$/ { next }
	n++ % 2 != part { next }
	{
		split($2, side, "x")
		wide = side[1]
		high = side[2]
		# The manifest has the sides as they are stored.
		if ($5 ~ /ori=[5-8] / || $5 ~ /ori=[5-8]$/) {
			wide = side[2]
			high = side[1]
		}
		split("jpg webp png avif", format, " ")
		split("150 640 1920", width, " ")
		for (f = 1; f <= 4; f++) for (i = 1; i <= 3; i++) {
			w = width[i] < wide ? width[i] : wide
			h = int(high * w / wide + 0.5)
			if (h < 1)
				h = 1
			printf "== %s w=%d f=%s\nREQUEST_METHOD: GET\n", $1,
			    width[i], format[f]
			printf "DOCUMENT_URI: /%s\n", $1
			printf "QUERY_STRING: w=%d&f=%s\n", width[i], format[f]
			printf "> image %dx%d %s\n", w, h, format[f]
		}
	}'
}

# replayed NAME FILE: all of its cases hold; says those that do not.
replayed() {
	"$REPLAY" -t 60000 "$daemon_socket" "$2" >"$2.out" 2>&1
	code=$?
	[ $code -eq 0 ] || cat "$2.out"
	ok "$1" [ $code -eq 0 ]
}

roles() {
	daemon_role front
	daemon_role converter
}
# The most memory any of them ever had, where the system tells.
most_memory() {
	for pid in $(daemon_role "$1"); do
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
		    "/proc/$pid/status" 2>/dev/null
	done | sort -n | tail -n 1
}
small_memory() {
	kb=$(most_memory converter)
	[ -n "$kb" ] || { skip "$1" "this system does not tell"; return; }
	printf '%s: %s: %s KB\n' "$test_name" "$1" "$kb"
	ok "$1" [ "$kb" -lt $most_kb ]
}

daemon_prepare
daemon_start --root "$IMAGES/hostile" || exit 1
before=$(roles)
hostile_cases >"$daemon_dir/hostile.req"
is "(a case for every file)" "$(grep -c '^==' "$daemon_dir/hostile.req")" \
    "$(find "$IMAGES/hostile" -type f ! -name MANIFEST.tsv ! -name '*.py' \
	! -name 'README*' | wc -l | tr -d ' ')"
replayed "hostile files get their answers" "$daemon_dir/hostile.req"
is "nobody died of them" "$(roles)" "$before"
small_memory "memory of a converter, hostile files"
printf '%s: slowest hostile file: %s\n' "$test_name" "$(sed -n \
    's/.* \(\/[^ ]*\)?w=150.* bytes \([0-9.]*\) ms.*/\2 ms \1/p' \
    "$daemon_log" | sort -n | tail -n 1)"
daemon_stop
is "it ends well" $? 0

daemon_start --root "$IMAGES/photos" --timeout 30s || exit 1
before=$(roles)
for part in 0 1; do
	photo_cases $part >"$daemon_dir/photos$part.req"
done
(replayed "photos, one half" "$daemon_dir/photos0.req"
[ $test_failed -eq 0 ]) &
half=$!
replayed "photos, the other half" "$daemon_dir/photos1.req"
ok "photos, one half" wait $half
is "nobody died of them" "$(roles)" "$before"
finish
