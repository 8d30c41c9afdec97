# Originals of another host, through nginx and the daemon: fetched once, asked
# about by condition, and its faults keep to themselves.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	BUILDDIR		for tests/e2e/host
#	LOAD			tests/bench/load
#	SAMPLES			directory of sample pictures
#
# The machine may have other work: of what is compared by time, the best of
# a few tries counts.
top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/origin-lib.sh"
need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL BUILDDIR LOAD SAMPLES
origin_need

work='' storm_pid=''
stop_all() {
	[ -z "$storm_pid" ] || kill "$storm_pid" 2>/dev/null
	[ -z "$work" ] || nginx_stop
	daemon_end
	origin_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

origin_start || exit 1
daemon_prepare
work=$daemon_dir
pictures=$origin_dir/pictures
mkdir "$work/root" && cp "$SAMPLES/photo.jpg" "$work/root/local.jpg" &&
    touch -t 202001010000 "$pictures"/* || exit 1
nginx_prepare "$work/root" "$daemon_socket" || exit 1

# A location for each site, and one without a cache, which is why that may
# pass the visitor's validator.
for site in host both named shown; do
	nginx_edit nginx.conf "/^[[:space:]]*location \/ {/i\\
		location /$site/ {\\
			set \$imgfcgi_site $site;\\
			include imgfcgi-location.conf;\\
		}" || exit 1
done
nginx_plain || exit 1
cat >"$work/conf" <<END
root = $work/root
converters = 2
queue = 40
origin-timeout = 2s
origin-memory = 20M
max-bytes = 10M
errors = precise
fresh = 1s
fetches = 20
[site host]
prefix = /host
root =
origin = $origin_url
origin-fresh = 1s
[site both]
prefix = /both
origin = $origin_url/ok
[site named]
prefix = /named
root =
origin = http://localhost:$origin_port/ok
[site shown]
prefix = /shown
root =
origin = $origin_url
fallback = $SAMPLES/graphic.png
END
daemon_start --config "$work/conf" && nginx_start || exit 1

# --- one fetch for all ---------------------------------------------------

pids=
for w in 150 320 420 630 640 900 1200 1280 1600 1920; do
	curl -gs -o "$work/w$w" "$nginx_url/host/delay/photo.jpg?w=$w" &
	pids="$pids $!"
done
# shellcheck disable=SC2086 # a list
wait $pids
is 'ten widths: one request' "$(origin_count /delay/photo.jpg)" 1
ok 'ten widths: ten pictures' test "$(find "$work" -name 'w*' \
    -size +2k | wc -l)" -eq 10

# --- what changes there changes here -------------------------------------

: >"$origin_log"
is 'a picture' "$(nginx_get '/host/ok/photo.jpg?w=320')" '200 MISS'
cp "$work/body" "$work/old"
etag=$(nginx_header ETag)
sleep 2.2
nginx_get '/host/ok/photo.jpg?w=320' >"$work/out" # the old one, and asks
within 3 daemon_has '304 not-modified /host/ok/photo.jpg'
nginx_get '/host/ok/photo.jpg?w=320' >"$work/out"
is 'unchanged: the same ETag' "$(nginx_header ETag)" "$etag"
ok 'unchanged: by condition' test "$(origin_count 'ok/photo.* if ')" -ge 1
is 'unchanged: no byte again' "$(origin_count 'ok/photo.jpg [0-9]*$')" 1
cp "$SAMPLES/portrait.jpg" "$pictures/photo.jpg"
changed() {
	nginx_get '/host/ok/photo.jpg?w=320' >"$work/out"
	! cmp -s "$work/body" "$work/old"
}
ok 'changed: the new picture' within 6 changed
is 'changed: by condition alone' "$(origin_count 'ok/photo.jpg [0-9]*$')" 1

# A daemon that remembers nothing asks for the version alone.
daemon_stop
nginx_get '/host/ok/photo.jpg?w=320' >"$work/out"
etag=$(nginx_header ETag)
sleep 1.1
: >"$origin_log"
daemon_start --config "$work/conf" || exit 1
asked() {
	nginx_get '/host/ok/photo.jpg?w=320' >"$work/out"
	daemon_has '304 not-modified /host/ok/photo.jpg'
}
ok 'after a restart: 304' within 5 asked
is 'after a restart: HEAD' "$(origin_count '^HEAD /ok/photo.jpg')" 1
is 'after a restart: no GET' "$(origin_count '^GET')" 0
cp "$SAMPLES/photo.jpg" "$pictures/photo.jpg"

# --- first the folder, then the host -------------------------------------

: >"$origin_log"
is 'in the folder' "$(nginx_get '/both/local.jpg?w=150')" '200 MISS'
is 'not asked for' "$(origin_count .)" 0
is 'not in the folder' "$(nginx_get '/both/grey.jpg?w=150')" '200 MISS'
is 'asked for' "$(origin_count /ok/grey.jpg)" 1
is 'in neither' "$(nginx_get '/both/none.jpg?w=150')" '404 MISS'
is 'in neither: kept briefly' "$(nginx_get '/both/none.jpg?w=150')" '404 HIT'
is 'a name that leads to ourselves' \
    "$(nginx_get '/named/grey.jpg?w=150')" '503 MISS'
ok 'and why' daemon_wait 'loopback address; origin-private'

# --- another picture in its place ----------------------------------------

is 'shown instead' "$(nginx_get '/shown/404/x.jpg?w=150')" '200 MISS'
is 'it says so' "$(nginx_header X-Imgfcgi-Fallback)" yes
is 'it does not say why' "$(nginx_header X-Imgfcgi-Error)" ''
is 'not for long' "$(nginx_header Cache-Control)" 'public, max-age=10'
is 'resized' "$(nginx_header Content-Type)" image/png
is 'instead of a fault' "$(nginx_get '/shown/500/x.jpg?w=150')" '200 MISS'
is 'not of what is not allowed' \
    "$(nginx_get '/shown/ok/none.txt?w=641')" '403 MISS'

# --- as fast as from the folder ------------------------------------------

# Every original is asked for once, by either way, so that each is fetched.
mkdir "$work/root/many" || exit 1
for name in $(awk 'BEGIN { for (i = 0; i < 240; i++) print i }'); do
	ln "$work/root/local.jpg" "$work/root/many/$name.jpg" &&
	    ln "$pictures/photo.jpg" "$pictures/$name.jpg" || exit 1
done
seconds() { # path-before first last
	awk -v before="$1" -v i="$2" -v last="$3" 'BEGIN {
		for (; i <= last; i++)
			print before "/" i ".jpg?w=640" }' >"$work/paths"
	"$LOAD" -p "$nginx_port" -c 4 -A 4 -n $(($3 - $2 + 1)) -t 20000 \
	    -f "$work/paths" >"$work/load"
	[ "$(awk '$1 == "status_200" { print $2 }' "$work/load")" = \
	    $(($3 - $2 + 1)) ] || cat "$work/load" >&2
	awk '$1 == "seconds" { print $2 }' "$work/load"
}
try=0
while :; do
	here=$(seconds /many $((try * 40)) $((try * 40 + 39)))
	there=$(seconds /host/ok $((try * 40)) $((try * 40 + 39)))
	echo "40 pictures: $here s from the folder, $there s from the host"
	try=$((try + 1))
	awk "BEGIN { exit !($there * 0.9 <= $here) }" && break
	[ $try -lt 6 ] || break
done
ok "40 pictures: $here s and $there s" awk \
    "BEGIN { exit !($there * 0.9 <= $here) }"

# --- faults ---------------------------------------------------------------

# A stale picture is what the visitor sees of a fault.
is 'before the fault' "$(nginx_get '/host/ok/portrait.jpg?w=150')" \
    '200 MISS'
origin_stop
sleep 2.2
is 'stale' "$(nginx_get '/host/ok/portrait.jpg?w=150')" '200 STALE'
ok 'stale: the cause' daemon_wait \
    'origin-error /host/ok/portrait.*Failed to connect'
is 'still stale' "$(nginx_get '/host/ok/portrait.jpg?w=150')" '200 STALE'
origin_start "$origin_port" || exit 1

# All at once; code and time of each.  What came of 'excess' is not whole.
converters=$(daemon_role converter)
pids=
for way in reset stall million endless endless-error endless-head promise \
    excess gzip slow loopback metadata circle 500 404 410 403; do
	curl -gs -m 10 -o "$work/fault" -w "%{http_code} %{time_total}\n" \
	    "$nginx_url/host/$way/photo.jpg?w=150" >"$work/fault-$way" &
	pids="$pids $!"
done
# shellcheck disable=SC2086 # a list
wait $pids
while read -r way want; do
	read -r code time <"$work/fault-$way"
	is "$way: code" "$code" "$want"
	[ "$code" = "$want" ] || grep "/host/$way/" "$daemon_log"
	ok "$way: $time s" awk "BEGIN { exit !($time < 4) }"
done <<END
reset 503
stall 503
million 503
endless 413
endless-error 503
endless-head 503
promise 503
excess 422
gzip 503
slow 503
loopback 503
metadata 503
circle 503
500 503
404 404
410 404
403 403
END
is 'no converter was lost' "$(daemon_role converter)" "$converters"

# --- a storm, beside other sites -----------------------------------------

# Bytes in the front's files in memory.
held_bytes() {
	# shellcheck disable=SC2012 # the link says what it is
	for fd in "/proc/$front/fd"/*; do
		case $(readlink "$fd" 2>/dev/null) in
		*memfd:*) stat -L -c %s "$fd" 2>/dev/null ;;
		esac
	done | awk '{ n += $1 } END { print n + 0 }'
}
cheap() { # file
	"$LOAD" -k -p "$nginx_port" -A 50 -c 20 -r 400 -d 2 -t 5000 \
	    -H "If-None-Match: $etag" -f "$work/mixed" >"$1"
}
figure() { # name file
	awk -v name="$1" '$1 == name { print $2 }' "$2"
}
nginx_get '/plain/local.jpg?w=640' >"$work/out"
etag=$(nginx_header ETag)
echo '/plain/local.jpg?w=640' >"$work/mixed"
front=$(daemon_role front)
awk 'BEGIN {
	n = split("stall million slow endless 500 reset", way, " ")
	for (i = 0; i < 6000; i++)
		printf "/host/%s/photo.jpg?w=150&q=%d\n", way[i % n + 1],
		    75 + 5 * (int(i / n) % 4)
}' >"$work/storm"
"$LOAD" -p "$nginx_port" -A 60 -c 60 -d 20 -t 20000 -f "$work/storm" \
    >"$work/storm.out" 2>&1 &
storm_pid=$!
sleep 1
most=0 try=0
while :; do
	try=$((try + 1))
	kill -STOP $storm_pid
	sleep 1.2
	cheap "$work/idle"
	kill -CONT $storm_pid
	sleep 0.3
	cheap "$work/beside"
	held=$(held_bytes)
	[ "$held" -le $most ] || most=$held
	quiet=$(figure p99_ms "$work/idle")
	loud=$(figure p99_ms "$work/beside")
	echo "storm: p99 of local answers $quiet ms without, $loud ms with it"
	awk "BEGIN { exit !($loud <= 1.2 * $quiet || $loud - $quiet <= 1) }" &&
	    break
	[ $try -lt 6 ] || break
done
ok "others are not held up: p99 $quiet ms, $loud ms" awk \
    "BEGIN { exit !($loud <= 1.2 * $quiet || $loud - $quiet <= 1) }"
ok "memory: $most bytes of 20 M" test "$most" -le 20971520
began=$(date +%s%N)
is 'a converter is free' "$(nginx_get '/local.jpg?w=900&q=90')" '200 MISS'
took=$((($(date +%s%N) - began) / 1000000))
ok "within $took ms" test $took -lt 1500
kill $storm_pid
wait $storm_pid 2>/dev/null
storm_pid=
is 'no converter was lost in it' "$(daemon_role converter)" "$converters"

# --- without an origin: no socket after the start --------------------------

if command -v strace >/dev/null; then
	daemon_stop
	daemon_start --root "$work/root" --fresh 0 || exit 1
	traced=
	for pid in $(daemon_role front) $(daemon_role converter); do
		traced="$traced -p $pid"
	done
	# shellcheck disable=SC2086 # a list
	strace -f -qq -e trace=socket,connect,bind,accept,accept4 \
	    -o "$work/trace" $traced 2>"$work/strace" &
	storm_pid=$!
	sleep 1
	for w in 150 320 420 630; do
		nginx_get "/local.jpg?w=$w&f=png" >"$work/out"
	done
	is 'a picture meanwhile' "$(cat "$work/out")" '200 MISS'
	kill $storm_pid
	wait $storm_pid 2>/dev/null
	storm_pid=
	ok 'what was accepted is seen' grep -q 'accept' "$work/trace"
	is 'no socket' "$(grep -E '(socket|connect|bind)\(' "$work/trace" |
	    head -n 1)" ''
else
	skip 'no socket' 'no strace'
fi
finish
