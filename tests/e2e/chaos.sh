#!/bin/sh
# Converters die under load: each death costs at most the one job that was
# in it, and nothing stays broken.  CHAOS_SECONDS (10) is how long.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"

loops=''
end() {
	for loop in $loops; do
		kill "$loop" 2>/dev/null
	done
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM

# Requests until $daemon_dir/load is gone; every failure is kept.
load() { # number
	while [ -f "$daemon_dir/load" ]; do
		"$REPLAY" -t 90000 "$daemon_socket" "$daemon_dir/any" \
		    2>&1
	done >"$daemon_dir/out$1"
}

lines() { # pattern in the log
	grep -c -E "$1" "$daemon_log"
}

# A sanitizer's build is ten times slower, and nothing here is about time.
daemon_start --root "$SAMPLES" --converters 2 --timeout 60s \
    --queue-timeout 60s
least=20
[ -z "${SANITIZED:-}" ] || least=5
front=$(daemon_role front)
for target in '/photo.jpg?w=640' '/photo.jpg?w=320&f=webp' \
    '/photo.jpg?w=640&f=avif' '/graphic.png?w=320' \
    '/animation.gif?w=150&f=webp' '/photo.jpg?w=1920'; do
	printf '== %s\nGET %s\n> status 200|503\n' "$target" "$target"
done >"$daemon_dir/any"
sed 's/200|503/200/' "$daemon_dir/any" >"$daemon_dir/good"

: >"$daemon_dir/load"
for i in 1 2 3 4; do
	load $i &
	loops="$loops $!"
done
kills=0
until=$(($(date +%s) + ${CHAOS_SECONDS:-10}))
while [ "$(date +%s)" -lt $until ]; do
	# One or the other, as they come.
	victim=$(daemon_role converter | sed -n "$((kills % 2 + 1))p")
	[ -z "$victim" ] || ! kill -SEGV "$victim" 2>/dev/null ||
	    kills=$((kills + 1))
	sleep 0.15
done
rm -f "$daemon_dir/load"
# shellcheck disable=SC2086 # one word a pid
wait $loops
loops=''

is 'answers that are neither 200 nor 503' \
    "$(cat "$daemon_dir"/out? | grep -v ' passed, 0 failed, ')" ''
good=$(lines ' 200 ok ')
lost=$(lines ' 503 ')
printf '%s: %d answers, %d deaths, %d jobs lost\n' "$test_name" "$good" \
    "$kills" "$lost"
ok 'there was load' test "$good" -ge $least
ok 'there were deaths' test "$kills" -ge 10
ok 'no more jobs are lost than converters died' test "$lost" -le "$kills"
is 'lost jobs died with converters' "$(lines ' 503 crashed ')" "$lost"
is 'who was killed is not guilty' "$(lines ' is refused for ')" 0
is 'the front lives' "$(daemon_role front)" "$front"
ok 'afterwards all is well' "$REPLAY" -t 90000 "$daemon_socket" \
    "$daemon_dir/good"
ok 'again' "$REPLAY" -t 90000 "$daemon_socket" "$daemon_dir/good"
is 'two converters' "$(daemon_role converter | wc -l | tr -d ' ')" 2
daemon_stop
is 'stop' $? 0
# An address sanitizer speaks of every SEGV that we send: not of those.
is 'sanitizers' "$(grep -E -e 'ThreadSanitizer: [a-z]' -e 'LeakSanitizer' \
    -e 'Sanitizer: (heap|stack|global|attempting)' -e 'runtime error' \
    "$daemon_log")" ''

finish
