#!/bin/sh
# A log that nobody reads, that is full or that goes away holds nobody up, and
# says afterwards what it lacks.  Lines reach a syslog, too.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY, BUILDDIR and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/ask-lib.sh"

need_variables IMGFCGI IMGFCGI_URL REPLAY BUILDDIR SAMPLES
catch_pid='' reader_pid='' made_log=''
end() {
	[ -z "$catch_pid" ] || kill "$catch_pid" 2>/dev/null
	[ -z "$reader_pid" ] || kill "$reader_pid" 2>/dev/null
	[ -z "$made_log" ] || rm -f /dev/log
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
daemon_prepare
dir=$daemon_dir

# Requests whose lines are as long as a path may make them.
many=2000
printf '== many\n@repeat %d\nGET /${x*900}?w=320\n' $many >"$dir/many"
printf '> status 404\n> max-ms 500\n' >>"$dir/many"
many() { # name
	"$REPLAY" "$daemon_socket" "$dir/many" >"$dir/many.out" 2>&1
	is "$1" "$(tail -n 1 "$dir/many.out")" \
	    'replay: 1 passed, 0 failed, 0 skipped'
}
start() { # where its stderr goes, args...
	start_log=$1
	shift
	"$IMGFCGI" --root "$SAMPLES" --socket "$daemon_socket" \
	    --converters 1 "$@" 2>"$start_log" </dev/null >/dev/null &
	daemon_pid=$!
	within 20 asked '/photo.jpg?w=320' 'status 200' ||
	    fail 'start' "$(cat "$dir/ask.out")"
}

# --- a pipe that nobody reads ----------------------------------------------

for isolation in process none; do
	name="full pipe, isolation $isolation"
	rm -f "$dir/pipe" "$dir/read"
	mkfifo "$dir/pipe" || exit 1
	exec 9<>"$dir/pipe"
	start "$dir/pipe" --isolation $isolation
	many "$name"
	front=$(daemon_role front)
	if [ -n "$front" ]; then
		kill -KILL "$(daemon_role converter)"
		ask "$name: a death" '/photo.jpg?w=420' 'status 200|503'
	fi
	cat <&9 >"$dir/read" &
	reader_pid=$!
	read_all() {
		grep -q 'lines are missing here' "$dir/read" &&
		    grep -q 'w=640' "$dir/read"
	}
	ask "$name: then it is read" '/photo.jpg?w=640' 'status 200'
	ok "$name: it says what is missing" within 10 read_all
	told=$(grep -c ' not-found ' "$dir/read")
	missing=$(sed -n 's/.*keep up: \([0-9]*\) lines.*/\1/p' "$dir/read" |
	    awk '{ n += $1 } END { print n + 0 }')
	ok "$name: $told told, $missing missing" test $missing -gt 100 -a \
	    $((told + missing)) -ge $many -a $((told + missing)) -lt \
	    $((many + 20))
	kill -TERM "$daemon_pid"
	wait "$daemon_pid"
	is "$name: stop" $? 0
	daemon_pid=
	kill $reader_pid
	wait $reader_pid 2>/dev/null
	reader_pid=
	exec 9<&-
done

# One that is full when it shall end does not keep it.
mkfifo "$dir/pipe2" || exit 1
exec 9<>"$dir/pipe2"
start "$dir/pipe2"
many 'full at the end'
began=$(date +%s)
kill -TERM "$daemon_pid"
wait "$daemon_pid"
is 'full at the end: stop' $? 0
ok 'full at the end: soon' test $(($(date +%s) - began)) -le 4
daemon_pid=
exec 9<&-

# --- a disk that is full ---------------------------------------------------

if [ -w /dev/full ]; then
	start "$dir/err" --log /dev/full
	many 'full disk'
	daemon_stop
	is 'full disk: stop' $? 0
else
	skip 'full disk' 'no /dev/full'
fi

# --- syslog ----------------------------------------------------------------

hear() { # socket file
	"$BUILDDIR/tests/e2e/catch" "$1" "$2" &
	catch_pid=$!
	within 5 test -S "$1"
}
deaf() {
	kill "$catch_pid"
	wait "$catch_pid" 2>/dev/null
	catch_pid=
}
for isolation in process none; do
	name="syslog, isolation $isolation"
	rm -f "$dir/heard" "$dir/again"
	hear "$dir/syslog" "$dir/heard"
	start "$dir/err" --log "$dir/syslog" --isolation $isolation
	pid=$daemon_pid
	[ $isolation = none ] || pid=$(daemon_role front)
	within 5 grep -q ' 200 ok ' "$dir/heard"
	ok "$name: a request" grep -q \
	    "^<30>imgfcgi\[$pid\]: info: 200 ok /photo.jpg?w=320" "$dir/heard"
	ok "$name: the master" grep -q \
	    "^<30>imgfcgi\[$daemon_pid\]: info: ready: " "$dir/heard"
	# It is started anew, as by an upgrade.
	deaf
	ask "$name: nobody listens" '/photo.jpg?w=420' 'status 200'
	hear "$dir/syslog" "$dir/again"
	heard_again() {
		asked '/none.jpg?w=150' 'status 404' &&
		    grep -q 'none.jpg' "$dir/again"
	}
	ok "$name: heard again" within 10 heard_again
	ok "$name: it says what is missing" grep -q \
	    '^<28>.* lines are missing here' "$dir/again"
	daemon_stop
	is "$name: stop" $? 0
	within 5 grep -q stopped "$dir/again" || [ $isolation = none ] ||
	    fail "$name" 'the master is not heard again'
	deaf
done
timeout 20 "$IMGFCGI" --root "$SAMPLES" --socket "$daemon_socket" \
    --log "$dir/syslog" 2>"$dir/err" </dev/null
is 'a socket that nobody hears' "$? $(grep -c 'refused' "$dir/err")" '1 1'

# What launchers throw away goes to the system's own.
if [ -e /dev/log ] || [ ! -w /dev ] || [ ! -e /dev/full ]; then
	skip 'stderr is /dev/null' 'the system has a syslog, or we are not root'
else
	start /dev/null
	rm -f "$dir/heard"
	made_log=yes
	hear /dev/log "$dir/heard"
	heard_late() {
		asked '/none.jpg?w=150' 'status 404' &&
		    grep -q 'none.jpg' "$dir/heard"
	}
	ok 'a syslog that comes later' within 10 heard_late
	daemon_stop
	: >"$dir/heard"
	start /dev/null
	within 5 grep -q '/photo.jpg' "$dir/heard"
	ok 'stderr is /dev/null' grep -q ' 200 ok /photo.jpg' "$dir/heard"
	ok 'it says so' grep -q 'standard error is /dev/null' "$dir/heard"
	daemon_stop
	: >"$dir/heard"
	start /dev/null --log syslog
	within 5 grep -q '/photo.jpg' "$dir/heard"
	ok 'log = syslog' grep -q ' 200 ok /photo.jpg' "$dir/heard"
	daemon_stop
	deaf
fi
finish
