#!/bin/sh
# The daemon's life: what it refuses to start with, where it listens, how it
# stops, what survives whose death, and the bounds of queue and time.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/ask-lib.sh"

children=''
end() {
	# Those that were stopped must run to be ended.
	# shellcheck disable=SC2086 # one word a pid
	[ -z "$children" ] || kill -CONT $children 2>/dev/null
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
daemon_prepare
dir=$daemon_dir
umask 022

millis() {
	date +%s%N | cut -c1-13
}

converter() {
	daemon_role converter | head -n 1
}

# --- refusals at the start -------------------------------------------------

root=$SAMPLES
refuses() { # name word args...
	name=$1 word=$2
	shift 2
	rm -f "$dir/refused"
	timeout 20 "$IMGFCGI" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	code=$?
	if [ $code -eq 0 ] || [ $code -ge 124 ]; then
		fail "$name" "exit code $code"
	elif [ "$(wc -l <"$dir/err")" -ne 1 ] ||
	    ! grep -q -e "^imgfcgi: .*$word" "$dir/err"; then
		fail "$name" "want one line with '$word': $(cat "$dir/err")"
	elif [ -S "$dir/refused" ]; then
		fail "$name" "a socket is left"
	else
		pass
	fi
}
start() {
	refuses "$@" --socket "$dir/refused"
}

start 'no root' root
start 'unknown option' nonsense --nonsense 1 --root "$root"
start 'a stray word' stray stray --root "$root"
start 'an option that needs a value' 'timeout' --root "$root" --timeout x
refuses 'no value' 'needs a value' --root
start 'a bad number' converters --root "$root" --converters x
start 'number out of bounds' queue --root "$root" --queue 0
start 'a bad word' isolation --root "$root" --isolation maybe
start 'a bad mode' mode --root "$root" --socket-mode 9999
start 'too few threads' 'threads = 3 is too few' --root "$root" --threads 3
start 'no configuration file' none --root "$root" --config "$dir/none"
printf 'root = %s\nnonsense = 1\n' "$root" >"$dir/conf"
start 'unknown option in the file' 'conf.*2' --config "$dir/conf"
start 'root missing' "$dir/none" --root "$dir/none"
start 'root is a file' "$dir/conf" --root "$dir/conf"
start 'no key file' "$dir/none" --root "$root" --key-file "$dir/none"
(umask 077 && "$IMGFCGI_URL" keygen >"$dir/open-key" && chmod 644 \
    "$dir/open-key" && echo '1:abcdef' >"$dir/short-key" &&
    : >"$dir/no-keys")
start 'key file readable by others' open-key --root "$root" \
    --key-file "$dir/open-key"
start 'a short key' short-key --root "$root" --key-file "$dir/short-key"
start 'an empty key file' no-keys --root "$root" --key-file "$dir/no-keys"
start 'log in no folder' 'log .*none/log' --root "$root" \
    --log "$dir/none/log"
start 'log is a folder' 'log ' --root "$root" --log "$dir"
start 'no such owner' 'no such user' --root "$root" \
    --socket-owner nobody-at-all
start 'no such group' 'no such group' --root "$root" \
    --socket-group nobody-at-all
: >"$dir/file"
refuses 'socket is a file' 'no socket' --root "$root" --socket "$dir/file"
ok 'the file is still there' test -f "$dir/file"
refuses 'socket in no folder' 'No such file' --root "$root" \
    --socket "$dir/none/s"
refuses 'socket without a slash' 'slash' --root "$root" --socket s
refuses 'socket too long' 'longer than' --root "$root" --socket \
    "$dir/$(printf '%0120d' 0)"
refuses 'TCP without tcp = yes' 'tcp = yes' --root "$root" \
    --socket 127.0.0.1:29999
refuses 'TCP beyond loopback' '127.0.0.1:PORT' --root "$root" --tcp yes \
    --socket 0.0.0.0:29999
refuses 'TCP without port' '127.0.0.1:PORT' --root "$root" --tcp yes \
    --socket 127.0.0.1:

# --- looking, not starting -------------------------------------------------

"$IMGFCGI" -t --root "$root" --key-file "$daemon_key" \
    --socket "$dir/refused" >"$dir/out" 2>&1
is '-t' "$? $(tail -n 1 "$dir/out" | cut -d: -f1)" '0 configuration is good'
ok '-t starts nothing' test ! -e "$dir/refused"
refuses '-t with a bad root' "$dir/none" -t --root "$dir/none"
refuses '-t with no such group' 'no such group' -t --root "$root" \
    --socket-group none-of-ours
refuses '-t with no place for the log' 'No such file' -t --root "$root" \
    --log "$dir/none/log"
if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 700 "$dir/closed"
	refuses '-t with a root that is not for the user' \
	    "root: permission denied: $dir/closed" -t --root "$dir/closed" \
	    --user nobody
fi
"$IMGFCGI" --version >"$dir/out" 2>&1
is '--version' "$? $(head -n 1 "$dir/out" | cut -d' ' -f1)" '0 imgfcgi'
ok '--version names libvips' grep -q 'vips' "$dir/out"
ok '--version names the formats' grep -q '^writes:.* jpg' "$dir/out"
if [ -w /dev/full ]; then
	"$IMGFCGI" --version >/dev/full 2>/dev/null
	is '--version into a full disk' $? 1
fi

# --- the socket ------------------------------------------------------------

daemon_start --root "$root" --socket-mode 0640 --backlog 77 --converters 2 \
    --socket-group "$(id -gn)"
# shellcheck disable=SC2012 # these names are ours
is 'mode' "$(ls -l "$daemon_socket" | cut -c1-10)" 'srw-r-----'
# shellcheck disable=SC2012
is 'owner and group' "$(ls -ln "$daemon_socket" | awk '{ print $3, $4 }')" \
    "$(id -u) $(id -g)"
if command -v ss >/dev/null; then
	is 'backlog' "$(ss -xl | grep -F "$daemon_socket " |
	    awk '{ print $4 }')" 77
