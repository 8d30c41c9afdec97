# shellcheck shell=sh
# For `run`: what 2000 cheap answers a second cost front and nginx, alone and
# while 300 clients wait for conversions.  POSIX sh, to be sourced.

seconds=${SOAK_SECONDS:-5}
soak_copies 200 photo.jpg && awk 'BEGIN {
	split("1920 1600 1280 1200", w, " ")
	for (k = 1; k <= 4; k++)
		for (q = 75; q <= 90; q += 5)
			for (i = 0; i < 200; i++)
				printf "/%d/photo.jpg?w=%d&q=%d&f=webp\n",
				    i, w[k], q
}' >"$work/cold" || exit 2
awk 'BEGIN { for (i = 0; i < 20000; i++)
	printf "/plain/photo.jpg?w=640\n/none/%d.jpg?w=640\n", i
}' >"$work/cheap"
soak_start --queue-timeout 60s || exit 2
nginx_get '/plain/photo.jpg?w=640' >/dev/null
etag=$(nginx_header ETag)
front=$(daemon_role front)

# CPU milliseconds of front and nginx in a second.
cost() { # requests a second
	soak_load -k -c 100 -r "$1" -d "$seconds" -H "If-None-Match: $etag" \
	    -P "$front" -P "$nginx_pid" -f "$work/cheap" >"$work/out"
	[ "$(figure errors "$work/out")" = 0 ] || say 'errors'
	awk -v seconds="$seconds" '$1 == "cpu_ms" { print $2 / seconds }' \
	    "$work/out"
}
alone() {
	for round in 1 2 3; do
		cost 2000
	done >>"$work/alone"
}
idle() {
	[ "$(counter waiting)$(counter busy)" = 00 ]
}

alone
soak_load -c 300 -d $((seconds * 12 + 5)) -f "$work/cold" >"$work/waiting" &
soak_pids=$!
sleep 2
for round in 1 2 3 4 5; do
	waiting=$(cost 1)
	cost 2000 | awk -v waiting="$waiting" '{ print $1 - waiting }'
done >"$work/beside"
ok "clients wait: $(counter waiting)" test "$(counter waiting)" -gt 200
kill $soak_pids
wait $soak_pids
soak_pids=''
within 60 idle
alone
a=$(median <"$work/alone") b=$(median <"$work/beside")
ratio=$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.3f", b / a }')
say "2000 cheap answers take $a ms of CPU alone, $b ms while 300 wait:" \
    "$ratio times"
ok "$ratio times is at most 1.25" at_most "$ratio" 1.25
