# FreeBSD's rc.d script, under doubles of rc.subr(8) and daemon(8) that do
# what the manuals say of the words that the script uses: the command line of
# each set of variables, and a daemon started, reloaded and stopped.
# Needs IMGFCGI, IMGFCGI_URL, LOAD and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/launch-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL LOAD SAMPLES
end() {
	for pidfile in "$work"/run/*_daemon.pid; do
		[ ! -s "$pidfile" ] || kill "$(cat "$pidfile")" 2>/dev/null
	done
	nginx_stop
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
umask 022

launch_prepare || exit 1
mkdir "$work/run"

script() { # file, text from stdin
	cat >"$1"
	chmod 755 "$1"
}

# rc.subr: variables, what must be there, and the words of the command line.
# It sends its signals as the user of ${name}_user.
script "$work/rc.subr" <<'END'
load_rc_config() {
	. "$RC_CONF"
}
checkyesno() {
	eval "case \$$1 in [Yy][Ee][Ss]) ;; *) false ;; esac"
}
run_rc_command() {
	rc_arg=$1
	case $rc_arg in one*) rc_arg=${rc_arg#one} ;; *)
		checkyesno $rcvar || { echo "Set $rcvar to YES"; return 0; } ;;
	esac
	rc_pid=$(cat "$pidfile" 2>/dev/null) && kill -0 "$rc_pid" 2>/dev/null ||
	    rc_pid=
	[ "$rc_arg" != start ] || [ -z "$rc_pid" ] || return 1
	case " start stop restart status $extra_commands " in
	*" $rc_arg "*) ;;
	*) echo "unknown directive '$rc_arg'" >&2; return 1 ;;
	esac
	if [ "$rc_arg" = start ]; then
		for f in $required_dirs $required_files; do
			[ -r "$f" ] || { echo "$f is not there" >&2; return 1; }
		done
	fi
	eval "_cmd=\${${rc_arg}_cmd-} _precmd=\${${rc_arg}_precmd-}"
	if [ -n "$_precmd" ]; then
		eval "$_precmd" || return 1
	fi
	if [ -n "$_cmd" ]; then
		eval "$_cmd"
		return
	fi
	case $rc_arg in
	status) [ -n "$rc_pid" ] ;;
	stop)
		eval "_user=\${${name}_user-}"
		[ -z "$_user" ] || { echo "kill as $_user" >&2; return 1; }
		[ -n "$rc_pid" ] && kill -TERM "$rc_pid" || return 1
		while kill -0 "$rc_pid" 2>/dev/null; do sleep 0.1; done
		;;
	restart)
		(run_rc_command stop)
		(run_rc_command start)
		;;
	esac
}
END
# daemon: -cf in the background, -R starts it again, -P is its own pid and -p
# the program's; TERM is passed on and ends both.
script "$work/daemon" <<'END'
#!/bin/sh
while getopts cfR:P:p:t: option; do
	case $option in
	R) delay=$OPTARG ;;
	P) own=$OPTARG ;;
	p) other=$OPTARG ;;
	esac
done
shift $((OPTIND - 1))
(
	cd /
	stop=no
	trap 'stop=yes; kill -TERM $child' TERM
	while [ $stop = no ]; do
		"$@" &
		child=$!
		echo $child >"$other"
		while kill -0 $child 2>/dev/null; do wait $child; done
		[ $stop = yes ] || sleep "$delay"
	done
	rm -f "$own" "$other"
) </dev/null >/dev/null 2>&1 &
echo $! >"$own"
END
# The program, as far as its words are concerned.
script "$work/words" <<'END'
#!/bin/sh
echo "$*"
END

# The script with paths of ours.
place() { # program
	sed -e "s|/etc/rc\.subr|$work/rc.subr|" \
	    -e "s|/usr/sbin/daemon|$work/daemon|" \
	    -e "s|^program=.*|program=$1|" \
	    -e "s|/usr/local/etc/imgfcgi\.conf|$launch_conf|" \
	    -e "s|/var/log/|$work/|; s|/var/run/|$work/run/|" \
	    "$top/spawn/rc.d/imgfcgi" >"$work/rc"
}
RC_CONF=$work/rc.conf
export RC_CONF
rc() { # words: the exit status; what it says is in $work/said
	sh "$work/rc" "$@" >"$work/said" 2>&1 </dev/null
	echo $?
}
configure() { # lines...
	printf '%s\n' 'imgfcgi_enable="YES"' "$@" >"$RC_CONF"
}

# --- words -----------------------------------------------------------------

place "$work/words"
socket="--socket $work/run/imgfcgi.sock --socket-group www"
log="--log $work/imgfcgi.log"
says() { # name words, the variables from stdin
	{
		echo 'imgfcgi_enable=YES'
		cat
	} >"$RC_CONF"
	is "$1" "$(rc configtest) $(cat "$work/said")" "0 $2"
}
says 'the defaults' "--config $launch_conf $socket --user www $log -t" <<END
END
says 'all of them' "--config $work/conf --root /pics --socket /tmp/s\
 --socket-group web --user img --group imgs --log syslog --log-level warn\
 --timeout 5s --queue 9 --tcp no -t" <<END
imgfcgi_config="$work/conf"
imgfcgi_root="/pics"
imgfcgi_socket="/tmp/s"
imgfcgi_socket_group="web"
imgfcgi_user="img"
imgfcgi_group="imgs"
imgfcgi_log_file="syslog"
imgfcgi_log_level="warn"
imgfcgi_timeout="5s"
imgfcgi_flags="--queue 9 --tcp no"
END
says 'what is empty is left out' "--config $launch_conf -t" <<END
imgfcgi_socket=""
imgfcgi_socket_group=""
imgfcgi_user=""
imgfcgi_log_file=""
END
says 'profiles' "--config $launch_conf --root /a\
 --socket $work/run/imgfcgi_a.sock --socket-group www --user www\
 --log $work/imgfcgi_a.log --timeout 5s -t
--config /b.conf --root /all --socket /b.sock --socket-group www\
 --user www --log $work/imgfcgi_b.log --queue 3 -t" <<END
imgfcgi_profiles="a b"
imgfcgi_root="/all"
imgfcgi_timeout="5s"
imgfcgi_a_root="/a"
imgfcgi_b_config="/b.conf"
imgfcgi_b_socket="/b.sock"
imgfcgi_b_timeout=""
imgfcgi_b_flags="--queue 3"
END
is 'one profile' "$(rc configtest b) $(cut -c1-16 "$work/said")" \
    '0 --config /b.conf'
is 'no such profile' "$(rc configtest c) $(cat "$work/said")" \
    '1 imgfcgi: no profile c in imgfcgi_profiles'
echo >"$RC_CONF"
is 'off unless switched on' "$(rc start) $(cat "$work/said")" \
    '0 Set imgfcgi_enable to YES'
is 'no such word' "$(configure && rc dance)" 1
configure "imgfcgi_root=\"$work/none\""
is 'no such root' "$(rc start) $(cat "$work/said")" \
    "1 $work/none is not there"
rm "$work/words"

# --- at work ---------------------------------------------------------------

place "$launch_program"
users="imgfcgi_user=\"$launch_user\""
groups="imgfcgi_socket_group=\"$launch_group\""
ln -s "$work/run/imgfcgi.sock" "$daemon_socket"
daemon_log=$work/imgfcgi.log
: >"$daemon_log"
# Once more than before it was told to.
ready() { # name command...
	ready_name=$1
	shift
	ready_before=$(grep -c 'ready: ' "$daemon_log")
	is "$ready_name" "$("$@")" 0
	ok "$ready_name: it is ready" daemon_wait 'ready: ' \
	    $((ready_before + 1))
}
die() { # pid
	kill -KILL "$1"
	echo $?
}
configure "$users" "$groups" 'imgfcgi_timeout="nonsense"'
is 'nothing starts with a bad option' "$(rc start) $(grep -c timeout \
    "$work/said")" '1 1'
ok 'nothing has' test ! -e "$work/run/imgfcgi_daemon.pid"

configure "$users" "$groups"
ready 'start' rc start
launch_served 'rc.d'
launch_logged 'rc.d'
master=$(cat "$work/run/imgfcgi.pid")
launch_users 'rc.d' "$master"
is 'status' "$(rc status)" 0
is 'start twice' "$(rc start)" 1
is 'reload' "$(rc reload)" 0
ok 'it has read its configuration again' daemon_wait ' reloaded$'
is 'the same master' "$(cat "$work/run/imgfcgi.pid")" "$master"
echo 'nonsense = 1' >>"$launch_conf"
is 'reload with a bad configuration' "$(rc reload)" 1
is 'restart with one' "$(rc restart)" 1
launch_served 'it goes on'
sed '$d' "$launch_conf" >"$work/good" && mv "$work/good" "$launch_conf"

family=$(launch_family "$master")
ready 'restart' rc restart
# shellcheck disable=SC2086 # one word a pid
launch_gone 'restart' $family
launch_served 'after the restart'

ready 'daemon(8) starts it again' die "$(cat "$work/run/imgfcgi.pid")"
launch_served 'after its death'

family=$(launch_family "$(cat "$work/run/imgfcgi.pid")")
is 'stop' "$(rc stop)" 0
# shellcheck disable=SC2086 # one word a pid
launch_gone 'stop' $family
is 'nothing is left' "$(ls "$work/run")" ''
is 'status after the stop' "$(rc status)" 1
is 'reload after the stop' "$(rc reload)" 1

configure "$users" "$groups" 'imgfcgi_profiles="a b"'
is 'two profiles' "$(rc start)" 0
for daemon_log in "$work/imgfcgi_a.log" "$work/imgfcgi_b.log"; do
	within 5 test -s "$daemon_log"
	ok 'each has a log' daemon_wait 'ready: '
done
is 'one is stopped' "$(rc stop b) $(ls "$work/run")" \
    '0 imgfcgi_a.pid
imgfcgi_a.sock
imgfcgi_a_daemon.pid'
is 'all are stopped' "$(rc stop) $(ls "$work/run")" '1 '
finish
