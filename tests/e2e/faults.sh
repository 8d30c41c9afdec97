#!/bin/sh
# What the machine can do to a daemon: no more descriptors, memory or
# processes, a root that it may not enter any more, a clock that jumps back,
# converters that answer nonsense.  Each has its answer, and a second after it
# is over all is well.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/ask-lib.sh"
. "$top/tests/e2e/plug.sh"

need_commands prlimit
need_variables IMGFCGI IMGFCGI_URL REPLAY SAMPLES
trap daemon_end EXIT
trap 'exit 99' HUP INT TERM
daemon_prepare
root=$daemon_dir/root
mkdir "$root" && cp "$SAMPLES/photo.jpg" "$SAMPLES/graphic.png" "$root/" ||
    exit 1
chmod 755 "$root"
good='/photo.jpg?w=150'
as= # whom the daemon runs as, if not us
# Soft limits alone: not every root may raise a hard one again.
limit() { # pid resource value
	$as prlimit --pid "$1" "--$2=$3:"
}
soft() { # pid resource
	$as prlimit --pid "$1" "--$2" --output SOFT --noheadings | tr -d ' '
}
role() {
	daemon_role "$1" | head -n 1
}
# Served again within a second.
recovered() { # name
	began=$(date +%s%N)
	within 5 asked "$good" 'status 200'
	ms=$((($(date +%s%N) - began) / 1000000))
	ok "$1: well again after $ms ms" test $ms -le 1000
}

# --- no more descriptors ---------------------------------------------------

daemon_start --root "$root" --converters 1 --queue 1 --threads 18
ask 'before' "$good" 'status 200'
front=$(role front)
files=$(soft "$front" nofile)
limit "$front" nofile 1
ask 'EMFILE at open' '/photo.jpg?w=320' 'status 503' \
    'header X-Imgfcgi-Error no-memory' 'max-ms 500'
limit "$front" nofile "$files"
recovered 'EMFILE at open'
# Each thread holds the descriptor that its accept will give: use them up.
limit "$front" nofile 1
i=0
while [ $i -lt 18 ] && asked '/photo.jpg?w=320' 'status 503' 'max-ms 500'; do
	i=$((i + 1))
done
is 'all threads have answered' $i 18
ask_aside 1 '/photo.jpg?w=420' 'status 200'
within 5 daemon_has 'accept: Too many open files' ||
    fail 'EMFILE at accept' 'not told'
sleep 1
lines=$(grep -c 'accept: Too many' "$daemon_log")
ok "EMFILE at accept: told $lines times" test "$lines" -le 3
limit "$front" nofile "$files"
join 'who waited at the door' 1
recovered 'EMFILE at accept'

# --- no more memory --------------------------------------------------------

ask 'before' '/graphic.png?w=1920' 'status 200'
size() { # pid
	sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
if [ -z "${SANITIZED:-}" ]; then
	most=$(soft "$front" as)
	limit "$front" as $(($(size "$front") * 1024))
	ask 'ENOMEM in the front' '/graphic.png?w=1600' 'status 200|503'
	ask 'ENOMEM in the front: cheap' '/none.jpg?w=150' 'status 404'
	limit "$front" as "$most"
	recovered 'ENOMEM in the front'
	converter=$(role converter)
	most=$(soft "$converter" as)
	limit "$converter" as $((8 << 20))
	ask 'ENOMEM in a converter' '/graphic.png?w=1920&f=avif' 'status 503'
	limit "$converter" as "$most" 2>/dev/null
	recovered 'ENOMEM in a converter'
else
	skip 'no more memory' 'sanitizers have limits of their own'
fi
daemon_stop
is 'its end' $? 0

# --- no more processes, no more rights -------------------------------------

# Root has no such limit: the daemon is somebody else's then.
if [ "$(id -u)" -eq 0 ]; then
	as='setpriv --reuid=65534 --regid=65534 --clear-groups'
	chmod 777 "$daemon_dir"
fi
# shellcheck disable=SC2086 # words
if $as "$IMGFCGI" --version >/dev/null 2>&1 &&
    $as test -r "$root/photo.jpg"; then
	daemon_spawn $as "$IMGFCGI" --socket "$daemon_socket" --root "$root" \
	    --converters 1
	ask 'before' "$good" 'status 200'
	most=$(soft "$daemon_pid" nproc)
	limit "$daemon_pid" nproc 1
	kill -KILL "$(daemon_role converter)"
	within 5 daemon_has 'fork: ' || fail 'fork fails' 'not told'
	ask 'fork fails: cheap answers' '/none.jpg?w=150' 'status 404' \
	    'max-ms 200'
	limit "$daemon_pid" nproc "$most"
	recovered 'fork fails'
	chmod 000 "$root"
	ask 'the root is closed' "$good" 'status 404' \
	    'header X-Imgfcgi-Error forbidden' 'max-ms 200'
	chmod 755 "$root"
	recovered 'the root is closed'
	daemon_stop
	is 'its end' $? 0
else
	skip 'fork fails' "nobody may not run $IMGFCGI"
fi
as=

# --- a clock that jumps, converters that lie -------------------------------

for word in garbage promise lie; do
	plug_file "$root/$word.jpg" $word
done
: >"$daemon_dir/clock"
IMGFCGI_PLUG_CLOCK=$daemon_dir/clock plug_start --root "$root" \
    --converters 1 --queue-timeout 3s
ask 'before' "$good" 'status 200'
for word in garbage promise lie; do
	ask "$word" "/$word.jpg?w=150" 'status 503' \
	    'header X-Imgfcgi-Error crashed' 'max-ms 2000'
	recovered "$word"
done
truncate -s 86400 "$daemon_dir/clock"
cp "$SAMPLES/photo.jpg" "$root/new.jpg"
ask 'a day back: an old file' '/photo.jpg?w=420' 'status 200' 'max-ms 2000'
ask 'a day back: a new file' '/new.jpg?w=420' 'status 200' 'max-ms 2000'
ask 'a day back: none' '/none.jpg?w=420' 'status 404' 'max-ms 500'
sleep 0.5
truncate -s 0 "$daemon_dir/clock"
recovered 'and forth'
daemon_stop
is 'its end' $? 0
finish
