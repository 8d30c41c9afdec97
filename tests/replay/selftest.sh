#!/bin/sh
# The harness must fail when it should: fake answers badly, one fault at a
# time, and replay has to name it.  REPLAY and FAKE name the two programs
# (default: FAKE stands beside REPLAY).

. "${SRCDIR:-.}/tests/lib.sh"

REPLAY=${REPLAY:-./tests/replay/replay}
FAKE=${FAKE:-$(dirname "$REPLAY")/fake}
dir=$(mktemp -d) || exit 2
fake_pid=
trap 'kill $fake_pid 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

"$FAKE" "$dir/s" &
fake_pid=$!
tries=0
while [ ! -S "$dir/s" ] && [ $tries -lt 50 ]; do
	sleep 0.1
	tries=$((tries + 1))
done

# play RC TEXT: the dump on stdin ends with RC and says TEXT.
play() {
	cat >"$dir/case.req"
	timeout 20 "$REPLAY" -t 3000 -D who=world "$dir/s" "$dir/case.req" \
	    >"$dir/out" 2>&1
	got=$?
	if [ $got -ne "$1" ]; then
		fail "$2" "exit $got, want $1: $(cat "$dir/out")"
	elif ! grep -qF -- "$2" "$dir/out"; then
		fail "$2" "not said: $(cat "$dir/out")"
	else
		pass
	fi
}

# fault WORD TEXT: the protocol breach WORD is reported as TEXT.
fault() {
	play 1 "$2" <<END
== $1
FAULT: $1
BODY: 0123456789
> status 200
END
}

# image BYTES SIZE FORMAT: a picture's header is read.
image() {
	play "$1" "" <<END
== picture
BODY: $2
> image $3
END
}

# What is right passes.
play 0 'replay: 9 passed, 0 failed, 0 skipped' <<'END'
# Before the first case: for all.
HEADERS: ETag: "e-1"\x0d\x0aX-One: a b c\x0d\x0a
BODY: hello ${who}

== plain
> status 200
> header ETag "e-1"
> header x-one a b c
> contains X-One b
> present X-One
> absent X-Two
> body 11
> body 1..20
> prefix 68656c
> max-ms 2000
= etag ETag
= first @body
== byte by byte, answered byte by byte
FAULT: in-bytes
@split every
> status 200
> same-as first
== captured
HEADERS: X: ${etag}\x0d\x0a
BODY: other
> header X "e-1"
> other-than first
== with messages beside the answer
FAULT: chatty
> body 11
== long values in many records
X: ${a*200000}
BODY: ${b*100000}
> body 100000
== portions and pauses
@split 3 9 40
@pause 20
@repeat 3
> status 200
> alive 1000
== left in the middle
@abort 20
> alive 1000
== a 304 needs no length
STATUS: 304
FAULT: no-length
BODY:
> status 304
== another id, a body
@id 258
@body posted
@send begin params stdin
> status 200
END

# Breaches of the protocol.
fault app-status 'END_REQUEST reports a failure'
fault cut 'closed in the middle of an answer'
fault late-out 'STDOUT after its end'
fault linger 'not closed after the answer'
fault long 'Content-Length is not the body'
fault short 'Content-Length is not the body'
fault mute 'closed without an answer'
fault no-end 'closed in the middle of an answer'
fault no-length 'not one Content-Length'
fault no-out-end 'END_REQUEST before the end of STDOUT'
fault no-status 'not one Status'
fault other-id 'a record of another request'
fault tail 'bytes after END_REQUEST'
fault two-ends 'bytes after END_REQUEST'
fault version 'a record of another version'

play 1 'no end of an answer in time' <<'END'
== silence
FAULT: silent
@timeout 300
> status 200
END
play 1 'a 304 with a body' <<'END'
== 304
STATUS: 304
BODY: x
> status 304
END
play 1 'not one Content-Length' <<'END'
== twice
HEADERS: Content-Length: 0\x0d\x0a
> status 200
END
play 1 'not well-formed' <<'END'
== a header that breaks the line
HEADERS: X: a\x0ab\x0d\x0a
> status 200
END

# Expectations that do not hold: exit 1, each with its own line.
play 1 'case.req:3: one: status 404' <<'END'
== one
STATUS: 200
> status 404
END
play 1 'status 404|503' <<'END'
== none of several
> status 404|503
END
play 0 '1 passed' <<'END'
== one of several
> status 404|200
END
play 1 'header X 1: got no header X' <<'END'
== two
> header X 1
END
play 1 'header X 1: got no header X' <<'END'
== the body is no place for a header
BODY: X: 1\x0d\x0a
> header X 1
END
play 1 'got X: 12' <<'END'
== a value is compared whole
HEADERS: X: 12\x0d\x0a
> header X 1
END
play 1 'absent X' <<'END'
== four
HEADERS: X: 12\x0d\x0a
> absent X
END
play 1 'got 3 bytes' <<'END'
== five
BODY: abc
> body 4..9
END
play 1 'prefix 6164' <<'END'
== six
BODY: abc
> prefix 6164
END
play 1 'replay: 1 passed, 1 failed, 0 skipped' <<'END'
== seven
BODY: a
= a @body
== eight
BODY: b
> same-as a
END
play 1 'other-than a' <<'END'
== nine
BODY: a
= a @body
> other-than a
END
play 1 'nothing to capture' <<'END'
== ten
= etag ETag
END
play 1 'an answer of status 200' <<'END'
== eleven
> closed
END
play 1 'max-ms 100' <<'END'
== twelve
FAULT: linger
@split every
@pause 3
@keep 1
> max-ms 100
END
play 1 'a plain request beside or after it' <<'END'
STATUS: 503
== thirteen
STATUS: 200
> alive 2000
END
play 0 '1 passed' <<'END'
== closed is expected
FAULT: mute
> closed
> max-ms 1000
END

