# shellcheck shell=sh
# For `run`: a thousand requests in one second, 300 of them conversions,
# beside what our pipeline needs for the same in a bare loop.  POSIX sh, to be
# sourced.

cores=$(getconf _NPROCESSORS_ONLN)
floor=${FLOOR:-$soak_build/tests/bench/floor}
[ -x "$floor" ] || { skip floor 'not in this build'; finish; }
soak_conversions || exit 2
grep 'q=80' "$work/conversions" >"$work/some"
soak_start || exit 2
nginx_get '/plain/photo.jpg?w=640' >/dev/null
etag=$(nginx_header ETag)

# CPU milliseconds a picture, on as many cores as there are formats.
loop() { # format
	for width in 320 420 630 640 900 1200; do
		"$floor" "$root/photo.jpg" $width "$1" 80 10 whole
	done | awk '$1 == "cpu_ms" { ms += $2; n++ } END { print ms / n }'
}

n=0
while [ $n -lt 5 ]; do
	n=$((n + 1))
	loop jpg >"$work/jpg" &
	soak_pids=$!
	loop webp >"$work/webp"
	wait $soak_pids
	soak_pids=''
	{
		tail -n +$((300 * n)) "$work/some" | head -n 300
		awk -v n=$n 'BEGIN { for (i = 0; i < 350; i++) {
			print "/plain/photo.jpg?w=640"
			printf "/none/%d-%d.jpg?w=640\n", n, i
		} }'
	} | awk 'BEGIN { srand(1) } { printf "%.9f %s\n", rand(), $0 }' |
	    sort | cut -d ' ' -f 2 >"$work/paths"
	soak_load -c 400 -r 1000 -n 1000 -H "If-None-Match: $etag" \
	    -f "$work/paths" >"$work/burst"
	is "answers, 200 and 503" $(($(figure status_200 "$work/burst") +
	    $(figure status_503 "$work/burst"))) 300
	is 'answers, 304 and 404' "$(figure status_304 "$work/burst") $(
	    figure status_404 "$work/burst")" '350 350'
	is 'errors' "$(figure errors "$work/burst")" 0
	longest=$(figure max_ms "$work/burst")
	ok "the longest, $longest ms, is in time" at_most "$longest" 20000
	cat "$work/jpg" "$work/webp" | awk -v cores="$cores" \
	    -v took="$(figure seconds "$work/burst")" \
	    -v made="$(figure status_200 "$work/burst")" '
	{ ms += $1 / 2 }
	END { printf "%.3f %.1f %.1f\n", ms * made / cores / 1000 / took,
	    made / took, cores * 1000 / ms }'
done >"$SOAK_OUT/burst"
cat "$SOAK_OUT/burst" | while read -r ratio ours bare; do
	say "$ours pictures a second, a bare loop $bare: $ratio times"
done
ratio=$(median <"$SOAK_OUT/burst")
ok "$ratio times the loop is at least 0.95" at_least "$ratio" 0.95
is 'refused by the socket' "$(grep -c 'connect() to unix' \
    "$nginx_dir/error.log")" 0
is 'broken connections' "$(grep -c -E 'upstream=[^ ]*50[24]' \
    "$nginx_dir/imgfcgi.log")" 0
