# shellcheck shell=sh
# A daemon of our own in a private folder.  POSIX sh, for sourcing; needs
# $IMGFCGI and $IMGFCGI_URL.  Stop it in a trap: nothing else will.
#
#   daemon_prepare            the folder, the names in it and a key; called
#                             by the others, sets
#       $daemon_dir           the folder, readable for all
#       $daemon_socket        where it will listen
#       $daemon_log           its standard error, and so its log
#       $daemon_key           a key file
#   daemon_start ARGS...      with --socket and --key-file; returns once it
#                             is ready; sets $daemon_pid (the master's)
#   daemon_spawn COMMAND...   the same for a whole command
#   daemon_wait TEXT [COUNT]  until TEXT is in COUNT (1) lines of the log
#   daemon_role ROLE          pids of its children: front or converter
#   daemon_stop               TERM, and its exit status
#   daemon_end                daemon_stop, and the folder is gone
#   within SECONDS COMMAND... until COMMAND is true; fails if it stays false

daemon_pid='' daemon_dir=''

within() { # seconds command...
	within_left=$(($1 * 20))
	shift
	until "$@"; do
		within_left=$((within_left - 1))
		[ $within_left -gt 0 ] || return 1
		sleep 0.05
	done
}

daemon_prepare() {
	[ -z "$daemon_dir" ] || return 0
	daemon_dir=$(mktemp -d "${TMPDIR:-/tmp}/imgfcgi-e2e.XXXXXX") || exit 1
	chmod 755 "$daemon_dir"
	daemon_socket=$daemon_dir/s
	daemon_log=$daemon_dir/log
	daemon_key=$daemon_dir/key
	(umask 077 && "$IMGFCGI_URL" keygen >"$daemon_key")
}

daemon_has() { # text count
	[ "$(grep -c -e "$1" "$daemon_log")" -ge "${2:-1}" ]
}

daemon_wait() { # text [count]
	within 20 daemon_has "$@"
}

daemon_alive() {
	kill -0 "$daemon_pid" 2>/dev/null
}

# It says "ready", or it is gone.
daemon_settled() {
	daemon_has 'ready: ' || ! daemon_alive
}

daemon_spawn() { # command...
	daemon_prepare
	: >"$daemon_log"
	"$@" 2>>"$daemon_log" </dev/null >/dev/null &
	daemon_pid=$!
	if within 30 daemon_settled && daemon_has 'ready: '; then
		return 0
	fi
	sed 's/^/daemon: /' "$daemon_log"
	return 1
}

daemon_start() { # args...
	daemon_prepare
	daemon_spawn "$IMGFCGI" --socket "$daemon_socket" \
	    --key-file "$daemon_key" "$@"
}

# Linux and FreeBSD both have ps -o with these.
daemon_role() { # front|converter
	# shellcheck disable=SC2009 # pgrep -f would match by name alone
	ps -A -o pid= -o ppid= -o args= | awk -v master="$daemon_pid" \
	    -v role="$1" '$2 == master && $0 ~ ("--role=" role) { print $1 }'
}

daemon_stop() {
	[ -n "$daemon_pid" ] || return 0
	kill -TERM "$daemon_pid" 2>/dev/null
	wait "$daemon_pid"
	set -- $?
	daemon_pid=
	return "$1"
}

daemon_end() {
	daemon_stop
	set -- $?
	[ -z "$daemon_dir" ] || rm -rf "$daemon_dir"
	daemon_dir=
	return "$1"
}