play 0 '1 passed' <<'END'
== any end will do
FAULT: tail
> any
END
play 1 'no end of an answer in time' <<'END'
== but there must be one
FAULT: silent
@timeout 300
> any
END
play 1 'case.req:6: after: header' <<'END'
== a failed capture is empty, and the rest still runs
FAULT: mute
= etag ETag
== after
HEADERS: ETag: x\x0d\x0a
> header ETag "${etag}"
END

# Dumps that cannot be read: exit 2, with their line.
play 2 'no case' </dev/null
play 2 'case.req:1: a case that expects nothing' <<'END'
== a
END
play 2 "case.req:2: no expectation 'stats'" <<'END'
== a
> stats 200
END
play 2 "case.req:2: no directive 'spilt'" <<'END'
== a
@spilt every
END
play 2 "case.req:2: no variable 'nobody'" <<'END'
== a
X: ${nobody}
> status 200
END
play 2 'case.req:2: cannot read this line' <<'END'
== a
hello world
END
play 2 "case.req:2: '2OO' is no status" <<'END'
== a
> status 2OO
END
play 2 "case.req:2: 'closed' takes no argument" <<'END'
== a
> closed 5
END

# Pictures: header, then enough bytes, then the format's end.
gif='GIF89a\x40\x01\xf0\x00${.*30}'
image 0 "$gif;" '320x240 gif'
image 0 "$gif;" '*x240 gif'
image 1 "$gif;" '320x241 gif'
image 1 "$gif;" '320x240 png'
image 1 "$gif" '320x240 gif'
image 1 'GIF89a' '320x240 gif'
png='\x89PNG\x0d\x0a\x1a\x0a....IHDR\x00\x00\x01\x40\x00\x00\x00\xf0${.*20}'
image 0 "$png"'....IEND\xae\x42\x60\x82' '320x240 png'
image 1 "$png"'....IDAT\xae\x42\x60\x82' '320x240 png'
jpeg='\xff\xd8\xff\xe0\x00\x04..\xff\xc4\x00\x03.\xff\xc2\x00\x0b\x08'
jpeg=$jpeg'\x00\xf0\x01\x40${.*30}'
image 0 "$jpeg"'\xff\xd9' '320x240 jpg'
image 1 "$jpeg" '320x240 jpg'
image 0 'RIFF\x20\x00\x00\x00WEBPVP8 ....${.*6}\x40\x01\xf0\x00${.*10}' \
    '320x240 webp'
image 1 'RIFF\x21\x00\x00\x00WEBPVP8 ....${.*6}\x40\x01\xf0\x00${.*10}' \
    '320x240 webp'
image 0 'RIFF\x16\x00\x00\x00WEBPVP8X....${.*4}\x3f\x01\x00\xef\x00\x00' \
    '320x240 webp'
image 0 'RIFF\x16\x00\x00\x00WEBPVP8L....\x2f\x3f\xc1\x3b\x00${.*5}' \
    '320x240 webp'
avif='....ftypavif....ispe....\x00\x00\x01\x40\x00\x00\x00\xf0....'
image 0 "$avif" '320x240 avif'
image 1 "$avif" '240x320 avif'

# A crowd that holds the line of a server with one thread.
echo 'GET /
== it says a little and stays
@stall 5
> closed' >"$dir/crowd.req"
"$REPLAY" -c 1 "$dir/s" "$dir/crowd.req" >"$dir/out" 2>&1
is 'a crowd in the way' $? 1
ok 'that is said' grep -q 'beside or after it: got status 0' "$dir/out"
echo 'GET /
== it asks, and reads nothing
> status 200' >"$dir/crowd.req"
"$REPLAY" -c 3 "$dir/s" "$dir/crowd.req" >"$dir/out" 2>&1
is 'a crowd out of the way' $? 0

# A socket that nobody listens at, and wrong usage.
echo '== a
> status 200' >"$dir/one.req"
"$REPLAY" "$dir/none" "$dir/one.req" >"$dir/out" 2>&1
is 'nobody listens' $? 1
"$REPLAY" -c 3 "$dir/none" "$dir/one.req" >"$dir/out" 2>&1
is 'nobody listens to a crowd' $? 1
"$REPLAY" "$dir/s" >"$dir/out" 2>&1
is 'no file' $? 2
"$REPLAY" "$dir/s" "$dir/none.req" >"$dir/out" 2>&1
is 'missing file' $? 2

ok 'fake is still alive' kill -0 $fake_pid
finish
