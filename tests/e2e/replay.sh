#!/bin/sh
# Every request dump, spoken to the daemon: isolated, then in one process.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
trap daemon_end EXIT
trap 'exit 99' HUP INT TERM

# The token of a URL that is minted.
token() { # path params
	"$IMGFCGI_URL" mint --key-file "$daemon_key" "$1" "$2" |
	    sed 's/.*hash=//'
}

replay() { # isolation dump
	"$REPLAY" $patience -D "CROP=$crop" -D "CROP640=$crop640" \
	    -D "PAST=$past" -D "FUTURE=$future" "$daemon_socket" "$2" \
	    >"$daemon_dir/out" 2>&1
	replay_code=$?
	# Its last line has the form of ours.
	if [ $replay_code -eq 0 ]; then
		pass
	else
		fail "$(basename "$2"), isolation $1" \
		    "$(tail -n 20 "$daemon_dir/out")"
	fi
}

# Nothing here is about how long a conversion takes.  ThreadSanitizer is there
# for the daemon's threads: what is about pixels takes it minutes a picture.
slow='' patience=''
if [ -n "${SANITIZED:-}" ]; then
	slow='--timeout 60s --queue-timeout 60s' patience='-t 60000'
fi
both='process none'
[ "${SANITIZED:-}" != tsan ] || both=process
for isolation in $both; do
	daemon_start --root "$SAMPLES" --errors precise \
	    --heights '240 320 480' --isolation $isolation $slow
	ok "$isolation: it starts" daemon_alive
	crop=$(token /photo.jpg 'crop=1500x750+100+50')
	crop640=$(token /photo.jpg 'crop=1500x750+100+50&w=640')
	past=$(token /photo.jpg 'w=320&exp=1' 2>/dev/null)
	future=$(token /photo.jpg 'w=320&exp=4102444800')
	before=$(daemon_role front)
	for dump in "$top"/tests/replay/dumps/*.req \
	    "$top"/tests/replay/dumps/recorded/*.req; do
		if [ "${SANITIZED:-}" = tsan ]; then
			case $dump in
			*/fit.req | */pictures.req | */sealed.req | \
			    */recorded/*) continue ;;
			esac
		fi
		replay $isolation "$dump"
		ok "$isolation: alive after $(basename "$dump")" daemon_alive
	done
	is "$isolation: the front after all that" "$(daemon_role front)" \
	    "$before"
	daemon_stop
	is "$isolation: stop" $? 0
	if [ -n "${SANITIZED:-}" ]; then
		is "$isolation: sanitizers" \
		    "$(grep -c -e 'Sanitizer' -e 'runtime error' \
		    "$daemon_log")" 0
	fi
done

finish
