# shellcheck shell=sh
# Asking the daemon without nginx.  POSIX sh, for sourcing after
# daemon-lib.sh; needs $REPLAY, and a daemon that daemon_start has started.
#
#   asked TARGET EXPECTATION...   true if the answer is as a dump expects it
#   ask NAME TARGET EXPECT...     the same, counted
#   ask_aside N TARGET EXPECT...  beside us; joined later by its number
#   join NAME N                   wait for it, counted
#   dead PID...                   true if none of them lives
#   has_role ROLE COUNT [NOT]     so many children of a role, none of them NOT
#   settled COUNT                 waits for so many converters

# A dump of one request and what it shall be answered with.
dump() { # file target expectation...
	dump_file=$1
	printf '== %s\nGET %s\n' "$2" "$2" >"$dump_file"
	shift 2
	printf '> %s\n' "$@" >>"$dump_file"
}

asked() { # target expectation...
	dump "$daemon_dir/ask" "$@"
	"$REPLAY" "$daemon_socket" "$daemon_dir/ask" >"$daemon_dir/ask.out" 2>&1
}

ask() { # name target expectation...
	ask_name=$1
	shift
	if asked "$@"; then
		pass
	else
		fail "$ask_name" "$(cat "$daemon_dir/ask.out")"
	fi
}

# The same beside us; joined later by its number.
ask_aside() { # number target expectation...
	aside=$1
	shift
	dump "$daemon_dir/ask$aside" "$@"
	"$REPLAY" -t 30000 "$daemon_socket" "$daemon_dir/ask$aside" \
	    >"$daemon_dir/ask$aside.out" 2>&1 &
	eval "aside$aside=\$!"
}

join() { # name number
	eval "wait \$aside$2"
	is "$1" "$?: $(cat "$daemon_dir/ask$2.out")" \
	    "0: replay: 1 passed, 0 failed, 0 skipped"
}

# A zombie that nobody has fetched yet is dead.
alive() { # pid
	case $(ps -o stat= -p "$1") in
	'' | Z*) return 1 ;;
	esac
}

dead() { # pid...
	for dead_pid; do
		! alive "$dead_pid" || return 1
	done
}

# COUNT children of a role, none of them NOT.
has_role() { # role count not
	has=0
	for pid in $(daemon_role "$1"); do
		[ "$pid" != "${3:-}" ] || return 1
		has=$((has + 1))
	done
	[ $has -eq "$2" ]
}

# All converters are there and have said so.
settled() { # count
	within 10 has_role converter "$1"
}
