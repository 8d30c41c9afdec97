# The engine that fetches originals, against a host that behaves as badly as
# it can: each fault has its status, in its time, and nothing is left over.
# Needs BUILDDIR and SAMPLES.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/origin-lib.sh"
need_variables BUILDDIR SAMPLES
need_commands nginx openssl
origin_need

trap origin_end EXIT
origin_start
photo=$origin_dir/pictures/photo.jpg
size=$(wc -c <"$photo" | tr -d ' ')

# Status and milliseconds of one fetch; the whole line is in $line.
one() { # args...
	line=$("$BUILDDIR/tests/e2e/fetch" "$@" 2>&1)
	got=${line%% *}
	ms=$(printf '%s\n' "$line" | sed -n 's/.*\] \([0-9]*\): .*/\1/p')
}

# name want-status at-most-ms text args...
gives() {
	gives_name=$1 gives_want=$2 gives_ms=$3 gives_text=$4
	shift 4
	one "$@"
	is "$gives_name: status" "$got" "$gives_want"
	ok "$gives_name: ${ms:-no} ms of $gives_ms" test "${ms:-99999}" -le \
	    "$gives_ms"
	case $line in
	*"$gives_text"*) pass ;;
	*) fail "$gives_name: cause" "$line" ;;
	esac
}

# name want-status at-most-ms text: the photo, fetched that way.
way() {
	gives "$1" "$2" "$3" "$4" timeout=1000 "$origin_url" "/$1/photo.jpg"
}

# What works.
way ok ok 900 " $size "
whole=$(printf '%s\n' "$line" | cut -d' ' -f2,3)
for good in date bare no-head chunked delay; do
	way $good ok 900 "$whole"
done
way excess ok 900 " $((size - 10)) "

# What does not.  A silence is noticed after half the time-out, and looked
# for twice a second.
way reset origin-error 900 'reset by peer'
way stall origin-timeout 1500 'silent for'
way million origin-timeout 1500 'after 1000000 bytes'
way endless too-large 1500 'at most'
way endless-error origin-error 900 'answers 500'
way endless-head origin-error 900 'too long'
way promise origin-error 900 'bytes remaining'
way gzip origin-error 900 'encoded body unasked'
way slow origin-timeout 1500 'timed out'
way 404 not-found 900 'has none: 404'
way 410 not-found 900 'has none: 410'
way 401 forbidden 900 'refuses us: 401'
way 403 forbidden 900 'refuses us: 403'
way 500 origin-error 900 'answers 500'
way 206 origin-error 900 'answers 206'
gives 'nobody there' origin-error 900 'Failed to connect' \
    http://127.0.0.1:9 /x
gives 'too large' too-large 900 'at most 1000' max=1000 \
    "$origin_url" /ok/photo.jpg
gives 'too large, in pieces' too-large 900 'so far, at most 1000' max=1000 \
    "$origin_url" /chunked/photo.jpg
gives 'no room' busy 1500 'origin-memory' timeout=1000 memory=1000 \
    "$origin_url" /ok/photo.jpg

# Redirects: none, unless told to, and then only within the origin.
for to in moved loopback metadata circle; do
	way $to origin-error 900 'redirects (origin-redirects = no)'
done
gives 'redirect within' ok 900 "$whole" redirects=1 "$origin_url" \
    /moved/photo.jpg
gives 'redirect out of the prefix' origin-error 900 'out of itself' \
    redirects=1 "$origin_url/moved" /photo.jpg
gives 'redirect to another host' origin-error 900 'out of itself' \
    redirects=1 "$origin_url" /metadata/photo.jpg
gives 'redirect to loopback' origin-error 900 'out of itself' redirects=1 \
    private=1 "http://localhost:$origin_port" /loopback/photo.jpg
gives 'redirect in a circle' origin-error 900 'answers 302' redirects=1 \
    "$origin_url" /circle/photo.jpg
is 'nobody asked for metadata' "$(origin_count latest)" 0

