# shellcheck shell=sh
# For `run`: 64 clients while a converter gets SIGSEGV every second, two
# seconds with, two without.  POSIX sh, to be sourced.

seconds=${SOAK_SECONDS:-60}
soak_conversions || exit 2
soak_start --queue-timeout 30s || exit 2
soak_load -c 64 -d $((seconds * 5 / 2 + 4)) -f "$work/conversions" \
    >"$work/load" &
soak_pids=$!
sleep 1

window() { # command: sets rate, conversions a second
	before=$(answers ok) from=$(millis)
	for second in 1 2; do
		sleep 0.5
		"$1"
		sleep 0.5
	done
	rate=$((($(answers ok) - before) * 100000 / ($(millis) - from)))
}

n=0
while [ $n -lt "$seconds" ]; do
	n=$((n + 2))
	window :
	calm=$rate
	window soak_kill_converter
	echo "$rate $calm"
done >"$SOAK_OUT/kills"
ok 'the clients have not ended before' kill -0 $soak_pids
wait $soak_pids
soak_pids=''
middle=$(awk '{ print $1 / $2 }' "$SOAK_OUT/kills" | median)
quotient=$(awk '{ a += $1; b += $2 } END { printf "%.3f", a / b }' \
    "$SOAK_OUT/kills")
lost=$(figure status_503 "$work/load")
say "$(figure status_200 "$work/load") pictures, $kills kills, $lost lost;" \
    "throughput $quotient times the undisturbed, median of pairs $middle"
is 'errors' "$(figure errors "$work/load")" 0
ok "there were kills: $kills" test $kills -ge $((seconds * 9 / 10))
ok "$lost jobs lost are at most $kills" test "$lost" -le $kills
is 'nobody is convicted' "$(counter convicted)$(grep -c ' is refused for ' \
    "$daemon_log")" 00
ok "$quotient times is at least 0.9" at_least "$quotient" 0.9
daemon_stop
is 'its end' $? 0
