#!/bin/sh
# SIGHUP under way and under load, what a stop owes to those who have
# connected, whom the processes become, and what a service manager is told.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY, LOAD, BUILDDIR and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/ask-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL REPLAY LOAD BUILDDIR SAMPLES
catch_pid='' load_pid='' work=''
end() {
	[ -z "$catch_pid" ] || kill "$catch_pid" 2>/dev/null
	[ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null
	[ -z "$work" ] || nginx_stop
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
daemon_prepare
work=$daemon_dir

# --- what a reload changes, and what it does not ---------------------------

config=$work/conf
root=$SAMPLES
configure() { # lines...
	printf 'root = %s\nsocket = %s\nkey-file = %s\nconverters = 2\n' \
	    "$root" "$daemon_socket" "$daemon_key" >"$config"
	printf '%s\n' "$@" >>"$config"
}
gone() { # pid
	! kill -0 "$1" 2>/dev/null
}

configure 'widths = 320'
"$BUILDDIR/tests/e2e/catch" "$work/notify" "$work/told" &
catch_pid=$!
within 5 test -S "$work/notify"
NOTIFY_SOCKET=$work/notify daemon_spawn "$IMGFCGI" --config "$config"
front=$(daemon_role front)
ask 'before' '/photo.jpg?w=320' 'status 200'
ask 'not yet allowed' '/photo.jpg?w=333' 'status 404'
(umask 077 && "$IMGFCGI_URL" keygen >"$work/key2") || exit 1
configure 'widths = 333' 'backlog = 77' "log = $work/log2" \
    '[site other]' "root = $SAMPLES" "key-file = $work/key2"
master=$daemon_pid
kill -HUP "$daemon_pid"
within 10 grep -q reloaded "$work/log2"
ok 'the old front is gone' within 5 gone "$front"
ask 'allowed now' '/photo.jpg?w=333' 'status 200'
ask 'no longer allowed' '/photo.jpg?w=320' 'status 404'
is 'the master stays' "$daemon_pid" "$master"
ok 'a fixed option is told' grep -q \
    'backlog stays as it was: restart' "$daemon_log"
within 5 grep -q 'w=320' "$work/log2"
ok 'the new log has the requests' grep -q 'w=320' "$work/log2"
target=$("$IMGFCGI_URL" mint --key-file "$work/key2" --site other /photo.jpg \
    w=345)
printf '== a\nGET %s\nIMGFCGI_SITE: other\n> status 200\n' "$target" \
    >"$work/site"
"$REPLAY" "$daemon_socket" "$work/site" >"$work/site.out" 2>&1
is 'a new site and its key' "$?" 0

# Bad settings change nothing.
refuses() { # name word lines...
	name=$1 word=$2
	shift 2
	front=$(daemon_role front)
	: >"$work/log2"
	configure 'widths = 333' "log = $work/log2" "$@"
	kill -HUP "$daemon_pid"
	within 10 grep -q 'reload refused' "$work/log2"
	ok "$name: told" grep -q "old configuration serves on: .*$word" \
	    "$work/log2"
	is "$name: one line" "$(grep -c . "$work/log2")" 1
	is "$name: the same front" "$(daemon_role front)" "$front"
	ask "$name: served" '/photo.jpg?w=333' 'status 200'
}
refuses 'an unknown option' nonsense 'nonsense = 1'
refuses 'no root' "$work/none" '[site x]' "root = $work/none"
refuses 'no key' "$work/none" '[site x]' "key-file = $work/none"
refuses 'too few threads' 'too few' 'threads = 3'
refuses 'no user' 'no such user' 'user = nobody-at-all'
mv "$config" "$config.away"
: >"$work/log2"
kill -HUP "$daemon_pid"
within 10 grep -q 'reload refused' "$work/log2"
ok 'no file' grep -q 'cannot be read' "$work/log2"
daemon_stop
is 'stop' $? 0
is 'a manager is told' "$(tr -s ' ' '\n' <"$work/told" | grep -v MONO |
    head -n 3 | tr '\n' ' ')" 'READY=1 RELOADING=1 READY=1 '
is 'and of the end' "$(tail -n 1 "$work/told" | cut -d' ' -f1)" STOPPING=1
kill "$catch_pid"
catch_pid=

# --- under load ------------------------------------------------------------

# Every picture is made anew: no two requests are alike to nginx.
root=$work/root
mkdir "$root" && cp "$SAMPLES/photo.jpg" "$root/" || exit 1
i=0
while [ $i -lt 100 ]; do
	i=$((i + 1))
	ln "$root/photo.jpg" "$root/$i.jpg" || exit 1
done
awk 'BEGIN { for (k = 0; k < 40; k++) for (i = 1; i <= 100; i++)
	printf "/%d.jpg?w=%d&q=%d\n", i, 101 + k, i % 2 ? 75 : 80 }' \
    >"$work/paths"
