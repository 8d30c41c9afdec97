#!/bin/sh
# nginx's side of the contract: what the shipped files pass, keep, revalidate,
# retry and hide.  A real nginx, and a daemon that says what it is told
# (fake.c).
#
#	FAKE	that program; compiled here if unset

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"

need_commands nginx curl
work=$(mktemp -d) || exit 1
fake_pid=
stop_all() {
	nginx_stop
	fake_stop
	rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

if [ -z "${FAKE:-}" ]; then
	FAKE=$work/fake
	${CC:-cc} -std=c11 -O2 -D_GNU_SOURCE -o "$FAKE" \
	    "$top/tests/e2e/fake.c" || exit 1
fi
answer=$work/answer heard=$work/heard

fake_start() {
	"$FAKE" "$work/sock" "$answer" "$heard" &
	fake_pid=$!
	nginx_wait test -S "$work/sock"
}

fake_stop() {
	[ -n "$fake_pid" ] || return 0
	kill "$fake_pid" 2>/dev/null
	wait "$fake_pid" 2>/dev/null
	fake_pid=
}

# What the daemon answers from now on, and to one who holds a copy.
say() {
	printf '%s\n' "$@" >"$answer"
	rm -f "$answer.again"
	: >"$heard"
}
say_again() {
	printf '%s\n' "$@" >"$answer.again"
}
picture='Status: 200 OK
Content-Type: image/webp
ETag: "one"
Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT
Cache-Control: public, max-age=2592000
Vary: Accept'
refusal='Status: 404 Not Found
Content-Type: text/plain
Cache-Control: no-cache
X-Imgfcgi-Error: not-found'

calls() { wc -l <"$heard" | tr -d ' '; }

# get PATH [curl's options]: the body goes to $work/body, headers to $work/head;
# prints "code cache-status".
get() {
	path=$1
	shift
	curl -gs -m 20 -D "$work/head" -o "$work/body" "$@" "$nginx_url$path"
	printf '%s %s\n' \
	    "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head")" \
	    "$(header X-Cache-Status)"
}
header() {
	tr -d '\r' <"$work/head" | sed -n "s/^$1: //p"
}

mkdir "$work/root"
echo original >"$work/root/photo.jpg"
echo secret >"$work/outside.jpg"
ln -s ../outside.jpg "$work/root/link.jpg"
mkfifo "$work/root/fifo.jpg"
nginx_prepare "$work/root" "$work/sock" && nginx_start && fake_start || exit 1
ok "the files are valid" nginx_run -t -q
is "… and without a warning" "$(nginx_run -t 2>&1 | grep -c '\[')" 0

# What the daemon hears: these, no other, whatever the visitor says.
say "$picture" 'X-Accel-Expires: 600'
is "a first request" "$(get '/a%20b/photo.jpg?f=auto&x=1&w=640' \
    -H 'Accept: image/webp' -H 'Cookie: a=b' -H 'If-None-Match: "two"' \
    -H 'Range: bytes=0-3' -H 'X-Forwarded-For: ::1')" "206 MISS"
is "its parameters" "$(tr '\t' '\n' <"$heard" | grep . | LC_ALL=C sort |
    sed 's/^REQUEST_ID=[0-9a-f]*$/REQUEST_ID=/')" 'DOCUMENT_URI=/a b/photo.jpg
IMGFCGI_ACCEPT=webp
IMGFCGI_SITE=
QUERY_STRING=w=640&f=auto
REQUEST_ID=
REQUEST_METHOD=GET'
ok "the id is in the log" nginx_log_has \
    "id=$(tr '\t' '\n' <"$heard" | sed -n 's/^REQUEST_ID=//p')"

# MISS, HIT; one entry for all spellings of one request, and only for them.
say "$picture" 'X-Accel-Expires: 600'
is "miss" "$(get '/photo.jpg?w=640&q=80&f=webp')" "200 MISS"
is "Vary reaches the visitor" "$(header Vary)" Accept
is "the browser's time too" "$(header Cache-Control)" \
    "public, max-age=2592000"
is "nginx's does not" "$(header X-Accel-Expires)" ""
for same in 'w=640&q=80&f=webp' 'f=webp&w=640&q=80' 'q=80&f=webp&W=640' \
    'utm_source=x&w=640&w=320&q=80&f=webp&v=7' \
    'w=640&q=80&f=webp&fit=cover&g=north&timestamp=9' '&w=640&&q=80&f=webp&h='
