#!/bin/sh
# A whole site, end to end: the shipped nginx files, the daemon, real pictures.
#
#	IMGFCGI		the daemon
#	IMGFCGI_URL	the command line tool
#	SAMPLES		directory of photo.jpg, graphic.png, animation.gif and
#			portrait.jpg

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL SAMPLES
work=$(mktemp -d) || exit 1
daemon_pid=
stop_all() {
	nginx_stop
	daemon_stop
	rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

daemon_start() {
	"$IMGFCGI" --config "$work/imgfcgi.conf" 2>>"$work/daemon.log" &
	daemon_pid=$!
	nginx_wait test -S "$work/sock" && return 0
	cat "$work/daemon.log" >&2
	return 1
}

daemon_stop() {
	[ -n "$daemon_pid" ] || return 0
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid"
	daemon_code=$?
	daemon_pid=
	rm -f "$work/sock"
}

get() { nginx_get "$@"; }
code() { get "$@" | cut -d ' ' -f 1; }
header() { nginx_header "$1"; }
mint() { # site path name=value...
	site=$1
	shift
	"$IMGFCGI_URL" mint --key-file "$work/keys" --site "$site" "$@"
}
# The side of a lossy WebP: 14 bits of its frame header.
webp_side() { # offset
	od -An -tu1 -j "$1" -N 2 "$work/body" |
	    awk '{ print ($2 % 64) * 256 + $1 }'
}

mkdir "$work/root" "$work/root/img" "$work/root/a b"
cp "$SAMPLES/photo.jpg" "$SAMPLES/graphic.png" "$SAMPLES/animation.gif" \
    "$SAMPLES/portrait.jpg" "$work/root/" &&
    cp "$SAMPLES/photo.jpg" "$work/root/img/" &&
    cp "$SAMPLES/photo.jpg" "$work/root/PHOTO.JPG" &&
    cp "$SAMPLES/photo.jpg" "$work/root/a b/\"é\" [Q=1].jpg" &&
    cp "$SAMPLES/photo.jpg" "$work/root/deleted.jpg" &&
    cp "$SAMPLES/photo.jpg" "$work/root/replaced.jpg" || exit 1
echo 'no picture' >"$work/root/text.jpg"
echo secret >"$work/outside.jpg"
ln -s ../outside.jpg "$work/root/link.jpg"
(umask 077 && "$IMGFCGI_URL" keygen >"$work/keys") || exit 1
cat >"$work/imgfcgi.conf" <<END
root = $work/root
socket = $work/sock
key-file = $work/keys
fresh = 4s
[site sealed]
root = $work/root
open =
END
nginx_prepare "$work/root" "$work/sock" && daemon_start && nginx_start || exit 1

# The first picture, twice; then the visitor has it.
is "first" "$(get '/photo.jpg?w=320&f=webp')" "200 MISS"
is "its type" "$(header Content-Type)" image/webp
is "its width" "$(webp_side 26)" 320
is "its name" "$(header Content-Disposition | grep -c 'photo\.webp')" 1
is "its length" "$(header Content-Length)" "$(wc -c <"$work/body" | tr -d ' ')"
is "nosniff" "$(header X-Content-Type-Options)" nosniff
is "nothing private" "$(grep -ci '^x-imgfcgi\|^x-accel' "$work/head")" 0
etag=$(header ETag)
cp "$work/body" "$work/first"
is "second" "$(get '/photo.jpg?w=320&f=webp')" "200 HIT"
ok "the same bytes" cmp -s "$work/body" "$work/first"
is "If-None-Match on a hit" "$(get '/photo.jpg?w=320&f=webp' \
    -H "If-None-Match: $etag")" "304 HIT"
is "If-None-Match on a miss" "$(get '/photo.jpg?w=150' &&
    get '/photo.jpg?w=420' -H "If-None-Match: $(header ETag)")" "200 MISS