else
	skip backlog 'no ss'
fi
ask 'it answers' '/photo.jpg?w=320' 'status 200' 'image 320x* jpg'
refuses 'a live socket' 'another program' --root "$root" \
    --socket "$daemon_socket"
ask 'it still answers' '/photo.jpg?w=320' 'status 200'

daemon_stop
is 'TERM' $? 0
ok 'the path is removed' test ! -e "$daemon_socket"

# A socket that nobody listens on is replaced.
daemon_start --root "$root" --converters 1
children="$(daemon_role front) $(daemon_role converter)"
kill -KILL "$daemon_pid"
# shellcheck disable=SC2086 # one word a pid
if within 1 dead $children; then
	pass
else
	fail 'the master dies' "a child lives: $children"
fi
wait "$daemon_pid" 2>/dev/null
children=''
ok 'a stale path' test -S "$daemon_socket"
daemon_start --root "$root" --converters 1
ask 'a stale path is replaced' '/photo.jpg?w=320' 'status 200'

daemon_stop

# TCP on loopback, if asked for.
port=$((32000 + $$ % 700))
daemon_spawn "$IMGFCGI" --root "$root" --converters 1 --tcp yes \
    --socket "127.0.0.1:$port"
ok 'TCP on loopback' daemon_alive
daemon_stop

# --- descriptors -----------------------------------------------------------

daemon_prepare
# shellcheck disable=SC2016 # its own variables
for isolation in process none; do
	daemon_spawn sh -c 'exec "$@" <&- >&- 2>&-' sh "$IMGFCGI" \
	    --root "$root" --socket "$daemon_socket" --log "$daemon_log" \
	    --converters 1 --isolation "$isolation"
	ask "0, 1, 2 closed, isolation $isolation" '/photo.jpg?w=320' \
	    'status 200'
	daemon_stop
	is "0, 1, 2 closed, isolation $isolation: stop" $? 0
