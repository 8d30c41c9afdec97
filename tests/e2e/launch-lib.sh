# shellcheck shell=sh
# Launchers of spawn/ at work: the shipped file with paths of ours, behind
# real nginx.  POSIX sh, for sourcing after lib.sh, nginx.sh, daemon-lib.sh.
#
#   launch_prepare            a folder $work, readable for all, and in it:
#       $launch_program       a copy of the daemon, for any user to start
#       $launch_conf          a configuration, with a socket and a log that
#                             are not the launcher's
#       $launch_user, $launch_group   whom the launcher shall choose
#                             and an nginx for $daemon_socket
#   launch_file FILE          prints spawn/FILE with these instead of the
#                             usual ones
#   launch_served NAME        a new picture comes through nginx
#   launch_logged NAME        and the log has it
#   launch_family PID         PID and its children
#   launch_users NAME PID     the children are $launch_user's
#   launch_gone NAME PID...   they end
#   load_begin SECONDS        requests at a fixed rate, each another: pictures
#                             and, more of them, refusals
#   load_end NAME             ends it; none of them was lost
#   load_wait                 until it has ended
#   load_figures              lost ones, pictures, all

launch_prepare() {
	daemon_prepare
	work=$daemon_dir
	launch_program=$work/imgfcgi
	launch_conf=$work/conf
	launch_user=$(id -un)
	launch_group=$(id -gn)
	if [ "$(id -u)" = 0 ]; then
		launch_user=nobody
		launch_group=$(id -gn nobody)
	fi
	cp "$IMGFCGI" "$launch_program" && mkdir "$work/root" \
	    "$work/root/cold" && cp "$SAMPLES/photo.jpg" "$work/root/" &&
	    chmod 644 "$work/root/photo.jpg" || return 1
	printf '%s = %s\n' root "$work/root" converters 2 queue-timeout 20s \
	    key-file "$daemon_key" socket "$work/elsewhere" \
	    log "$work/nowhere/log" >"$launch_conf"
	launch_picture=0 load_pid=
	# Names enough that nothing is asked for twice: a hit would not reach
	# the daemon.
	awk 'BEGIN { for (i = 0; i < 300; i++) print i }' |
	while read -r i; do
		ln "$work/root/photo.jpg" "$work/root/cold/$i.jpg" || exit 1
	done
	nginx_prepare "$work/root" "$daemon_socket" && nginx_start
}

launch_file() { # name in spawn/
	sed -e "s|/usr/local/bin/imgfcgi|$launch_program|" \
	    -e "s|/etc/imgfcgi\.conf|$launch_conf|" \
	    -e "s|/var/run/imgfcgi\.sock|$daemon_socket|" \
	    -e "s|/var/log/imgfcgi\.log|$daemon_log|" \
	    -e "s/root:www-data/$(id -un):$launch_group/" \
	    -e "s/--user imgfcgi/--user $launch_user/" "$top/spawn/$1"
}

# Widths times qualities: each once.
launch_served() { # name
	launch_picture=$((launch_picture + 1))
	# shellcheck disable=SC2046 # three words are wanted
	set -- "$1" $(awk -v n=$launch_picture 'BEGIN {
		split("150 320 420 630 640 900", w, " ")
		split("75 80 85 90", q, " ")
		print w[n % 6 + 1], q[int(n / 6) % 4 + 1]
	}')
	launch_asked="w=$2&q=$3"
	is "$1: a picture" "$(nginx_get "/photo.jpg?$launch_asked")" "200 MISS"
}

launch_logged() { # name
	ok "$1: the log" daemon_wait "200 ok .*$launch_asked"
}

launch_family() { # pid
	ps -A -o pid= -o ppid= | awk -v master="$1" \
	    '$1 == master || $2 == master { print $1 }'
}

launch_users() { # name pid
	is "$1: whom the children became" \
	    "$(ps -A -o ppid= -o user= | awk -v master="$2" \
	    '$1 == master { print $2 }' | sort -u)" "$launch_user"
}

launch_ended() { # pid...
	for launch_pid; do
		! kill -0 "$launch_pid" 2>/dev/null || return 1
	done
}

launch_gone() { # name pid...
	launch_name=$1
	shift
	ok "$launch_name: no process is left" within 20 launch_ended "$@"
}

load_round=0
load_begin() { # seconds
	load_round=$((load_round + 1))
	awk -v round="$load_round" 'BEGIN { for (i = 0; i < 3000; i++)
		if (i % 8 == 0 && i / 8 < 300)
			printf "/cold/%d.jpg?w=150&q=%d\n", i / 8,
			    70 + round * 5
		else
			printf "/none/%d-%d.jpg?w=150\n", round, i
	}' >"$work/load.paths"
	"$LOAD" -k -p "$nginx_port" -A 100 -c 40 -r 150 -d "$1" -t 30000 \
	    -f "$work/load.paths" >"$work/load.out" 2>&1 &
	load_pid=$!
	sleep 1
}

load_wait() {
	[ -n "$load_pid" ] || return 0
	wait "$load_pid"
	load_pid=
}

load_figures() { # what is neither a picture nor a refusal
	awk '$1 ~ /^status_/ && $1 !~ /_(200|404)$/ { n += $2 }
	    $1 == "errors" { n += $2 } $1 == "status_200" { some = $2 }
	    $1 ~ /^status_/ { all += $2 }
	    END { print n + 0, some + 0, all + 0 }' "$work/load.out"
}

load_end() { # name
	load_wait
	# shellcheck disable=SC2046 # three words are wanted
	set -- "$1" $(load_figures)
	ok "$1: the load had pictures in it ($3)" test "$3" -gt 20
	is "$1: lost of $4 requests" "$2" 0
}
