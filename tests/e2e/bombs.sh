#!/bin/sh
# Every file that was made to hurt, with every format enabled, in every format
# and two sizes, twice: no converter dies of it but by its deadline, none takes
# longer than two seconds or 512 MB, and the second answer is the first.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	REPLAY			tests/replay/replay
#	IMAGES			directory of hostile/ with its MANIFEST.tsv
#	SANITIZED		set: one size, once, and no bounds of time

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_variables IMGFCGI IMGFCGI_URL REPLAY
[ -r "${IMAGES:-}/hostile/MANIFEST.tsv" ] ||
    { skip hostile 'has no MANIFEST.tsv'; finish; }
trap daemon_end EXIT
trap 'exit 1' HUP INT TERM
most_ms=2000 most_kb=524288 twice=1 sizes='150 1280'
[ -z "${SANITIZED:-}" ] || { most_ms=60000 twice=0 sizes=150; }

# A drawing may run into its deadline, and then into the quarantine.
cases() { # part
	tail -n +2 "$IMAGES/hostile/MANIFEST.tsv" | awk -F '\t' -v part="$1" \
	    -v most=$most_ms -v twice=$twice -v sizes="$sizes" '
	function ask(name, want) {
		printf "== %s\nREQUEST_METHOD: GET\nDOCUMENT_URI: /%s\n",
		    name, $1
		printf "QUERY_STRING: w=%d&f=%s\n", w[i], f[k]
		printf "> status %s\n> max-ms %d\n", want, most
	}
	BEGIN {
		formats = split("jpg png webp avif gif jxl tiff", f, " ")
		widths = split(sizes, w, " ")
	}
	n++ % 2 == part {
		svg = $1 ~ /\.svgz?$/
		for (k = 1; k <= formats; k++) for (i = 1; i <= widths; i++) {
			name = $1 " " f[k] " " w[i]
			ask(name, "200|413|415|422" (svg ? "|503" : ""))
			if (svg || !twice)
				continue
			print "= S @status\n= B @body"
			ask(name " again", "${S}")
			print "> same-as B"
		}
	}'
}

daemon_start --root "$IMAGES/hostile" --errors precise \
    --widths '150 1280' --formats 'jpg png webp avif gif jxl tiff' \
    --inputs 'jpg png webp avif gif jxl tiff heic svg' \
    --converters 2 --queue-timeout 60s \
    ${SANITIZED:+--timeout 60s} || exit 1
play() { # part
	"$REPLAY" -t 120000 "$daemon_socket" "$daemon_dir/$1" \
	    >"$daemon_dir/$1.out" 2>&1
}
# A machine that is busy for a moment is none for two.
for part in 0 1; do
	cases $part >"$daemon_dir/$part"
	(play $part || play $part) &
	eval "half$part=\$!"
done
for part in 0 1; do
	eval "wait \$half$part"
	code=$?
	[ $code -eq 0 ] || cat "$daemon_dir/$part.out"
	is "half $part" $code 0
done
is 'nobody died of them' "$(grep -c -E ' crashed | died: ' \
    "$daemon_log")" "$(grep -c 'converter .* died: Killed' "$daemon_log")"
for pid in $(daemon_role converter); do
	kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
	[ -n "${SANITIZED:-}" ] || [ -z "$kb" ] ||
	    ok "a converter had $kb KB" test "$kb" -lt $most_kb
done
printf '%s: slowest: %s\n' "$test_name" "$(sed -n \
    's/.* \(\/[^ ]*\) [0-9]* bytes \([0-9.]*\) ms.*/\2 ms \1/p' \
    "$daemon_log" | sort -n | tail -n 1)"
daemon_stop
is 'it ends well' $? 0
finish