# A name that leads to ourselves.
gives 'private address' origin-error 900 'loopback address' \
    "http://localhost:$origin_port" /ok/photo.jpg
gives 'private address, allowed' ok 900 "$whole" private=1 \
    "http://localhost:$origin_port" /ok/photo.jpg
http_proxy=$origin_url gives 'no proxy of the environment' origin-error 900 \
    'loopback address' http://localhost:9 /ok/photo.jpg

# A connection that died idle is replaced; one request, one answer.
: >"$origin_log"
line=$("$BUILDDIR/tests/e2e/fetch" times=3 "$origin_url" /die/photo.jpg)
is 'died idle: answers' "$(printf '%s\n' "$line" | grep -c "^ok $whole ")" 3
is 'died idle: asked again' "$(origin_count /die/)" 5
# So is one that holds bytes of the answer before.
: >"$origin_log"
line=$("$BUILDDIR/tests/e2e/fetch" times=3 "$origin_url" /late/photo.jpg)
is 'bytes too many: answers' \
    "$(printf '%s\n' "$line" | grep -c "^ok $whole ")" 3
is 'bytes too many: asked again' "$(origin_count /late/)" 5
# A time-out is not.
: >"$origin_log"
way stall origin-timeout 1500 'silent for'
is 'a time-out is not asked again' "$(origin_count /stall/)" 1

# Conditions, and answers without bytes.
: >"$origin_log"
"$BUILDDIR/tests/e2e/fetch" times=3 "$origin_url" /ok/photo.jpg \
    /date/photo.jpg >"$origin_dir/out"
is 'conditions: answers' "$(grep -c "^ok $whole " "$origin_dir/out")" 6
is 'conditions: by ETag' "$(origin_count '/ok/.* if "')" 2
is 'conditions: by date' "$(origin_count '/date/.* if [A-Z].* GMT')" 2
is 'conditions: one connection' "$(origin_count ' 1$')" 1
: >"$origin_log"
"$BUILDDIR/tests/e2e/fetch" times=3 fresh=60000 "$origin_url" \
    /ok/photo.jpg /404/photo.jpg >"$origin_dir/out"
is 'fresh: not asked again' "$(origin_count .)" 2
: >"$origin_log"
"$BUILDDIR/tests/e2e/fetch" bytes=0 "$origin_url" /ok/photo.jpg \
    >"$origin_dir/out"
is 'the version alone' "$(cut -d' ' -f1,2 "$origin_dir/out")" 'ok -1'
is 'the version alone, by HEAD' "$(origin_count '^HEAD')" 1
is 'and nothing else' "$(origin_count .)" 1

# Ten who want one thing: one fetch.
: >"$origin_log"
"$BUILDDIR/tests/e2e/fetch" threads=10 fresh=60000 "$origin_url" \
    /delay/photo.jpg >"$origin_dir/out"
is 'ten at once: answers' "$(grep -c "^ok $whole " "$origin_dir/out")" 10
is 'ten at once: one GET' "$(origin_count .)" 1
# More than may wait: refused at once.
"$BUILDDIR/tests/e2e/fetch" threads=40 fetches=1 timeout=1000 \
    "$origin_url" /stall/photo.jpg >"$origin_dir/out"
is 'too many wait' "$(grep -c '^busy.* too many' "$origin_dir/out")" 35

# TLS: the name must be the certificate's, the authority ours.
origin_tls
gives 'TLS' ok 900 "$whole" private=1 "ca=$origin_cert" \
    "https://localhost:$origin_tls_port" /photo.jpg
is 'HTTP/2' "$(tail -n 1 "$origin_dir/tls.log")" HTTP/2.0
gives 'TLS, wrong name' origin-error 900 'host name' "ca=$origin_cert" \
    "https://127.0.0.1:$origin_tls_port" /photo.jpg
gives 'TLS, unknown authority' origin-error 900 'certificate' private=1 \
    "https://localhost:$origin_tls_port" /photo.jpg
finish
