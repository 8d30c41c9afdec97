#!/bin/sh
# Hostile peers on the socket: after each stream of dumps/peers, and while as
# many play it as there are threads to spare, a good request is answered
# within 2 s.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	REPLAY			tests/replay/replay
#	SAMPLES			directory of sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_variables IMGFCGI IMGFCGI_URL REPLAY SAMPLES
trap daemon_end EXIT
trap 'exit 1' HUP INT TERM
peers=$top/tests/replay/dumps/peers
converters=2
spare=16

# play NAME ARGUMENT... DUMP: all cases hold, and nobody has died.
play() {
	name=$1
	shift
	for dump; do :; done
	"$REPLAY" "$@" >"$daemon_dir/out" 2>&1
	code=$?
	[ $code -eq 0 ] || sed 's/^/replay: /' "$daemon_dir/out"
	is "$name: $(basename "$dump")" $code 0
	is "$name: the front, after $(basename "$dump")" \
	    "$(daemon_role front)" "$front"
}

start() { # threads args...
	threads=$1
	shift
	daemon_start --root "$SAMPLES" --errors precise --threads "$threads" \
	    --converters $converters \
	    --queue $((threads - converters - spare)) "$@" || exit 1
	front=$(daemon_role front)
}
stop() {
	daemon_stop
	is "$1: it stops" $? 0
	[ -z "${SANITIZED:-}" ] || is "$1: sanitizers" "$(grep -c \
	    -e Sanitizer -e 'runtime error' "$daemon_log")" 0
}

# As many threads as the defaults give for two cores.
start 434
crowd=$((threads - converters - spare))
play 'one' "$daemon_socket" "$peers/hostile.req"
play "$crowd at once" -c $crowd "$daemon_socket" "$peers/hostile.req"
# The time of a peer that stops is not up while we look.
play "$crowd at once" -c $crowd "$daemon_socket" "$peers/silence.req"
stop 434

# Fewer: each of them has a picture made.
start 40
crowd=$((threads - converters - spare))
play "$crowd at once" -c $crowd "$daemon_socket" "$peers/deaf.req"
stop 40

# Where time is up soon.  Then even as many peers as there are threads only
# cost a good request that time: nobody has more of it than io-timeout.
start 20 --io-timeout 250ms --widths 'tcl 3000'
play 'soon' "$daemon_socket" "$peers/silence.req"
play 'soon' "$daemon_socket" "$peers/sips.req"
play 'as many as threads' -c "$threads" "$daemon_socket" \
    "$peers/silence.req"
stop 20
finish
