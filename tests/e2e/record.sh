#!/bin/sh
# The tee between nginx and the daemon: what it records of real visits holds
# when it is replayed, and says the same bytes.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	REPLAY, RECORD		tests/replay/replay and record
#	SAMPLES			directory of sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/replay/record-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL REPLAY RECORD SAMPLES
trap record_end EXIT
trap 'exit 1' HUP INT TERM

replayed() { # name socket file
	"$REPLAY" "$2" "$3" >"$work/out" 2>&1
	is "$1" $? 0
	grep -v ' 0 failed' "$work/out"
}

record_start || exit 1
record_begin "$work/site.req" text curl || exit 1
curl_steps
is 'a visitor of the site who left' "$(grep -c '^@abort' \
    "$work/site.req")" 1
is 'a validator has a name' "$(grep -c '^HTTP_IF_NONE_MATCH: \${etag' \
    "$work/site.req")" 1
is 'one 304' "$(grep -c '^> status 304$' "$work/site.req")" 1
is 'no byte is kept raw' "$(grep -c '^@raw' "$work/site.req")" 0
mv "$record_dir" "$work/first"
replayed 'visits of the site' "$daemon_socket" "$work/site.req"

record_begin "$work/bare.req" text curl || exit 1
bare_steps
is 'a visitor who left' "$(grep -c '^@abort' "$work/bare.req")" 1
is 'a body' "$(grep -c '^@body a=b&c=d$' "$work/bare.req")" 1
is 'refused methods' "$(grep -c '^> status 405$' "$work/bare.req")" 4
is 'three who have a copy' "$(grep -c '^> status 304$' "$work/bare.req")" 3
replayed 'what a bare nginx passes' "$daemon_socket" "$work/bare.req"
record_begin "$work/bytes.req" bytes curl || exit 1
step 'a picture' visit "$bare_url/photo.jpg?w=320"
step 'a body' visit "$bare_url/photo.jpg?w=320" -d raw
step 'left' visit "$bare_url/photo.jpg?w=1280&f=png" -m 0.1
is 'bytes' "$(grep -c '^@raw bytes-00..req.bin$' "$work/bytes.req")" 3
replayed 'raw bytes' "$daemon_socket" "$work/bytes.req"

# Replayed through the tee they are the bytes that nginx sent.
record_begin "$work/again.req" text replay || exit 1
replayed 'through the tee' "$work/tee" "$work/site.req"
sleep 0.3
same=0
for bytes in "$work"/first/*.req.bin; do
	if cmp "$bytes" "$record_dir/$(basename "$bytes")"; then
		same=$((same + 1))
	fi
done
is 'the same bytes' $same \
    "$(find "$work/first" -name '*.req.bin' | wc -l | tr -d ' ')"
finish