do
	is "hit: $same" "$(get "/photo.jpg?$same")" "200 HIT"
done
is "another Accept, where it does not matter" \
    "$(get '/photo.jpg?w=640&q=80&f=webp' -H 'Accept: image/avif')" "200 HIT"
is "another spelling of the path" \
    "$(get '//./x/..//%70hoto.jpg?w=640&q=80&f=webp' --path-as-is)" "200 HIT"
is "one call in all" "$(calls)" 1
for other in '/photo.jpg?w=320&q=80&f=webp' '/Photo.jpg?w=640&q=80&f=webp' \
    '/photo.jpg%3Fw=640&q=80?f=webp' '/w=640&q=80&f=webp|/photo.jpg?q=80' \
    '/photo.jpg?w=640&q=80&f=webp&h=x'; do
	is "miss: $other" "$(get "$other")" "200 MISS"
done
is "auto, by browser" "$(get '/photo.jpg?f=auto' -H 'Accept: image/avif')
$(get '/photo.jpg?f=auto' -H 'Accept: image/webp')
$(get '/photo.jpg?f=auto' -H 'Accept: */*')
$(get '/photo.jpg?f=auto' -H 'Accept: text/html, image/avif;q=0.1')" \
    "200 MISS
200 MISS
200 MISS
200 HIT"

# Conditions and ranges are answered by nginx, on a miss as on a hit.
for state in MISS HIT; do
	is "If-None-Match, $state" "$(get '/photo.jpg?w=1' \
	    -H 'If-None-Match: "one"')" "304 $state"
	is "If-Modified-Since, $state" "$(get '/photo.jpg?w=2' -H \
	    'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT')" "304 $state"
	is "Vary on it" "$(header Vary)" Accept
	is "Range, $state" "$(get '/photo.jpg?w=3' -H 'Range: bytes=1-5')" \
	    "206 $state"
	is "its bytes" "$(cat "$work/body")" photo
done
is "a whole picture was stored all the same" "$(get '/photo.jpg?w=1' &&
    cat "$work/body")" "200 HIT
/photo.jpg|w=1||"

is "a range beyond the end" "$(get '/photo.jpg?w=3' \
    -H 'Range: bytes=99999-' | sed -n '1s/ .*//p')" 416

# HEAD does not store an empty picture.
is "HEAD" "$(get '/photo.jpg?w=4' -I)" "200 MISS"
is "then GET" "$(get '/photo.jpg?w=4' && cat "$work/body")" "200 HIT
/photo.jpg|w=4||"

# Originals do not reach the daemon.
: >"$heard"
for junk in '' '?' '?utm_source=x' '?v=3' '?timestamp=15' '?fit=cover' '?w=' \
    '?%77=640' '?photo.jpg'; do
	is "original: $junk" "$(get "/photo.jpg$junk" &&
	    cat "$work/body")" "200 
original"
done
is "its Content-Type" "$(header Content-Type)" image/jpeg
is "no such original" "$(get /none.jpg)" "404 "
is "a directory" "$(get /)" "404 "
is "a link that leads out" "$(get /link.jpg)" "404 "
is "a pipe" "$(get /fifo.jpg)" "404 "
is "a hidden file" "$(get '/.hidden/a.jpg?w=640')" "404 "

# Other methods end in nginx.
for method in POST PUT DELETE OPTIONS PATCH TRACE PROPFIND FOO; do
	is "$method" "$(get '/photo.jpg?w=640' -X $method &&
	    cat "$work/body")" "404 
Not Found"
done
is "a large body" "$(get '/photo.jpg?w=640' -X GET \
    -d "$(printf '%02000d' 0)")" "404 "
is "the daemon heard nothing of it all" "$(calls)" 0

# What the daemon does not want kept is not kept.
say "$refusal" 'X-Accel-Expires: 0'
is "a refusal" "$(get '/none.jpg?w=640')" "404 MISS"
is "once more" "$(get '/none.jpg?w=640')" "404 MISS"
is "two calls" "$(calls)" 2
is "its cause is hidden" "$(header X-Imgfcgi-Error)" ""
ok "… and logged" nginx_log_has \
    '/none.jpg?w=640 HTTP/1.1" 404 .*cause=not-found'
