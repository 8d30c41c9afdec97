# ./spawn/demo as a stranger meets it: without a terminal, with odd folders,
# and leaving nothing.  It builds in build/, as it always does.
. "$(dirname "$0")/../lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd -P)
demo=$top/spawn/demo
PATH=$PATH:/usr/local/sbin:/usr/sbin

if ! command -v nginx >/dev/null 2>&1 || ! command -v curl >/dev/null 2>&1
then
	skip demo 'no nginx or no curl here'
	finish
fi

dir=$(mktemp -d) || exit 1
chmod 711 "$dir"
mkdir -m 1777 "$dir/tmp" # where the demo's private folder will stand
TMPDIR=$dir/tmp
export TMPDIR
# pid-dependent, so that two runs on one machine do not meet
port=$((20000 + $$ % 20000))
url=http://127.0.0.1:$port
pid=

clean_up() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

start() { # argument...
	: >"$dir/out" # now, not when the shell gets round to it
	"$demo" --no-install --port "$port" "$@" >"$dir/out" 2>&1 \
	    </dev/null &
	pid=$!
}

await() { # words seconds
	tries=0
	until grep -q -e "$1" "$dir/out"; do
		tries=$((tries + 1))
		kill -0 "$pid" 2>/dev/null && [ $tries -le "$2"0 ] || return 1
		sleep 0.1
	done
}

stop() { # signal: leaves the exit status in $status
	kill -s "$1" "$pid"
	wait "$pid"
	status=$?
	pid=
}

# No file, no process, no listener.
nothing_left() { # when
	is "$1: files" "$(ls -A "$TMPDIR")" ''
	is "$1: processes" "$(ps ax | grep -F "$TMPDIR/imgfcgi-demo" |
	    grep -v grep)" ''
	curl -s -o /dev/null -m 2 "$url/"
	is "$1: listener" $? 7
}

status_of() { # url curl's arguments...
	what=$1
	shift
	curl -s -o "$dir/body" -D "$dir/head" -m 20 -w '%{http_code}' "$@" \
	    "$what"
}

header() { # name
	tr -d '\r' <"$dir/head" | awk -F ': ' -v name="$1" \
	    'tolower($1) == tolower(name) { print $2 }'
}

# A WebP's width, of its three kinds.
webp_width() { # file
	od -An -v -tu1 -N 30 "$1" | tr -s ' \n' ' ' | awk '{
		if ($1 $2 $3 $4 != "82737070" || $9 $10 $11 != "876966")
			print "no WebP"
		else if ($16 == 32)
			print ($27 + 256 * $28) % 16384
		else if ($16 == 76)
			print ($22 + 256 * $23) % 16384 + 1
		else
			print $25 + 256 * $26 + 65536 * $27 + 1
	}'
}

refused_start() { # what words argument...
	what=$1 words=$2
	shift 2
	start "$@"
	wait "$pid"
	status=$?
	pid=
	ok "$what: fails" test "$status" -ne 0
	ok "$what: says '$words', not '$(tail -n 1 "$dir/out")'" \
	    grep -q -e "$words" "$dir/out"
	nothing_left "$what"
}

# --- the first start ---------------------------------------------------------

start
if ! await '^ready: ' 600; then
	tail -n 30 "$dir/out"
	fail 'the first start' 'is not ready'
	finish
fi
await 'Ctrl-C' 10
small="$url/photo.jpg?w=320&f=webp"
is 'the first picture' "$(status_of "$small")" 200
is 'first of all' "$(header X-Cache-Status)" MISS
is 'its type' "$(header Content-Type)" image/webp
is 'its width' "$(webp_width "$dir/body")" 320
is 'again' "$(status_of "$small")" 200
is 'again: from the cache' "$(header X-Cache-Status)" HIT
is 'not modified' "$(status_of "$small" -H \
    "If-None-Match: $(header ETag)")" 304

# Each URL that it prints keeps its word.
sed -n "s/^  refused .*'\(http[^']*\)'\$/404 \1/p
    s/^  [a-zA-Z0-9].*'\(http[^']*\)'\$/200 \1/p" "$dir/out" |
    awk '!seen[$2]++' >"$dir/urls"