configure "widths = $(seq -s ' ' 101 140)"
daemon_spawn "$IMGFCGI" --config "$config" &&
    nginx_prepare "$root" "$daemon_socket" && nginx_start || exit 1
# As long as it takes; another piece of the list each time.
: >"$work/loading"
keep_busy() {
	from=1
	while [ -f "$work/loading" ]; do
		tail -n +$from "$work/paths" >"$work/some"
		from=$((from + 400))
		"$LOAD" -p "$nginx_port" -A 60 -c 16 -d 2 -t 20000 \
		    -f "$work/some"
	done
}
keep_busy >"$work/load" 2>&1 &
load_pid=$!
reloads=0
while [ $reloads -lt 20 ]; do
	reloads=$((reloads + 1))
	kill -HUP "$daemon_pid"
	within 20 daemon_has 'info: reloaded$' $reloads || break
done
is 'reloads' $reloads 20
ok 'under load' kill -0 $load_pid
rm -f "$work/loading"
wait $load_pid
load_pid=
sum() { # name
	awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }' \
	    "$work/load"
}
is 'every answer' "$(awk '/^status_/ { print $1 }' "$work/load" | sort -u |
    tr '\n' ' ')errors $(sum errors)" 'status_200 errors 0'
ok "there were many: $(sum requests)" test "$(sum requests)" -gt 100
within 20 has_role front 1
ok 'one generation is left' settled 2

# --- who has connected is served -------------------------------------------

# A front that does not run accepts nobody: all of these wait at the door.
nginx_stop
front=$(daemon_role front)
kill -STOP "$front"
n=0
while [ $n -lt 40 ]; do
	n=$((n + 1))
	ask_aside $n "/$n.jpg?w=140&f=webp" 'status 200'
done
sleep 0.5
kill -TERM "$daemon_pid"
daemon_wait ' stopping$'
ok 'the door is shut' within 5 test ! -e "$daemon_socket"
kill -CONT "$front"
while [ $n -gt 0 ]; do
	join "connected before the end: $n" $n
	n=$((n - 1))
done
wait "$daemon_pid"
is 'its end' $? 0
daemon_pid=

# A converter that dies while they are served is replaced all the same.
daemon_start --root "$root" --converters 1 --widths 140
converter=$(daemon_role converter)
kill -STOP "$converter"
ask_aside 1 '/1.jpg?w=140' 'status 200|503'
sleep 0.3
ask_aside 2 '/2.jpg?w=140' 'status 200'
sleep 0.3
kill -TERM "$daemon_pid"
daemon_wait ' stopping$'
kill -KILL "$converter"
join 'in it' 1
join 'behind it' 2
wait "$daemon_pid"
is 'the end of that' $? 0
daemon_pid=

# --- whom they become ------------------------------------------------------

if [ "$(id -u)" -ne 0 ]; then
	skip 'user' 'not root'
else
	chmod 755 "$root"
	daemon_start --root "$root" --user nobody --widths 140
	for role in front converter; do
		is "$role: whose" "$(ps -o user= -p \
		    "$(daemon_role $role | head -n 1)" | tr -d ' ')" nobody
	done
	ask 'as nobody' '/1.jpg?w=140' 'status 200'
	chmod 700 "$root"
	ask 'a root that nobody may search' '/2.jpg?w=140' 'status 403|404'
	chmod 755 "$root"
	daemon_stop
	is 'its end as nobody' $? 0
fi
finish