say "$refusal" 'X-Accel-Expires: 60'
is "an expensive refusal" "$(get '/broken.jpg?w=640')" "404 MISS"
is "is kept" "$(get '/broken.jpg?w=640')" "404 HIT"
say 'Status: 200 OK' 'Content-Type: image/webp'
is "no word about keeping" "$(get '/silent.jpg?w=640'
    get '/silent.jpg?w=640')" "200 MISS
200 MISS"
say 'Status: 200 OK' 'X-Accel-Redirect: /photo.jpg' 'X-Accel-Expires: 60'
is "no answer steers nginx" "$(get '/steer.jpg?w=640' &&
    cat "$work/body")" "200 MISS
/steer.jpg|w=640||"
say 'Status: 302 Found' 'Location: /photo.jpg?w=640' 'X-Accel-Expires: 0'
is "a redirect" "$(get '/photo.jpg?w=641') $(header Location)" \
    "302 MISS /photo.jpg?w=640"

# Expired: the old picture once, one question with its ETag, then fresh again.
say "$picture" 'X-Accel-Expires: 1'
say_again 'Status: 304 Not Modified' 'ETag: "one"' 'X-Accel-Expires: 600'
is "short-lived" "$(get '/old.jpg?w=640')" "200 MISS"
sleep 2.1
is "expired" "$(get '/old.jpg?w=640')" "200 STALE"
fresh_again() { [ "$(get '/old.jpg?w=640')" = "200 HIT" ]; }
ok "fresh again" nginx_wait fresh_again
is "by two calls" "$(calls)" 2
is "the second one with validators" "$(sed -n 2p "$heard" | tr '\t' '\n' |
    grep '^HTTP_IF_[NM]' | LC_ALL=C sort)" \
    'HTTP_IF_MODIFIED_SINCE=Mon, 01 Jan 2024 00:00:00 GMT
HTTP_IF_NONE_MATCH="one"'

# Deleted: a refusal of that question displaces the picture.
say "$picture" 'X-Accel-Expires: 1'
say_again "$refusal" 'X-Accel-Expires: 1'
is "soon deleted" "$(get '/gone.jpg?w=640')" "200 MISS"
sleep 2.1
is "the first after expiry" "$(get '/gone.jpg?w=640')" "200 STALE"
sleep 0.3
is "the second" "$(get '/gone.jpg?w=640' | cut -d ' ' -f 1)" 404
say "$refusal" 'X-Accel-Expires: 0'
sleep 2.1
is "much later" "$(get '/gone.jpg?w=640' | cut -d ' ' -f 1)" 404
say "$picture" 'X-Accel-Expires: 600'
back() { [ "$(get '/gone.jpg?w=640')" = "200 HIT" ]; }
ok "and back again" nginx_wait back

# A busy daemon, a broken one, none: the old picture if there is one.
say "$picture" 'X-Accel-Expires: 1'
is "before trouble" "$(get '/trouble.jpg?w=640')" "200 MISS"
sleep 2.1
say 'Status: 503 Service Unavailable' 'Retry-After: 7' 'X-Accel-Expires: 0'
is "busy, old" "$(get '/trouble.jpg?w=640')
$(get '/trouble.jpg?w=640')" "200 STALE
200 STALE"
sleep 0.3
say 'Status: 503 Service Unavailable' 'Retry-After: 7' 'X-Accel-Expires: 0'
is "busy, new" "$(get '/new.jpg?w=640') $(header Retry-After)" "503 MISS 7"
is "a busy one is asked once" "$(calls)" 1
say '!close'
is "dying, new" "$(get '/new.jpg?w=640') $(cat "$work/body")" \
    "503  Service Unavailable"
is "is tried once more" "$(calls)" 2
is "Retry-After" "$(header Retry-After)" 1
is "dying, old" "$(get '/trouble.jpg?w=640')" "200 STALE"
fake_stop
is "no daemon, old" "$(get '/trouble.jpg?w=640')" "200 STALE"
is "no daemon, new" "$(get '/new.jpg?w=640') $(cat "$work/body")" \
    "503  Service Unavailable"
