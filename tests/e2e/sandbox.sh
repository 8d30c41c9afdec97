#!/bin/sh
# The sandbox: what can be done from inside, what the daemon's processes are
# in, and that every format still comes out as it does without.
# Needs BUILDDIR, IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
need_variables BUILDDIR IMGFCGI IMGFCGI_URL REPLAY SAMPLES
if [ "$(uname -s)" != Linux ] || [ -n "${SANITIZED:-}" ]; then
	skip sandbox 'only on Linux, and not with sanitizers'
	finish
fi

trap daemon_end EXIT
trap 'exit 99' HUP INT TERM
daemon_prepare
root=$daemon_dir/root
mkdir "$root" "$daemon_dir/cell"

# --- what the options say --------------------------------------------------

try() { # args...
	"$IMGFCGI" --root "$root" "$@" >"$daemon_dir/said" 2>&1
}

says() { # name text
	ok "$1" grep -q -e "$2" "$daemon_dir/said"
}

if ! try -t --sandbox required; then
	skip 'all of it' "$(cat "$daemon_dir/said")"
	finish
fi
says '-t' '^sandbox: landlock abi [0-9]*, seccomp$'
state=$(sed -n '/^sandbox: /p' "$daemon_dir/said")
try -t --sandbox off
is '-t of off' $? 0
says '-t of off' '^sandbox: off$'
try -t --sandbox required --isolation none
is 'required without isolation' $? 1
says 'required without isolation' 'sandbox = required, but there is: none'

# --- from inside -----------------------------------------------------------

echo inside >"$daemon_dir/cell/inside"
ln -s /etc/passwd "$daemon_dir/cell/way-out"
if "$BUILDDIR/tests/e2e/inmate" "$daemon_dir/cell"; then
	pass
else
	fail inmate "status $?"
fi

# --- the daemon's processes ------------------------------------------------

status() { # pid field
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# We may be in a filter already: each process of ours has one more.
ours=$(status $$ Seccomp_filters)
filters() { # pid
	echo $(($(status "$1" Seccomp_filters) - ours))
}

limit() { # pid name
	sed -n "s/^$2  *\([^ ]*\) .*/\1/p" "/proc/$1/limits"
}

descriptors() { # pid
	find "/proc/$1/fd" -type l | sed 's/.*\///' | sort -n | tr '\n' ' '
}

all='jpg png webp avif gif jxl tiff'
cp "$SAMPLES/photo.jpg" "$SAMPLES/animation.gif" "$SAMPLES/photo.avif" \
    "$SAMPLES/alpha.webp" "$SAMPLES/graphic.png" "$root/"
daemon_start --root "$root" --sandbox required --converters 1 \
    --converter-memory 512M --widths '40 150' --formats "$all" \
    --inputs "$all svg" || exit 1
is 'log lines about it' "$(grep -c 'sandbox: ' "$daemon_log")" 1
ok 'log' grep -q "info: $state\$" "$daemon_log"
master=$daemon_pid
front=$(daemon_role front)
converter=$(daemon_role converter)
is 'filters of the master' "$(filters "$master")" 0
for pid in $front $converter; do
	is "filters of $pid" "$(filters "$pid")" 1
	is "mode of $pid" "$(status "$pid" Seccomp)" 2
	is "new privileges of $pid" "$(status "$pid" NoNewPrivs)" 1
	is "core of $pid" "$(limit "$pid" 'Max core file size')" 0
done
# One that libvips has started would be outside of Landlock.
is 'threads of a converter' "$(status "$converter" Threads)" 1
# The last one is its own size, in /proc.
is 'descriptors of a converter' "$(descriptors "$converter")" '0 1 2 3 4 '
is 'its own size' "$(readlink "/proc/$converter/fd/4")" \
    "/proc/$converter/statm"
is 'null of a converter' "$(readlink "/proc/$converter/fd/2")" /dev/null
is 'descriptors it may have' \
    "$(limit "$converter" 'Max open files')" 8
grown=$(limit "$converter" 'Max data size')
ok "memory it may have: $grown" \
    test "$grown" -gt 536870912 -a "$grown" -lt 700000000

# --- every format ----------------------------------------------------------

once() { # target
	"$IMGFCGI" --root "$root" --sandbox off --widths '40 150 320 640 1920' \
	    --formats "$all" --inputs "$all svg" --once "$1" 2>/dev/null
}

formats=$("$IMGFCGI" --version | sed -n 's/^writes: //p')
cat >"$root/drawing.svg" <<'END'
<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">
<circle cx="60" cy="50" r="40" fill="#3060a0"/></svg>
END
for format in png jxl tiff; do
	case " $formats " in
	*" $format "*) once "/photo.jpg?w=1920&f=$format" \
	    >"$root/made.$format" ;;
	esac
done
# To 40 pixels libvips itself reduces, to 150 our own scaler does.
for source in "$root"/*; do
	name=${source##*/}
	for query in 'w=40&f=jpg' $(printf 'w=150&f=%s ' $formats); do
		target="/$name?$query"
		# What this libvips cannot read, no sandbox need read.
		once "$target" >"$daemon_dir/want" || continue
		size=$(wc -c <"$daemon_dir/want")
		printf '== %s\nGET %s\n> status 200\n> body %d\n' "$target" \
		    "$target" "$size"
	done
done >"$daemon_dir/formats"
cases=$(grep -c '^==' "$daemon_dir/formats")
ok "$cases conversions" test "$cases" -ge 25
if "$REPLAY" "$daemon_socket" "$daemon_dir/formats" >"$daemon_dir/out"; then
	pass
else
	fail 'every format' "$(head -n 20 "$daemon_dir/out")"
fi
is 'the same converter made them' "$(daemon_role converter)" "$converter"
is 'and holds no more' "$(descriptors "$converter")" '0 1 2 3 4 '

# The same bytes, where the sandbox is entered with roots to read.
for target in /photo.jpg?w=640 '/photo.avif?w=320&f=avif' \
    '/animation.gif?w=150&f=webp'; do
	once "$target" >"$daemon_dir/free"
	"$IMGFCGI" --root "$root" --sandbox required --once "$target" \
	    >"$daemon_dir/confined" 2>/dev/null
	is "--once $target" $? 0
	ok "bytes of --once $target" \
	    cmp "$daemon_dir/free" "$daemon_dir/confined"
done

# Switched off, it is off.
daemon_stop
is 'stop' $? 0
: >"$daemon_log"
daemon_start --root "$root" --sandbox off --converters 1 || exit 1
is 'filters of a converter with off' \
    "$(filters "$(daemon_role converter)")" 0
ok 'log of off' grep -q 'sandbox: off$' "$daemon_log"
finish
