#!/bin/sh
# The README's table of freshness: its numbers are what the manual's profiles
# give, what is changed or deleted goes as it says, and so do its commands.
#
#	IMGFCGI		the daemon
#	IMGFCGI_URL	the command line tool
#	SAMPLES		directory of the sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL SAMPLES
work=
stop_all() {
	nginx_stop
	daemon_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
daemon_prepare
work=$daemon_dir
readme=$top/README.md

# --- the numbers -------------------------------------------------------------

cell() { # row's beginning, column: news 2, default 3, archive 4
	sed -n '/^### Fresh/,/begin purge/p' "$readme" |
	    sed -n "s/^| $1[^|]*|//p" | cut -d '|' -f $(($2 - 1)) | tr -d ' '
}
seconds() { # 60s, 5m, 30d
	case $1 in
	*s) echo $((${1%s})) ;;
	*m) echo $((${1%m} * 60)) ;;
	*d) echo $((${1%d} * 86400)) ;;
	esac
}
root=$work/root
mkdir "$root"
for n in 1 2 3 4; do
	cp "$SAMPLES/photo.jpg" "$root/p$n.jpg" || exit 1
done
mkdir "$root/sub" && cp "$SAMPLES/photo.jpg" "$root/sub/p1.jpg" || exit 1
chmod -R a+rX "$root"
{
	echo "root = $root"
	sed -n '/^\.\\" begin conf profiles/,/^\.\\" end conf profiles/p' \
	    "$top/src/imgfcgi.conf.5" |
	    sed -e '/^\./d' -e "s|^root = .*|root = $root|"
} >"$work/profiles.conf"
column=2
for site in news '' archive; do
	name=${site:-default}
	"$IMGFCGI" --config "$work/profiles.conf" --site "$site" \
	    --once '/p1.jpg?w=150' >"$work/body" 2>"$work/head"
	fresh=$(seconds "$(cell '`fresh`' $column)")
	age=$(seconds "$(cell '`max-age`' $column)")
	is "$name: fresh" "$(nginx_header X-Accel-Expires)" "$fresh"
	is "$name: max-age" "$(nginx_header Cache-Control)" \
	    "public, max-age=$age"
	is "$name: questions a second" "$(cell 'questions a second' $column)" \
	    "$(awk "BEGIN { q = 100000 / $fresh
	        printf(q < 1 ? \"%.2f\" : \"%.0f\", q) }")"
	column=$((column + 1))
done

# --- news and archive side by side; a minute of news is a second here --------

sed -e 's/^fresh = 60s/fresh = 1s/' "$work/profiles.conf" >"$work/fast.conf"
is 'one time is made shorter' "$(diff "$work/profiles.conf" \
    "$work/fast.conf" | grep -c '^<')" 1
daemon_start --config "$work/fast.conf" && nginx_prepare "$root" \
    "$daemon_socket" || exit 1
# shellcheck disable=SC2016 # nginx's own variable
nginx_edit imgfcgi-server.conf \
    's/set $imgfcgi_site "";/set $imgfcgi_site $http_x_site;/' &&
    nginx_start || exit 1
get() { nginx_get "$2" -H "X-Site: $1"; }
soon() { # site path "code state": within a second
	again() { [ "$(get "$1" "$2")" = "$3" ]; }
	nginx_wait again "$@"
}
for site in news archive; do
	is "$site: first" "$(get $site '/p1.jpg?w=150')" '200 MISS'
	for url in '/p1.jpg?w=320' '/p2.jpg?w=150' '/sub/p1.jpg?w=150'; do
		get $site "$url" >/dev/null
	done
	get $site '/p1.jpg?w=150' >/dev/null
done
old=$(nginx_header ETag)

# Changed.
cp "$SAMPLES/portrait.jpg" "$root/new" && mv "$root/new" "$root/p1.jpg"
sleep 2.1
is 'news: changed, the first visitor' \
    "$(get news '/p1.jpg?w=150')" '200 STALE'
ok 'news: the next' soon news '/p1.jpg?w=150' '200 HIT'
ok 'has the new one' test "$(nginx_header ETag)" != "$old"
is 'archive: changed' "$(get archive '/p1.jpg?w=150')" '200 HIT'
is 'is the old one' "$(nginx_header ETag)" "$old"

# The README's commands, for p1.jpg and this cache.
sed -n '/^<!-- begin purge -->$/,/^<!-- end purge -->$/p' "$readme" |
    sed -e '/^<!-- /d' -e '/^```/d' \
    -e "s|/var/cache/imgfcgi|$nginx_dir/cache|" \
    -e 's|photo\\.jpg|p1\\.jpg|' >"$work/purge"
is 'commands' "$(grep -c "$nginx_dir/cache" "$work/purge")" 2
sed -n 1p "$work/purge" >"$work/one"
sed -n 2p "$work/purge" >"$work/all"
ok 'a purge of one picture' sh "$work/one"
is 'gone from the cache' "$(get archive '/p1.jpg?w=150')" '200 MISS'
ok 'and new' test "$(nginx_header ETag)" != "$old"
is 'its other size, too' "$(get archive '/p1.jpg?w=320')" '200 MISS'
is 'another picture stays' "$(get archive '/p2.jpg?w=150')" '200 HIT'
is 'one of its name elsewhere, too' "$(get archive '/sub/p1.jpg?w=150')" \
    '200 HIT'

# Deleted.
get news '/p1.jpg?w=150' >/dev/null
rm "$root/p1.jpg"
sleep 2.1
is 'news: deleted, the first visitor' \
    "$(get news '/p1.jpg?w=150')" '200 STALE'
sleep 0.3
is 'news: the next' "$(get news '/p1.jpg?w=150' | cut -d ' ' -f 1)" 404
is 'archive: deleted' "$(get archive '/p1.jpg?w=150')" '200 HIT'
ok 'a purge' sh "$work/one"
is 'archive: gone' "$(get archive '/p1.jpg?w=150')" '404 MISS'
ok 'a purge of everything' sh "$work/all"
is 'nothing is left' "$(get archive '/p2.jpg?w=150')" '200 MISS'

# Questions: pictures by fresh, however many visitors.
for n in 2 3 4; do
	get news "/p$n.jpg?w=150" >/dev/null
done
asked() { grep -c ' 304 not-modified /p' "$daemon_log"; }
before=$(asked)
began=$(date +%s)
visits=0
while [ $(($(date +%s) - began)) -lt 4 ]; do
	curl -s -o /dev/null -H 'X-Site: news' \
	    "$nginx_url/p[2-4].jpg?w=150&i=[1-10]"
	visits=$((visits + 30))
	sleep 0.2
done
took=$(($(date +%s) - began))
questions=$(($(asked) - before))
ok "$visits visits, $questions questions: some" test $questions -ge 3
ok "$visits visits, $questions questions: at most 3 a second" \
    test $questions -le $((3 * (took + 1)))
ok 'far fewer than visits' test $((questions * 10)) -lt $visits
finish