done

# What the launcher left open does not reach a decoder, nor does the log.
exec 8<"$daemon_key"
daemon_start --root "$root" --log "$daemon_log" --converters 1
exec 8<&-
held() {
	# shellcheck disable=SC2012 # these names are numbers
	ls "/proc/$(converter)/fd" | tr '\n' ' '
}
kill -USR1 "$daemon_pid"
ask 'before the death' '/photo.jpg?w=320' 'status 200'
old=$(converter)
kill -KILL "$old"
within 5 has_role converter 1 "$old"
ask 'after the death' '/photo.jpg?w=320' 'status 200'
if [ -d "/proc/$(converter)/fd" ]; then
	# The fourth tells its memory, where the system has a file for that.
	is 'descriptors of a converter' "$(held)" '0 1 2 3 4 '
	is 'the last one' "$(readlink "/proc/$(converter)/fd/4" |
	    sed 's/[0-9][0-9]*/N/')" /proc/N/statm
else
	skip 'descriptors of a converter' 'no /proc'
fi

# --- the log ---------------------------------------------------------------

mv "$daemon_log" "$dir/log.1"
kill -USR1 "$daemon_pid"
within 5 test -f "$daemon_log"
ok 'USR1: a new log' test -f "$daemon_log"
within 5 asked '/photo.jpg?w=150' 'status 200'
ask 'after USR1' '/photo.jpg?w=420' 'status 200'
daemon_wait 'w=420'
ok 'USR1: the front writes to it' grep -q 'w=420' "$daemon_log"
is 'USR1: nothing to the old one' "$(grep -c 'w=420' "$dir/log.1")" 0
daemon_stop
is 'USR1: stop' $? 0
ok 'USR1: the master writes to it' grep -q 'stopping' "$daemon_log"
is 'USR1: the master, too' "$(grep -c 'stopping' "$dir/log.1")" 0

# --- TERM finishes what is in flight ---------------------------------------

# A converter that is stopped is one that takes as long as we want.
for signal in TERM INT; do
	daemon_start --root "$root" --converters 1
	children=$(converter)
	kill -STOP "$children"
	ask_aside 1 '/photo.jpg?w=320' 'status 200'
	sleep 0.3
	kill -$signal "$daemon_pid"
	daemon_wait stopping
	sleep 0.2
	ok "$signal: it waits" daemon_alive
	kill -CONT "$children"
	join "$signal: in flight" 1
	children=''
	wait "$daemon_pid"
	is "$signal" $? 0
	daemon_pid=''
	ok "$signal: the path is removed" test ! -e "$daemon_socket"
done

# --- who may die -----------------------------------------------------------

slow='/photo.jpg?w=3000&f=avif'
daemon_start --root "$root" --converters 2 --widths '150 320 3000'
front=$(daemon_role front)
master=$daemon_pid
began=$(millis)
kill -KILL "$front"
within 5 asked '/photo.jpg?w=320' 'status 200'
took=$(($(millis) - began))
ask 'the front dies: the next answers' '/photo.jpg?w=320' 'status 200'
ok "the front dies: served again after $took ms" test $took -lt 2000
is 'the front dies: the master stays' "$daemon_pid" "$master"
ok 'the front dies: another one' has_role front 1 "$front"
ok 'the front dies: new converters' settled 2

for signal in KILL SEGV; do
	for victim in $(daemon_role converter); do
		kill -$signal "$victim"
		ask "$signal of an idle converter" '/photo.jpg?w=320' \
		    'status 200'
	done
	ok "$signal: replaced" settled 2
done
settled 2
daemon_wait 'converter .* died: ' 4 || fail 'the log' 'no word of the deaths'

