#!/bin/sh
# The status page through the shipped nginx-conf: what it tells, that it never
# waits, and that no visitor can get at it; ids and slow requests in the log.
# Needs IMGFCGI, IMGFCGI_URL, REPLAY and SAMPLES.

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/plug.sh"

need_commands nginx curl "${CC:-cc}"
need_variables IMGFCGI IMGFCGI_URL REPLAY SAMPLES
[ -z "${SANITIZED:-}" ] || { skip plug 'a sanitizer comes first'; finish; }
stop_all() {
	nginx_stop
	daemon_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
daemon_prepare
work=$daemon_dir
root=$work/root
mkdir "$root" && cp "$SAMPLES/photo.jpg" "$root/" || exit 1
plug_file "$root/8s.jpg" 8s
plug_file "$root/2s.jpg" 2s
plug_file "$root/a \"b\\.jpg" crash
nginx_prepare "$root" "$daemon_socket" || exit 1
plug_start --root "$root" --converters 1 --queue 1 --slow 1s \
    --log-level debug && nginx_start || exit 1
status_url=http://127.0.0.1:$((nginx_port + 3))

status() { # role curl's arguments...
	role=$1
	shift
	curl -gs -m 5 -D "$work/head" -o "$work/page" -w '%{http_code}' "$@" \
	    "$status_url/$role"
}
figure() { # name: of the page
	sed -n "s/^$1 //p" "$work/page"
}
answers() { # cause
	sed -n "s/^answer cause=$1 code=[0-9]* count=//p" "$work/page"
}
waiting() { # number
	status status >/dev/null
	[ "$(figure waiting)" = "$1" ]
}

# --- what it tells -----------------------------------------------------------

is 'status' "$(status status)" 200
is 'its type' "$(nginx_header Content-Type)" text/plain
is 'nobody keeps it' "$(nginx_header Cache-Control)" no-store
is 'nothing asked yet' "$(figure requests) $(answers ok)" '0 0'
is 'a picture' "$(nginx_get '/photo.jpg?w=320')" '200 MISS'
is 'a refusal' "$(nginx_get '/photo.jpg?w=321')" '404 MISS'
is 'another' "$(nginx_get '/none.jpg?w=320')" '404 MISS'
status status >/dev/null
is 'counted' "$(figure requests) $(figure jobs) $(answers ok) $(answers \
    not-found) $(answers not-allowed)$(answers bad-parameter)" '3 1 1 1 10'
for counter in $("$IMGFCGI_URL" counters markdown |
    sed -n 's/^| \([a-z_]*\) | \(counter\|gauge\) .*/\1/p'); do
	ok "status has $counter" test "$(figure "$counter")" -ge 0
done
for cause in $("$IMGFCGI_URL" status markdown |
    sed -n 's/^| \([a-z-]*\) | [0-9].*/\1/p'); do
	ok "status has $cause" test "$(answers "$cause")" -ge 0
done
ok 'stage times' test "$(figure load_us)" -gt 0
ok 'memory' test "$(figure memory)" -gt 1000000
ok 'the converter' grep -q \
    '^converter serial=[0-9]* jobs=1 memory=[0-9]\{7,\} state=idle$' \
    "$work/page"
is 'ping' "$(status ping) $(cat "$work/page")" '200 ok'

# --- crashes and what they are kept for --------------------------------------

crash='/a%20%22b%5c.jpg?w=320'
for i in 1 2; do
	is "crash $i" "$(nginx_get "$crash")" '503 MISS'
done
is 'refused' "$(nginx_get "$crash")" '404 MISS'
status status >/dev/null
is 'crashes' "$(figure crashed) $(answers crashed) $(answers quarantined) $(
    figure quarantined) $(figure convicted)" '2 2 1 1 1'
ok 'who is refused' grep -q \
    '^convict left_ms=[0-9]* source=/a%20%22b%5C.jpg cause=ended.*SIGSEGV' \
    "$work/page"

# --- while all converters are at work and the queue is full ------------------

curl -s -o "$work/first" "$nginx_url/8s.jpg?w=320" &
first=$!
until_busy() {
	status status >/dev/null
	[ "$(figure busy)" = 1 ]
}
ok 'busy' within 3 until_busy
curl -s -o "$work/second" "$nginx_url/photo.jpg?w=640" &
second=$!
ok 'one waits' within 3 waiting 1
is 'the next is sent away' "$(nginx_get '/photo.jpg?w=150')" '503 MISS'
is 'status does not wait' "$(status status -w '%{http_code} %{time_total}' |
    awk '{ print $1, ($2 < 0.5) }')" '200 1'
