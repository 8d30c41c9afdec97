# What `run` and tests/e2e/bench.sh share; POSIX sh, to be sourced.  The CPU
# that the daemon spends on a conversion, from its socket to the bytes, master
# and front included, against what libvips alone spends on it.
#
#	IMGFCGI BARE DRIVE	the programs
#
#   yardstick_start DIR           a daemon whose root is DIR/root; 1: cannot
#   yardstick_round FILE WIDTH N  "bare-ms daemon-ms" an image
#   yardstick_row FILE WIDTH N ROUNDS
#                                 "bare-ms daemon-ms lowest median highest"
#   yardstick_stop

yardstick_pid=
yardstick_start() {
	yardstick_dir=$1
	# Started by root, the front has to reach DIR/root as somebody else.
	chmod 755 "$1" "$1/root" && chmod a+r "$1"/root/*
	"$IMGFCGI" --root "$1/root" --socket "$1/sock" \
	    --widths '150 320 640 1280 1920' 2>"$1/log" &
	yardstick_pid=$!
	yardstick_tries=0
	until grep -q ': ready: ' "$1/log"; do
		yardstick_tries=$((yardstick_tries + 1))
		if [ $yardstick_tries -gt 100 ] ||
		    ! kill -0 $yardstick_pid 2>/dev/null; then
			cat "$1/log" >&2
			return 1
		fi
		sleep 0.1
	done
	# One that listens may still be starting converters.
	sleep 0.5
}

yardstick_stop() {
	[ -n "$yardstick_pid" ] || return 0
	kill "$yardstick_pid" 2>/dev/null
	wait "$yardstick_pid"
	yardstick_pid=
}

# The daemon's processes: the master and all that descend from it.
yardstick_family() {
	ps -A -o pid= -o ppid= | awk -v root="$yardstick_pid" '
	{ parent[$1] = $2 }
	END {
		for (pid in parent)
			for (at = pid; at in parent; at = parent[at])
				if (at == root) {
					print pid
					break
				}
	}'
}

yardstick_cpu() {
	awk '$1 == "cpu_ms" { print $2 }'
}

# Sizes and quality are the table's; one side at once after the other, so that
# whatever else the machine does meets both.
yardstick_round() {
	yardstick_bare=$("$BARE" "$yardstick_dir/root/$1" "$2" 80 "$3" |
	    yardstick_cpu)
	# shellcheck disable=SC2046 # one word a process
	yardstick_ours=$("$DRIVE" "$yardstick_dir/sock" "/$1?w=$2&q=80" "$2" \
	    "$3" $(yardstick_family) | yardstick_cpu)
	[ -n "$yardstick_bare" ] && [ -n "$yardstick_ours" ] || return 1
	echo "$yardstick_bare $yardstick_ours"
}

# The median of the rounds' ratios, not the ratio of sums: a round that was
# disturbed counts as one of many.
yardstick_row() {
	yardstick_at=0
	while [ $yardstick_at -lt "$4" ]; do
		yardstick_round "$1" "$2" "$3" || return 1
		yardstick_at=$((yardstick_at + 1))
	done >"$yardstick_dir/rounds" || return 1
	awk '{ print $2 / $1, $1, $2 }' "$yardstick_dir/rounds" | sort -n |
	    awk '
	{ ratio[NR] = $1; bare[NR] = $2; ours[NR] = $3 }
	END {
		m = int((NR + 1) / 2)
		printf "%.2f %.2f %.3f %.3f %.3f\n", bare[m], ours[m],
		    ratio[1], ratio[m], ratio[NR]
	}'
}