is "no daemon, original" "$(get '/photo.jpg')" "200 "
fake_start
say "$picture" 'X-Accel-Expires: 600'
is "the daemon is back" "$(get '/new.jpg?w=640')" "200 MISS"

# Half a picture is not kept.
say "$picture" 'X-Accel-Expires: 600' '!short'
get '/half.jpg?w=640' >/dev/null
say "$picture" 'X-Accel-Expires: 600'
is "half a picture" "$(get '/half.jpg?w=640')" "200 MISS"

# Equal requests at once are one call.
say "$picture" 'X-Accel-Expires: 600' '!sleep 700'
i=0
while [ $i -lt 10 ]; do
	curl -gs -m 20 -o /dev/null -w '%{http_code}\n' \
	    "$nginx_url/lock.jpg?w=640" >>"$work/lock" &
	lock_pids="${lock_pids:-} $!"
	i=$((i + 1))
done
# shellcheck disable=SC2086
wait $lock_pids
is "ten at once" "$(sort "$work/lock" | uniq -c | tr -d ' ')" 10200
is "one call" "$(calls)" 1

# Two more sites.
say "$picture" 'X-Accel-Expires: 600'
nginx_url=http://127.0.0.1:$((nginx_port + 1))
is "below a prefix" "$(get '/img/a.jpg?w=640') $(cat "$work/body")" \
    "200 MISS /img/a.jpg|w=640||"
is "beside it" "$(get '/photo.jpg?w=640') $(cat "$work/body")" "200  original"
is "POST" "$(get '/img/a.jpg?w=640' -X POST)" "404 "
nginx_url=http://127.0.0.1:$((nginx_port + 2))
token=$(printf '%060d' 0)
is "sealed" "$(get "/a.jpg?hash=$token&w=640") $(cat "$work/body")" \
    "200 MISS /a.jpg|w=640&hash=$token||sealed"
is "sealed, original" "$(get /photo.jpg)" "404 "
is "sealed, clear" "$(get '/photo.jpg?w=640')" "404 "
nginx_url=http://127.0.0.1:$nginx_port
is "the site is in the key" "$(get "/a.jpg?hash=$token&w=640")" "200 MISS"

# The limit per address is there, and is a 503.
say "$picture" 'X-Accel-Expires: 600'
get '/limit.jpg?w=640' >/dev/null
curl -s -m 60 -o /dev/null -w '%{http_code}\n' \
    "$nginx_url/limit.jpg?w=640&i=[1-2000]" | sort | uniq -c >"$work/limit"
ok "many are served" awk '$2 == 200 && $1 > 400 { good = 1 }
    END { exit !good }' "$work/limit"
ok "some of 2000 hits at once are not" awk '$2 == 503 && $1 > 0 { good = 1 }
    END { exit !good }' "$work/limit"
is "nothing else happens" "$(awk '{ print $2 }' "$work/limit" | tr '\n' ' ')" \
    "200 503 "

# 3000 bogus paths evict nothing from a small zone.
nginx_stop
nginx_edit imgfcgi-http.conf 's/keys_zone=imgfcgi:64m/keys_zone=imgfcgi:64k/' &&
    nginx_edit imgfcgi-http.conf 's/rate=200r/rate=100000r/' || exit 1
rm -rf "$nginx_dir/cache"
nginx_start || exit 1
say "$picture" 'X-Accel-Expires: 600'
curl -s -o /dev/null "$nginx_url/warm.jpg?w=[1-200]"
say "$refusal" 'X-Accel-Expires: 0'
curl -s -o /dev/null "$nginx_url/bogus[1-3000].jpg?w=640"
is "the flood was answered by the daemon" "$(calls)" 3000
is "still warm" "$(curl -s -o /dev/null -w '%{http_code}\n' \
    "$nginx_url/warm.jpg?w=[1-200]" | sort | uniq -c | tr -d ' ')" 200200
is "no call for them" "$(calls)" 3000
say "$refusal" 'X-Accel-Expires: 2'
curl -s -o /dev/null "$nginx_url/kept[1-3000].jpg?w=640"
say "$refusal" 'X-Accel-Expires: 0'
curl -s -o /dev/null "$nginx_url/warm.jpg?w=[1-200]"
ok "(the zone is small enough for the test to mean it)" [ "$(calls)" -gt 0 ]
finish
