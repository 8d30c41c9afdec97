# shellcheck shell=sh
# For `run`: 64 clients, conversions of at most 50 ms, the front killed every
# 5 s.  POSIX sh, to be sourced.

seconds=${SOAK_SECONDS:-60}
soak_conversions || exit 2
soak_start --queue-timeout 30s || exit 2
soak_load -c 64 -d "$seconds" -f "$work/conversions" >"$work/load" &
soak_pids=$!
n=0 fronts=0
while [ $n -lt "$((seconds - 2))" ]; do
	n=$((n + 1))
	sleep 1
	[ $((n % 5)) = 0 ] || continue
	kill -KILL "$(daemon_role front | head -n 1)" &&
	    fronts=$((fronts + 1))
done
wait $soak_pids
soak_pids=''
many=$(figure requests "$work/load") lost=$(figure status_503 "$work/load")
say "$many requests, $fronts dead fronts, $lost got 503, the longest" \
    "$(figure max_ms "$work/load") ms"
ok "there were deaths: $fronts" test $fronts -ge $((seconds / 5 - 1))
is 'no answer but these' "$(awk '/^status_/ { print $1 }' "$work/load" |
    grep -v 503 | tr '\n' ' ')" 'status_200 '
is 'errors' "$(figure errors "$work/load")" 0
ok "$lost of $many are at most one in a hundred" at_most $((lost * 100)) \
    "$many"
is 'refused by the socket' "$(grep -c 'connect() to unix' \
    "$nginx_dir/error.log")" 0
daemon_stop
is 'its end' $? 0
