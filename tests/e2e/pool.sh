#!/bin/sh
# The pool under nginx: equal requests meet, those who leave cost nothing, and
# converters are replaced without anybody's noticing.
# Needs IMGFCGI, IMGFCGI_URL, LOAD and SAMPLES.

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/plug.sh"

need_commands nginx curl "${CC:-cc}"
need_variables IMGFCGI IMGFCGI_URL LOAD SAMPLES
[ -z "${SANITIZED:-}" ] || { skip plug 'a sanitizer comes first'; finish; }
stop_all() {
	nginx_stop
	daemon_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
daemon_prepare
work=$daemon_dir
root=$work/root
mkdir -p "$root/a" && cp "$SAMPLES/photo.jpg" "$root/" || exit 1
plug_file "$root/8s.jpg" 8s
for i in 1 2 3 4 5 6 7 8; do
	ln "$root/photo.jpg" "$root/a/$i.jpg" || exit 1
done

# Besides, where nothing is cached nginx tells who has left.
nginx_prepare "$root" "$daemon_socket" && nginx_plain || exit 1
plug_start --root "$root" --converters 2 --log-level debug \
    --converter-jobs 10 && nginx_start || exit 1
front=$(daemon_role front)
figure() { # name file
	awk -v name="$1" '$1 == name { print $2 }' "$2"
}
status() { # name
	curl -s "http://127.0.0.1:$((nginx_port + 3))/status" |
	    sed -n "s/^$1 //p"
}
converted() { # pattern of the path
	grep -c " 200 ok $1" "$daemon_log"
}

# --- one conversion for all --------------------------------------------------

for path in '/photo.jpg?w=640' '/8s.jpg?w=640'; do
	printf '%s\n' "$path" >"$work/one"
	"$LOAD" -p "$nginx_port" -A 300 -c 500 -n 500 -t 30000 \
	    -f "$work/one" >"$work/one.out"
	is "500 for $path" "$(figure status_200 "$work/one.out")" 500
	daemon_wait " 200 ok $path"
	is "one makes $path" "$(converted "$path")" 1
done

# --- replaced after ten jobs -------------------------------------------------

awk 'BEGIN {
	split("75 80 85 90", q, " ")
	split("150 320 420 640", w, " ")
	for (i = 0; i < 128; i++)
		printf "/a/%d.jpg?w=%d&q=%d\n", i % 8 + 1,
		    w[int(i / 8) % 4 + 1], q[int(i / 32) + 1]
}' >"$work/many"
"$LOAD" -p "$nginx_port" -A 50 -c 8 -n 128 -t 30000 -f "$work/many" \
    >"$work/many.out"
is 'all are served' "$(figure status_200 "$work/many.out")" 128
retired=$(grep -c 'is replaced after 10 jobs' "$daemon_log")
ok "$retired were replaced" test "$retired" -ge 10
is 'nothing else ended' "$(status lost) $(status crashed)" '0 0'
is 'and the log is quiet about it' "$(grep -v ' debug: ' "$daemon_log" |
    grep -c 'ended with status')" 0
whole() { [ "$(status converters)" = 2 ]; }
ok 'there are two again' within 5 whole

# --- 10 000 who do not wait for their answer ---------------------------------

held() { # descriptors, threads, converters
	sleep 1
	# shellcheck disable=SC2012 # these names are numbers
	printf '%s %s %s\n' "$(ls "/proc/$front/fd" | wc -l)" \
	    "$(ls "/proc/$front/task" | wc -l)" \
	    "$(daemon_role converter | wc -l)"
}
printf '/plain/photo.jpg?w=640\n' >"$work/plain"
if [ -d "/proc/$front/fd" ]; then
	before=$(held)
	jobs=$(status jobs)
	"$LOAD" -p "$nginx_port" -A 300 -c 100 -n 10000 -r 2500 -t 5000 \
	    -a 1 -f "$work/plain" >"$work/gone.out"
	quiet() { [ "$(status active)" = 1 ]; }
	ok 'all have left' within 15 quiet
	gone=$(figure left "$work/gone.out")
	told=$(grep -c ' gone ' "$daemon_log")
	printf '%s: %s of 10000 left, %s before their turn, %s jobs done\n' \
	    "$test_name" "$gone" "$told" $(($(status jobs) - jobs))
	is 'all were asked and left' "$gone" 10000
	ok "$told were dropped in the queue" test "$told" -ge 5000
	is 'nothing leaks' "$(held)" "$before"
else
	skip 'nothing leaks' 'no /proc'
fi
is 'the front lives' "$(daemon_role front)" "$front"
is 'it serves' "$(nginx_get '/a/1.jpg?w=1920')" '200 MISS'
daemon_stop
is 'it stops' $? 0
finish
