# spawn-fcgi and supervisor, each with its shipped file: a picture is served,
# the log appears, what is under way survives, the end is clean.
# Needs IMGFCGI, IMGFCGI_URL, LOAD, BUILDDIR and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/launch-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL LOAD BUILDDIR SAMPLES
supervisor='' load_pid='' catch_pid=''
IMGFCGI_PIDFILE=''
end() {
	[ -z "$catch_pid" ] || kill "$catch_pid" 2>/dev/null
	[ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null
	[ -z "$supervisor" ] || kill "$supervisor" 2>/dev/null
	[ ! -s "$IMGFCGI_PIDFILE" ] || kill "$(cat "$IMGFCGI_PIDFILE")"
	[ -z "$supervisor" ] || wait "$supervisor"
	nginx_stop
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
umask 022

launch_prepare || exit 1

# --- spawn-fcgi ------------------------------------------------------------

IMGFCGI_PROGRAM=$launch_program
IMGFCGI_CONFIG=$launch_conf
IMGFCGI_SOCKET=$daemon_socket
IMGFCGI_PIDFILE=$work/pid
IMGFCGI_LOG=$daemon_log
IMGFCGI_USER=$launch_user
IMGFCGI_SOCKET_GROUP=$launch_group
export IMGFCGI_PROGRAM IMGFCGI_CONFIG IMGFCGI_SOCKET IMGFCGI_PIDFILE \
    IMGFCGI_LOG IMGFCGI_USER IMGFCGI_SOCKET_GROUP
launcher=$top/spawn/spawn-fcgi.sh
spawner() { # word: its exit status, and what it says in $work/said
	"$launcher" "$1" >"$work/said" 2>&1 </dev/null
	echo $?
}
master() {
	cat "$IMGFCGI_PIDFILE"
}

if command -v spawn-fcgi >/dev/null; then
	spawner '' >/dev/null
	ok 'without a word it says which there are' grep -q restart \
	    "$work/said"
	is 'status before the start' "$(spawner status)" 1
	echo 'nonsense = 1' >"$work/bad"
	is 'a bad configuration' "$(IMGFCGI_CONFIG=$work/bad
	    spawner start) $(grep -c "^imgfcgi: .*bad" "$work/said")" '1 1'
	ok 'nothing is left of it' test ! -e "$daemon_socket"

	is 'start' "$(spawner start) $(cat "$work/said")" '0 '
	family=$(launch_family "$(master)")
	launch_served 'spawn-fcgi'
	launch_logged 'spawn-fcgi'
	# shellcheck disable=SC2012 # these names are ours
	is 'mode and group of the socket' \
	    "$(ls -l "$daemon_socket" | awk '{ print $1, $3, $4 }')" \
	    "srw-rw---- $(id -un) $IMGFCGI_SOCKET_GROUP"
	launch_users 'spawn-fcgi' "$(master)"
	is 'status' "$(spawner status) $(cat "$work/said")" \
	    "0 imgfcgi runs, pid $(master)"
	is 'start twice' "$(spawner start)" 1

	mv "$daemon_log" "$work/log.1"
	is 'reopen' "$(spawner reopen)" 0
	launch_served 'reopen'
	launch_logged 'reopen'

	load_begin 4
	for round in 1 2; do
		is 'reload' "$(spawner reload)" 0
		sleep 1
	done
	load_end 'reload'
	is 'reload: each was done' "$(grep -c ' reloaded$' "$daemon_log")" 2

	load_begin 4
	is 'restart' "$(spawner restart) $(cat "$work/said")" '0 '
	load_end 'restart'
	ok 'another process' [ "$(master)" != "${family%%
*}" ]
	# shellcheck disable=SC2086 # one word a pid
	launch_gone 'restart' $family
	is 'one socket' "$(cd "$work" && echo s s.*)" 's s.*'
	launch_served 'after the restart'

	family=$(launch_family "$(master)")
	echo 'nonsense = 1' >>"$launch_conf"
	is 'restart with a bad configuration' "$(spawner restart)" 1
	sed '$d' "$launch_conf" >"$work/good" && mv "$work/good" \
	    "$launch_conf"
	launch_served 'the old one goes on'
	is 'stop' "$(spawner stop) $(cat "$work/said")" '0 '
	# shellcheck disable=SC2086 # one word a pid
	launch_gone 'stop' $family
	ok 'stop: no socket is left' test ! -e "$daemon_socket"
	ok 'stop: no pid is left' test ! -e "$IMGFCGI_PIDFILE"
	is 'stop twice' "$(spawner stop)" 0

	# A syslog of our own.
	"$BUILDDIR/tests/e2e/catch" "$work/syslog" "$work/caught" &
	catch_pid=$!
	within 5 test -S "$work/syslog"
	is 'syslog: start' "$(IMGFCGI_LOG=$work/syslog spawner start)" 0
	launch_served 'syslog'
	ok 'syslog: it has the line' within 5 \
	    grep -q "200 ok .*$launch_asked" "$work/caught"
	is 'syslog: stop' "$(spawner stop)" 0
	kill "$catch_pid"
	catch_pid=''

	: >"$daemon_log"
	"$launcher" run 2>>"$daemon_log" </dev/null &
	supervisor=$!
	ok 'run: it is ready' daemon_wait 'ready: '
	launch_served 'run'
	launch_logged 'run'
	kill "$supervisor"
	wait "$supervisor"
	is 'run: TERM' $? 0
	supervisor=''
	rm -f "$daemon_socket"
else
	skip 'spawn-fcgi' 'not installed'
fi

# --- supervisor ------------------------------------------------------------

control() { # supervisorctl's words
	supervisorctl -c "$work/supervisord.conf" "$@" >"$work/said" 2>&1
}

supervised() { # the master's pid
	control pid imgfcgi
	cat "$work/said"
}

if command -v supervisord >/dev/null; then
	: >"$daemon_log"
	launch_file supervisor.conf >"$work/program.conf"
	factory=supervisor.rpcinterface:make_main_rpcinterface
	cat >"$work/supervisord.conf" <<-END
	[unix_http_server]
	file=$work/control
	[supervisord]
	nodaemon=true
	user=$(id -un)
	logfile=$work/supervisord.log
	pidfile=$work/supervisord.pid
	[rpcinterface:supervisor]
	supervisor.rpcinterface_factory=$factory
	[supervisorctl]
	serverurl=unix://$work/control
	[include]
	files=$work/program.conf
	END
	supervisord -c "$work/supervisord.conf" >/dev/null 2>&1 &
	supervisor=$!
	ok 'supervisor: it is ready' daemon_wait 'ready: '
	launch_served 'supervisor'
	launch_logged 'supervisor'
	ok 'supervisor: status' within 5 control status imgfcgi
	first=$(supervised)
	family=$(launch_family "$first")
	launch_users 'supervisor' "$first"
	# shellcheck disable=SC2012 # these names are ours
	is 'supervisor: mode of the socket' \
	    "$(ls -l "$daemon_socket" | cut -c1-10)" srw-rw----

	load_begin 4
	for round in 1 2; do
		ok 'supervisor: HUP' control signal HUP imgfcgi
		sleep 1
	done
	load_end 'supervisor: HUP'
	is 'supervisor: HUP: each was done' \
	    "$(grep -c ' reloaded$' "$daemon_log") $(supervised)" "2 $first"

	family=$(launch_family "$first")
	# What came while nobody listened is told so; all else is answered.
	load_begin 4
	ok 'supervisor: restart' control restart imgfcgi
	load_wait
	is 'supervisor: restart: nothing but 503' "$(load_figures |
	    cut -d' ' -f1)" "$(awk '$1 == "status_503" { n = $2 }
	    END { print n + 0 }' "$work/load.out")"
	launch_served 'supervisor: after the restart'
	# shellcheck disable=SC2086 # one word a pid
	launch_gone 'supervisor: restart' $family

	first=$(supervised)
	kill -KILL "$first"
	back() {
		control status imgfcgi && [ "$(supervised)" != "$first" ]
	}
	ok 'supervisor: the master is killed and comes back' within 10 back
	launch_served 'supervisor: after the death'

	family=$(launch_family "$(supervised)")
	ok 'supervisor: stop' control stop imgfcgi
	# shellcheck disable=SC2086 # one word a pid
	launch_gone 'supervisor: stop' $family
	is 'supervisor: nobody listens' "$(nginx_get '/none.jpg?w=150')" '503 '
	kill "$supervisor"
	wait "$supervisor"
	supervisor=''
else
	skip 'supervisor' 'not installed'
fi
finish
