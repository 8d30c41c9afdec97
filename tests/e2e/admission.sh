#!/bin/sh
# Who waits how long: thumbnails beside a burst of large conversions, and 300
# clients that want the same kind of thing.  Bounds are shares of what the work
# took here and now, so that a slow machine does not fail them.
# Needs IMGFCGI, IMGFCGI_URL, LOAD and SAMPLES.

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL LOAD SAMPLES
work='' large_pid=''
stop_all() {
	[ -z "$large_pid" ] || kill "$large_pid" 2>/dev/null
	nginx_stop
	daemon_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
daemon_prepare
work=$daemon_dir
root=$work/root
mkdir -p "$root/a" && cp "$SAMPLES/photo.jpg" "$root/" || exit 1
# Names enough that nothing is asked for twice.
awk 'BEGIN { for (i = 0; i < 300; i++) print i }' | while read -r i; do
	ln "$root/photo.jpg" "$root/a/$i.jpg" || exit 1
done
list() { # count query
	awk -v n="$1" -v query="$2" 'BEGIN {
		for (i = 0; i < n; i++) printf "/a/%d.jpg?%s\n", i, query
	}'
}
list 300 'w=150' >"$work/small"
list 16 'w=1280&f=png' >"$work/large"
list 300 'w=320' >"$work/equal"

nginx_prepare "$root" "$daemon_socket" || exit 1
daemon_start --root "$root" --converters 2 --queue-timeout 60s &&
    nginx_start || exit 1
figure() { # name file
	awk -v name="$1" '$1 == name { print $2 }' "$2"
}
millis() {
	date +%s%N | cut -c1-13
}
# What the converters have worked, in milliseconds.
worked() {
	curl -s "http://127.0.0.1:$((nginx_port + 3))/status" |
	    awk '$1 ~ /^(read|load|encode)_us$/ { us += $2 }
	    END { printf "%d\n", us / 1000 }'
}

# --- a burst of large ones ---------------------------------------------------

began=$(millis)
{
	"$LOAD" -p "$nginx_port" -c 16 -n 16 -t 60000 -f "$work/large" \
	    >"$work/large.out"
	millis >"$work/large.end"
} &
large_pid=$!
sleep 0.3
"$LOAD" -p "$nginx_port" -A 50 -c 50 -r 20 -n 100 -t 60000 \
    -f "$work/small" >"$work/small.out"
wait "$large_pid"
large_pid=
took=$(($(cat "$work/large.end") - began))
p99=$(figure p99_ms "$work/small.out")
printf '%s: 16 large ones took %s ms, thumbnails beside them p50 %s, p99 %s\n' \
    "$test_name" $took "$(figure p50_ms "$work/small.out")" "$p99"
is 'thumbnails' "$(figure status_200 "$work/small.out")" 100
is 'large ones' "$(figure status_200 "$work/large.out")" 16
ok "thumbnails' p99 $p99 ms is no half of $took ms" awk -v p99="$p99" \
    -v took=$took 'BEGIN { exit !(p99 < took / 2) }'

# --- 300 of a kind -----------------------------------------------------------

before=$(worked)
"$LOAD" -p "$nginx_port" -A 300 -c 300 -n 300 -t 60000 -f "$work/equal" \
    >"$work/equal.out"
ideal=$((($(worked) - before) / 2))
longest=$(figure max_ms "$work/equal.out")
printf '%s: 300 of a kind: the longest %s ms, %s ms of work a converter\n' \
    "$test_name" "$longest" $ideal
is 'all of a kind' "$(figure status_200 "$work/equal.out")" 300
ok "the longest wait $longest ms is at most 1.3 times $ideal ms" awk \
    -v longest="$longest" -v ideal=$ideal \
    'BEGIN { exit !(longest <= 1.3 * ideal) }'
finish