ok 'what with, since when' grep -Eq \
    '^converter .* state=busy ms=[0-9]+ source=/8s.jpg$' "$work/page"
is 'what was sent away' "$(answers busy)" 1
is 'json does not wait' "$(status status-json \
    -w '%{http_code} %{time_total}' | awk '{ print $1, ($2 < 0.5) }')" '200 1'
is 'its type' "$(nginx_header Content-Type)" application/json
if command -v php >/dev/null; then
	is 'it is JSON' "$(php -r '
	    $a = json_decode(stream_get_contents(STDIN), true, 9,
	        JSON_THROW_ON_ERROR);
	    echo $a["waiting"], " ", count($a["pool"]), " ",
	        $a["pool"][0]["source"], " ",
	        $a["quarantine"][0]["source"], " ", $a["answers"][0]["cause"];
	    ' <"$work/page")" '1 1 /8s.jpg /a %22b%5C.jpg ok'
else
	skip 'it is JSON' 'no php'
fi
wait "$first" "$second"

# --- nobody else's -----------------------------------------------------------

is 'from elsewhere' "$(status status --interface 127.0.0.2)" 403
is 'other pages' "$(status other)" 404
for path in /status /status-json /ping '/status?w=320'; do
	is "on the site: $path" "$(nginx_get "$path" | cut -c1-3)" 404
done
size=$(nginx_get '/photo.jpg?w=320' >/dev/null; wc -c <"$work/body")
for header in 'IMGFCGI_ROLE: status' 'Imgfcgi-Role: status' \
    'HTTP_IMGFCGI_ROLE: status'; do
	nginx_get '/photo.jpg?w=320' -H "$header" >/dev/null
	is "a visitor says $header" "$(wc -c <"$work/body")" "$size"
	nginx_get '/photo.jpg?w=150' -H "$header" >/dev/null
	is "a visitor says $header on a miss" \
	    "$(nginx_header Content-Type)" image/jpeg
done
is 'a visitor asks for it' \
    "$(nginx_get '/photo.jpg?w=420&IMGFCGI_ROLE=status')" '200 MISS'
is 'and gets a picture' "$(nginx_header Content-Type)" image/jpeg
printf '== a role of none\nGET /\nIMGFCGI_ROLE: master\n> status 404\n' \
    >"$work/role"
ok 'a role of none' "$REPLAY" "$daemon_socket" "$work/role"

# --- the log -----------------------------------------------------------------

printf '== id\nGET /photo.jpg?w=320\nREQUEST_ID: abc-1\n> status 200
> header X-Imgfcgi-Id abc-1
== no id\nGET /photo.jpg?w=320\n> status 200\n> present X-Imgfcgi-Id
== a bad id\nGET /none.jpg?w=320\nREQUEST_ID: a b\\x0d\\x0ac\n> status 404
> present X-Imgfcgi-Id\n' >"$work/ids"
ok 'ids' "$REPLAY" "$daemon_socket" "$work/ids"
ok 'in the log' daemon_wait ' 200 ok /photo.jpg?w=320 .* id abc-1'
daemon_wait ' 404 [a-z-]* /none.jpg' 2
is 'each has one' "$(grep -cE ' 404 [a-z-]+ /none.jpg.* id [0-9a-f-]+(:|$)' \
    "$daemon_log")" 2
is 'hidden from visitors' "$(nginx_get '/photo.jpg?w=320' >/dev/null
    nginx_header X-Imgfcgi-Id)" ''
ok 'nginx knows who made it' nginx_log_has ' cache=HIT .* made=[0-9a-f]\{32\}'
nginx_get '/2s.jpg?w=320' >/dev/null
ok 'slow' daemon_wait \
    'warn: 200 ok /2s.jpg?w=320 .* ms wait .* read 2[0-9.]* load .* slow$'
is 'slow ones' "$(status status >/dev/null; figure slow)" 3
is 'the page is no news' "$(grep -v ' debug: ' "$daemon_log" |
    grep -c ' 200 ok /$')" 0
finish