# One dies over its job: that job alone is lost.
for signal in KILL SEGV; do
	settled 2
	ask "before $signal" '/photo.jpg?w=150' 'status 200'
	: >"$daemon_log"
	ask_aside 1 "$slow" 'status 200|503'
	ask_aside 2 "$slow" 'status 200|503'
	sleep 0.4
	kill -$signal "$(converter)"
	join "$signal of a busy converter" 1
	join "$signal of a busy converter: the other" 2
	daemon_wait '503 crashed'
	is "$signal: one job is lost" \
	    "$(grep -c "503 crashed" "$daemon_log")" 1
	ask "after $signal" '/photo.jpg?w=320' 'status 200'
done
daemon_stop
is 'after the deaths: stop' $? 0

# --- time ------------------------------------------------------------------

# Long enough for the decode: the AVIF encode is what cannot be interrupted.
daemon_start --root "$root" --widths '320 3000' --converters 1 --timeout 400ms
old=$(converter)
ask 'timeout' "$slow" 'status 503' 'present Retry-After' \
    'header X-Imgfcgi-Error timeout' 'max-ms 4000'
ok 'timeout: another converter' within 5 has_role converter 1 "$old"
ask 'after the timeout' '/photo.jpg?w=320' 'status 200'
daemon_stop
is 'timeout: stop' $? 0

# --- the queue -------------------------------------------------------------

daemon_start --root "$root" --converters 1 --queue 1
children=$(converter)
kill -STOP "$children"
ask_aside 1 '/photo.jpg?w=320' 'status 200'
sleep 0.3
ask_aside 2 '/photo.jpg?w=420' 'status 200'
sleep 0.3
ask 'the queue is full' '/photo.jpg?w=640' 'status 503' \
    'header X-Imgfcgi-Error busy' 'present Retry-After' 'max-ms 200'
ask 'what costs nothing does not wait' '/none.jpg?w=320' 'status 404' \
    'max-ms 200'
kill -CONT "$children"
join 'the first' 1
join 'the one in the queue' 2
children=''
ask 'the queue is empty again' '/photo.jpg?w=640' 'status 200'
daemon_stop
is 'queue: stop' $? 0

daemon_start --root "$root" --converters 1 --queue 4 --queue-timeout 300ms
children=$(converter)
kill -STOP "$children"
ask_aside 1 '/photo.jpg?w=320' 'status 200'
sleep 0.3
ask 'queue-timeout' '/photo.jpg?w=420' 'status 503' \
    'header X-Imgfcgi-Error queue-timeout' 'present Retry-After' 'max-ms 900'
kill -CONT "$children"
join 'queue-timeout: the first' 1
children=''
daemon_stop

# --- the same bytes --------------------------------------------------------

# What --once makes is what every daemon makes, each time.
targets='/photo.jpg?w=150 /photo.jpg?w=150&f=webp /photo.jpg?w=150&f=avif
/graphic.png?w=150 /animation.gif?w=150&f=webp'
for target in $targets; do
	"$IMGFCGI" --root "$root" --once "$target" >"$dir/bytes" \
	    2>/dev/null || fail 'the same bytes' "--once $target"
	hex=$(od -An -v -tx1 "$dir/bytes" | tr -d ' \n')
	for round in 1 2; do
		printf '== %s, round %d\nGET %s\n> status 200\n' "$target" \
		    $round "$target"
		printf '> body %d\n> prefix %s\n' \
		    "$(wc -c <"$dir/bytes" | tr -d ' ')" "$hex"
	done
done >"$dir/same"
for converters in 1 8; do
	for isolation in process none; do
		daemon_start --root "$root" --converters $converters \
		    --isolation $isolation
		"$REPLAY" "$daemon_socket" "$dir/same" >"$dir/same.out" 2>&1
		is "the same bytes: $converters, $isolation" \
		    "$? $(cut -c1-200 "$dir/same.out" | tail -n 1)" \
		    '0 replay: 10 passed, 0 failed, 0 skipped'
		daemon_stop
		is "stop: $converters, $isolation" $? 0
	done
done

finish
