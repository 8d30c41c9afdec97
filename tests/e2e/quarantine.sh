#!/bin/sh
# Originals that kill or overrun converters: what their requests get, what all
# others get meanwhile, and who is refused afterwards and who is not.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/plug.sh"

need_variables IMGFCGI IMGFCGI_URL REPLAY SAMPLES
need_commands "${CC:-cc}"
[ -z "${SANITIZED:-}" ] || { skip plug 'a sanitizer comes first'; finish; }
trap daemon_end EXIT
trap 'exit 1' HUP INT TERM
daemon_prepare
root=$daemon_dir/root
mkdir "$root" && cp "$SAMPLES/photo.jpg" "$root/good.jpg" || exit 1
for word in crash abort exit overflow stall 2s; do
	plug_file "$root/$word.jpg" $word
done
ln "$root/crash.jpg" "$root/other-name.jpg"

# Passes if every request is answered as it says.
ask() { # name target expectation...
	ask_name=$1 ask_target=$2
	shift 2
	{
		printf '== %s\nGET %s\n' "$ask_target" "$ask_target"
		printf '> %s\n' "$@"
	} >"$daemon_dir/ask"
	if "$REPLAY" -t 20000 "$daemon_socket" "$daemon_dir/ask" \
	    >"$daemon_dir/ask.out" 2>&1; then
		pass
	else
		fail "$ask_name" "$(cat "$daemon_dir/ask.out")"
	fi
}

refused() { # name [count]: that its conviction stands in the log
	within 5 daemon_has "/$1.jpg is refused for " "${2:-1}"
}

plug_start --root "$root" --converters 2 --timeout 1s --errors precise \
    --quarantine 600s || exit 1
front=$(daemon_role front)

# --- five ways to die, each the same for the visitor -------------------------

for word in crash abort exit overflow; do
	ask "$word: first" "/$word.jpg?w=320" 'status 503' \
	    'header X-Imgfcgi-Error crashed'
	ask "$word: second, another size" "/$word.jpg?w=640&f=webp" \
	    'status 503' 'header X-Imgfcgi-Error crashed'
	ok "$word: convicted" refused $word
	ask "$word: third" "/$word.jpg?w=320" 'status 422' 'max-ms 200' \
	    'header X-Imgfcgi-Error quarantined'
	ask "$word: third, another size" "/$word.jpg?w=150" 'status 422' \
	    'max-ms 200' 'header X-Imgfcgi-Error quarantined'
done
ok 'the log names the fault' grep -q \
    '/crash.jpg is refused .* SIGSEGV at 0x10,' "$daemon_log"
ok 'the log names an abort' grep -q '/abort.jpg is refused .* SIGABRT ' \
    "$daemon_log"
ok 'the log names an exit' grep -q '/exit.jpg is refused .* status 3,' \
    "$daemon_log"
ok 'the log names what left no report' grep -q \
    '/overflow.jpg is refused .* SIGSEGV, which left no report' "$daemon_log"
ask 'a name of its own is judged by itself' '/other-name.jpg?w=320' \
    'status 503'
ask 'good ones are served' '/good.jpg?w=320' 'status 200'

# --- one that hangs ----------------------------------------------------------

# Good requests beside it, each in its own time.
{
	i=0
	while [ $i -lt 60 ]; do
		printf '== good %d\nGET /good.jpg?w=%d&q=%d\n> status 200\n' \
		    $i 320 $((75 + i % 4 * 5))
		printf '> max-ms 900\n'
		i=$((i + 1))
	done
} >"$daemon_dir/good"
"$REPLAY" "$daemon_socket" "$daemon_dir/good" >"$daemon_dir/good.out" 2>&1 &
good_pid=$!
ask 'a hang: first' '/stall.jpg?w=320' 'status 503' 'max-ms 1500' \
    'header X-Imgfcgi-Error timeout'
ask 'a hang: second' '/stall.jpg?w=640' 'status 503' 'max-ms 1500'
wait "$good_pid"
is 'a hang: others are served' "$?$(grep -v ' passed, 0 failed, ' \
    "$daemon_dir/good.out")" 0
for w in 320 640 150 1920; do
	ask "a hang: refused at once, w=$w" "/stall.jpg?w=$w" 'status 422' \
	    'max-ms 200'
done
ok 'the log names the hang' grep -q \
    '/stall.jpg is refused .* overran its deadline' "$daemon_log"

# --- a new upload is free at once --------------------------------------------

cp "$SAMPLES/photo.jpg" "$root/new.jpg" && mv "$root/new.jpg" "$root/stall.jpg"
ask 'another file under that name' '/stall.jpg?w=320' 'status 200'
is 'the front lives' "$(daemon_role front)" "$front"
daemon_stop
is 'it stops' $? 0

# --- who is killed from outside is not guilty --------------------------------

# A hang ends with the kill; only this one is at work.
plug_start --root "$root" --converters 1 --timeout 10s --quarantine 600s ||
    exit 1
for sig in SEGV ABRT KILL SEGV; do
	printf '== %s\nGET /2s.jpg?w=320\n> status 503\n' $sig \
	    >"$daemon_dir/shot"
	"$REPLAY" "$daemon_socket" "$daemon_dir/shot" \
	    >"$daemon_dir/shot.out" 2>&1 &
	shot_pid=$!
	sleep 0.5
	kill -$sig "$(daemon_role converter)"
	wait "$shot_pid"
	is "killed by $sig" "$?" 0
done
ok 'the log says who did it' grep -q \
    "503 crashed /2s.jpg.* sent converter [0-9]* SIGSEGV" "$daemon_log"
is 'nobody is convicted' "$(grep -c 'is refused for' "$daemon_log")" 0
ask 'and at last it is served' '/2s.jpg?w=320' 'status 200'
daemon_stop

# --- time served; opaque; switched off ---------------------------------------

plug_start --root "$root" --converters 1 --quarantine 2s || exit 1
ask 'opaque: first' '/abort.jpg?w=320' 'status 503'
ask 'opaque: second' '/abort.jpg?w=320' 'status 503'
ask 'opaque: third' '/abort.jpg?w=320' 'status 404' \
    'header X-Imgfcgi-Error quarantined'
sleep 2.2
ask 'served its time' '/abort.jpg?w=320' 'status 503'
daemon_stop
plug_start --root "$root" --converters 1 --quarantine 0 || exit 1
for i in 1 2 3; do
	ask "switched off: $i" '/abort.jpg?w=320' 'status 503' \
	    'header X-Imgfcgi-Error crashed'
done
finish
