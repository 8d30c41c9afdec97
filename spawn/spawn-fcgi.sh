#!/bin/sh
# imgfcgi under spawn-fcgi(1), which opens the socket and hands it over.
#
#   spawn-fcgi.sh start      in the background; what is wrong is said here
#   spawn-fcgi.sh run        in the foreground, for runit and daemontools
#   spawn-fcgi.sh reload     reads configuration and keys; loses nothing
#   spawn-fcgi.sh restart    for a new program; loses nothing: the new one
#                            starts beside the old one, its socket is moved
#                            over the old one's, and the old one finishes
#   spawn-fcgi.sh reopen     begins a new log file, after rotation
#   spawn-fcgi.sh stop       when all that is under way has been answered
#   spawn-fcgi.sh status
#
# spawn-fcgi sends standard error to /dev/null, so the log is a file, or the
# word syslog; that of `run` is standard error.  Nobody restarts what dies; for
# that there is `run` under a supervisor, or systemd.
set -u

# EDIT, or set them in the environment.
program=${IMGFCGI_PROGRAM:-/usr/local/bin/imgfcgi}
config=${IMGFCGI_CONFIG:-/etc/imgfcgi.conf}
socket=${IMGFCGI_SOCKET:-/var/run/imgfcgi.sock}
pidfile=${IMGFCGI_PIDFILE:-/var/run/imgfcgi.pid}
log=${IMGFCGI_LOG:-/var/log/imgfcgi.log}
# Whom all processes but the first become, and the group of nginx's workers;
# only root can choose.
user=${IMGFCGI_USER:-imgfcgi}
socket_group=${IMGFCGI_SOCKET_GROUP:-www-data}
# More than queue-timeout + timeout + io-timeout + 5 s.
patience=${IMGFCGI_PATIENCE:-40}

test= # or -t

say() {
	echo "spawn-fcgi.sh: $*" >&2
}

pid_of() { # pidfile: its process, if that is alive
	pid=$(cat "$1" 2>/dev/null) && kill -0 "$pid" 2>/dev/null &&
	    echo "$pid"
}

# spawn-fcgi with these options, and the daemon.  The socket and the log of
# the configuration belong to other launchers.
spawn() { # option...
	[ "$(id -u)" != 0 ] || set -- "$@" -G "$socket_group"
	exec spawn-fcgi "$@" -M 0660 -b 1024 -- "$program" \
	    --config "$config" --socket= --log "$log" --user "$user" \
	    ${test:+"$test"}
}

# What is wrong is said while there is a standard error to say it on.
start_at() { # socket pidfile
	(test=-t && spawn -n -s "$1") >/dev/null &&
	    (spawn -s "$1" -P "$2") >/dev/null && return
	rm -f "$1"
	return 1
}

stop_old() { # pid
	kill -TERM "$1" || return 1
	left=$((patience * 10))
	while kill -0 "$1" 2>/dev/null; do
		left=$((left - 1))
		if [ $left -le 0 ]; then
			say "pid $1 is still there after $patience s"
			return 1
		fi
		sleep 0.1
	done
}

start() {
	if pid_of "$pidfile" >/dev/null; then
		say "runs already, pid $pid"
		return 1
	fi
	start_at "$socket" "$pidfile"
}

stop() {
	old=$(pid_of "$pidfile") || return 0
	# Nobody new comes in; who has come is still served.
	rm -f "$socket"
	stop_old "$old" && rm -f "$pidfile"
}

restart() {
	if ! old=$(pid_of "$pidfile"); then
		start
		return
	fi
	start_at "$socket.new" "$pidfile.new" || return 1
	sleep 1
	if ! pid_of "$pidfile.new" >/dev/null; then
		say "the new one has ended, see $log; the old one goes on"
		rm -f "$socket.new" "$pidfile.new"
		return 1
	fi
	mv -f "$socket.new" "$socket" && mv -f "$pidfile.new" "$pidfile" &&
	    stop_old "$old"
}

tell() { # signal
	if ! pid=$(pid_of "$pidfile"); then
		say 'does not run'
		return 1
	fi
	kill "-$1" "$pid"
}

case ${1:-} in
start | stop | restart) "$1" ;;
run)
	log=stderr
	spawn -n -s "$socket"
	;;
reload) tell HUP ;;
reopen) tell USR1 ;;
status) tell 0 && echo "imgfcgi runs, pid $pid" ;;
*)
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0" | sed -n '/^ /p' >&2
	exit 2
	;;
esac