200 MISS"
get '/portrait.jpg?w=150' >/dev/null
portrait=$(header ETag)
rm -rf "$nginx_dir"/cache/*
is "… that matches" "$(get '/portrait.jpg?w=150' \
    -H "If-None-Match: $portrait" | cut -d ' ' -f 1)" 304

# tcl-img-proxy's URLs, and one key for every spelling.
is "its example" "$(code '/photo.jpg?w=640&q=85&f=webp')" 200
for same in 'w=640&q=85&f=webp&timestamp=1512345678' 'f=webp&q=85&w=640' \
    'utm_source=x&w=640&q=85&f=webp&fit=cover&fbclid=y'; do
	is "$same" "$(get "/photo.jpg?$same")" "200 HIT"
done
is "f=jpg" "$(get '/photo.jpg?w=640&f=jpg')" "200 MISS"
is "f=jpeg" "$(get '/photo.jpg?w=640&f=jpeg')" "200 HIT"
is "an extension in capitals" "$(code '/PHOTO.JPG?w=150')" 200
is "awkward names" \
    "$(code '/a%20b/%22%C3%A9%22%20[Q=1].jpg?w=150')" 200

# By browser.
for row in 'image/avif,image/webp,*/*=image/avif' 'image/webp,*/*=image/webp' \
    '*/*=image/jpeg' 'image/avif;q=0,*/*=image/jpeg'; do
	is "auto: ${row%=*}" "$(code '/photo.jpg?w=150&f=auto' \
	    -H "Accept: ${row%=*}") $(header Content-Type) $(header Vary)" \
	    "200 ${row##*=} Accept"
done
is "no Vary elsewhere" "$(code '/photo.jpg?w=150') $(header Vary)" "200 "

# HEAD, ranges.
is "HEAD" "$(get '/graphic.png?w=150' -I)" "200 MISS"
length=$(header Content-Length)
is "then GET" "$(get '/graphic.png?w=150') $(wc -c <"$work/body" |
    tr -d ' ')" "200 HIT $length"
is "a range" "$(get '/graphic.png?w=150' -H 'Range: bytes=0-99') $(wc -c \
    <"$work/body" | tr -d ' ')" "206 HIT 100"
is "a range of a miss" "$(get '/graphic.png?w=320' -H 'Range: bytes=0-99') \
$(wc -c <"$work/body" | tr -d ' ')" "206 MISS 100"

# Originals are nginx's own.
for junk in '' '?utm_source=x' '?v=3' '?w='; do
	is "original: $junk" "$(get "/photo.jpg$junk")" "200 "
	ok "its bytes" cmp -s "$work/body" "$SAMPLES/photo.jpg"
done

# Sealed.
url=$(mint '' /photo.jpg crop=800x600+10+20 w=320 f=webp)
is "sealed" "$(code "$url")" 200
is "its size" "$(webp_side 26)x$(webp_side 28)" 320x240
url=$(mint '' /photo.jpg w=333)
is "a width outside the list" "$(code "$url")" 200
is "for another picture" "$(code "/portrait.jpg?${url#*\?}")" 404
is "cut short" "$(code "${url%?}")" 404
main_url=$nginx_url
nginx_url=http://127.0.0.1:$((nginx_port + 1))
is "a prefix" "$(code '/img/photo.jpg?w=320')" 200
is "sealed with a prefix" "$(code "$(mint '' /img/photo.jpg w=333)")" 200
sealed=$(mint sealed /photo.jpg w=333)
nginx_url=http://127.0.0.1:$((nginx_port + 2))
is "a sealed-only site" "$(code "$sealed")" 200
is "… original" "$(code /photo.jpg)" 404
is "… clear" "$(code '/photo.jpg?w=320')" 404
is "… a forged one" "$(code "/photo.jpg?hash=$(printf '%060d' 0)")" 404
is "… of the other site" "$(code "$url")" 404
nginx_url=$main_url
is "… and the other way" "$(code "$sealed")" 404

# Every refusal looks alike, whoever refuses.
looks() {
	code "$@" >/dev/null
	tr -d '\r' <"$work/head" | grep -v -e '^Date:' -e '^Connection:' \
	    -e '^X-Cache-Status:' -e '^$' | LC_ALL=C sort
	cat "$work/body"
}
looks /none.jpg >"$work/bare"
is "the bare 404" "$(grep -c '^HTTP/1.1 404' "$work/bare")" 1
for url in '/none.jpg?w=320' '/photo.jpg?w=321' '/photo.jpg?w=x' \
    '/photo.jpg?hash=x' "/photo.jpg?hash=$(printf '%060d' 0)" \
    '/photo.jpg?exp=1' '/photo.jpg?crop=1x1+0+0' '/photo.jpg?f=bmp' \
    '/text.jpg?w=320' '/link.jpg?w=320' /link.jpg \
    '/img?w=320' '/?w=320' '/img/' \
    '/photo%00.jpg?w=320' '/%2e%2e/outside.jpg?w=320' \
    '/..%2foutside.jpg?w=320' '/%252e%252e/outside.jpg?w=320' \
    '/.hidden?w=320'; do
	is "refused: $url" "$(looks "$url" --path-as-is)" "$(cat "$work/bare")"
done
for method in POST PUT DELETE OPTIONS; do
	is "refused: $method" "$(looks '/photo.jpg?w=320' -X $method)" \
	    "$(cat "$work/bare")"
done
ok "the cause is in nginx's log" nginx_log_has \
    '/photo.jpg?w=321 HTTP/1.1" 404 .*cause=not-allowed'
ok "and another" nginx_log_has '/none.jpg?w=320 HTTP/1.1" 404 .*cause=not-found'
is "one missing twice" "$(get '/none.jpg?w=320')" "404 MISS"

# Expired and unchanged: one STALE, then fresh again with the same ETag.
is "before expiry" "$(code '/photo.jpg?w=630')" 200
etag=$(header ETag)
is "to be deleted" "$(code '/deleted.jpg?w=320')" 200
is "to be replaced" "$(code '/replaced.jpg?w=320')" 200
replaced=$(header ETag)
url=$(mint '' /photo.jpg w=444 exp=$(($(date +%s) + 3)))
is "to expire" "$(code "$url")" 200
rm "$work/root/deleted.jpg"
cp "$SAMPLES/portrait.jpg" "$work/root/replaced.jpg"
sleep 5.1
is "expired" "$(get '/photo.jpg?w=630')" "200 STALE"
again() { [ "$(get '/photo.jpg?w=630')" = "200 HIT" ]; }
ok "revalidated" nginx_wait again
is "the same ETag" "$(header ETag)" "$etag"
is "deleted, the first" "$(code '/deleted.jpg?w=320')" 200
sleep 0.3
is "deleted, the second" "$(code '/deleted.jpg?w=320')" 404
is "deleted, the original" "$(code /deleted.jpg)" 404
is "replaced, the first" "$(code '/replaced.jpg?w=320')" 200
fresh_etag() {
	[ "$(code '/replaced.jpg?w=320')" = 200 ] &&
	    [ "$(header ETag)" != "$replaced" ]
}
ok "replaced, soon" nginx_wait fresh_etag
get "$url" >/dev/null
sleep 0.3
is "past its exp" "$(code "$url")" 404

# The daemon goes and comes.
is "warm" "$(code '/photo.jpg?w=900')" 200
daemon_stop
is "it ends well" "$daemon_code" 0
sleep 5.1
is "old pictures stay" "$(get '/photo.jpg?w=900')" "200 STALE"
is "new ones wait" "$(code '/photo.jpg?w=1280') $(cat "$work/body")" \
    "503 Service Unavailable"
daemon_start || exit 1
is "until it is back" "$(code '/photo.jpg?w=1280')" 200

# 3000 bogus paths evict nothing from a small zone.
nginx_stop
daemon_stop
nginx_edit imgfcgi-http.conf 's/keys_zone=imgfcgi:64m/keys_zone=imgfcgi:64k/' &&
    nginx_edit imgfcgi-http.conf 's/rate=200r/rate=100000r/' || exit 1
sed 's/^fresh = .*/fresh = 600s/' "$work/imgfcgi.conf" >"$work/edited" &&
    mv "$work/edited" "$work/imgfcgi.conf"
daemon_start && nginx_start || exit 1
warm_up() {
	for w in 150 320 420 630; do
		for q in 75 80 85 90; do
			get "/animation.gif?w=$w&q=$q&f=png"
		done
	done
}
warm_up >/dev/null
curl -s -o /dev/null "$nginx_url/bogus[1-3000].jpg?w=320"
is "still warm" "$(warm_up | sort | uniq -c | tr -d ' ')" "16200HIT"
daemon_stop
# (A port that was taken is told there, too; nginx_start chooses another.)
is "nothing of ours was loud in nginx's log" "$(grep -e '\[emerg\]' \
    -e '\[alert\]' "$nginx_dir/error.log" | grep -v 'bind()')" ""
finish