ok 'it prints a handful' test "$(wc -l <"$dir/urls")" -ge 8
while read -r want printed; do
	is "$printed" "$(status_of "$printed")" "$want"
done <"$dir/urls"
sealed=$(sed -n "s/^  a sealed crop .*'\(http[^']*\)'\$/\1/p" "$dir/out")
ok 'the sealed one is sealed' eval \
    "case \$sealed in *hash=????????*) ;; *) false ;; esac"
is 'a crop of another picture' "$(status_of \
    "$(printf '%s' "$sealed" | sed 's/photo/portrait/')")" 404
status_of "$url/photo.jpg?w=321" >/dev/null
sleep 1
before=$(wc -l <"$dir/out")
status_of "$url/missing.jpg?w=320" >/dev/null
sleep 1
ok 'the log tells of a refusal' test "$(wc -l <"$dir/out")" -gt "$before"
ok 'the log names it' grep -q 'missing\.jpg' "$dir/out"
is 'the visitor is not told' "$(header X-Imgfcgi-Error)" ''

private=$(ls -d "$TMPDIR"/imgfcgi-demo.*)
is 'one private folder' "$(printf '%s\n' "$private" | grep -c .)" 1
if [ "$(id -u)" = 0 ]; then
	ok 'it says as whom it runs' grep -q 'started by root' "$dir/out"
	for name in imgfcgi nginx; do
		owner=$(ps -o user= -p "$(cat "$private/$name.pid")")
		ok "$name runs as $owner" test "$owner" != root
	done
fi
is 'the key is nobody else'\''s' "$(ls -l "$private/key" | cut -c1-10)" \
    '-rw-------'

# A second one on the same port, while the first serves.
first=$pid
"$demo" --no-install --port "$port" >"$dir/second" 2>&1 </dev/null
ok 'the port is in use: fails' test $? -ne 0
ok 'the port is in use: says so' grep -q "port $port is in use" "$dir/second"
is 'the first goes on' "$(status_of "$small")" 200
pid=$first
stop TERM
is 'after SIGTERM' "$status" 143
nothing_left 'after SIGTERM'

# --- your own pictures, in a folder of an odd name ---------------------------

odd="$dir/a b \"c\" \$d; {e}"
mkdir -p "$odd/sub dir"
"$top/build/tests/image/samples" "$dir/tmp" >/dev/null 2>&1
mv "$dir/tmp/photo.jpg" "$odd/sub dir/ü 100%?.JPG"
rm -f "$dir"/tmp/*
chmod -R a+rX "$odd"
began=$(date +%s)
start --root "$odd"
if await 'Ctrl-C' 60; then
	pass
	ok 'the second start is quick' test $(($(date +%s) - began)) -le 15
	printed=$(sed -n "s/^  320 wide.*'\(http[^']*\)'\$/\1/p" "$dir/out")
	is "$printed" "$(status_of "$printed")" 200
	is 'its width' "$(webp_width "$dir/body")" 320
else
	tail -n 20 "$dir/out"
	fail 'an odd root' 'is not ready'
fi
stop HUP
is 'after SIGHUP' "$status" 129
nothing_left 'after SIGHUP'

# Stopped at any moment.
for seconds in 0.1 0.5 1 2; do
	start
	sleep "$seconds"
	stop TERM
	nothing_left "stopped after $seconds s"
done

# --- refusals ----------------------------------------------------------------

refused_start 'port 0' 'no port' --port 0
refused_start 'port 65536' 'no port' --port 65536
refused_start 'a word for a port' 'no port' --port http
refused_start 'no such root' 'no such directory' --root "$dir/none"
refused_start 'no such configuration' 'no such file' --config "$dir/none"
refused_start 'an unknown option' 'spawn/demo' --prot 1
refused_start 'a value forgotten' 'wants a value' --root
echo 'no-such-option = 1' >"$dir/bad.conf"
refused_start 'a bad configuration' 'no-such-option' --config "$dir/bad.conf"
mkdir "$dir/locked"
if [ "$(id -u)" = 0 ]; then
	chmod 700 "$dir/locked"
else
	chmod 0 "$dir/locked"
fi
refused_start 'an unreadable root' 'cannot \(read\|enter\)' \
    --root "$dir/locked"
finish
