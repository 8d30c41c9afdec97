#!/bin/sh
# Records dumps/recorded anew, with nginx, curl and the browsers that are here
# (chromium, firefox-esr; what is not here is left as it is).
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	RECORD			tests/replay/record
#	SAMPLES			directory of sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/replay/record-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL RECORD SAMPLES
trap record_end EXIT
trap 'exit 1' HUP INT TERM
out=$top/tests/replay/dumps/recorded

# What pages do with pictures, and then what scripts do.
page='<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Pictures</title>
<link rel="icon" href="data:,">
<img alt="" src="/photo.jpg?w=640" sizes="50vw"
    srcset="/photo.jpg?w=320 320w, /photo.jpg?w=640 640w,
    /photo.jpg?w=1280 1280w">
<picture>
<source type="image/avif" srcset="/portrait.jpg?w=150&amp;f=avif">
<source type="image/webp" srcset="/portrait.jpg?w=150&amp;f=webp">
<img alt="" src="/portrait.jpg?w=150">
</picture>
<img alt="" src="/photo.webp?w=420&amp;f=auto" loading="lazy">
<img alt="" src="/none.jpg?w=420">
<div style="background: url(/graphic.png?w=150); height: 90px"></div>
<script>
async function play() {
	const url = "/small.jpg?w=150";
	const stop = new AbortController();

	await fetch(url);
	await fetch(url, { cache: "no-cache" });
	await fetch(url, { method: "HEAD", cache: "no-store" });
	await fetch(url, { headers: { Range: "bytes=0-99" },
	    cache: "no-store" });
	await fetch(url, { method: "POST", body: "a text" });
	setTimeout(() => stop.abort(), 150);
	await fetch("/photo.jpg?w=1280&f=png", { signal: stop.signal });
}
addEventListener("load", play);
</script>
</html>'

# One that looks at a page for so long; it has a new profile each time.
browse() { # program page
	browser_dir=$work/$(basename "$record_out" .req).profile
	mkdir "$browser_dir"
	case $1 in
	chromium)
		timeout -k 5 20 chromium --headless --no-sandbox \
		    --disable-gpu --disable-quic --no-first-run \
		    --disable-background-networking \
		    --disable-component-update --disable-sync \
		    --user-data-dir="$browser_dir" --window-size=1000,800 \
		    --remote-debugging-port=0 \
		    --force-device-scale-factor=2 "$2"
		;;
	firefox-esr)
		HOME=$browser_dir timeout -k 5 20 firefox-esr --headless \
		    --profile "$browser_dir" --no-remote "$2"
		;;
	esac
}

version() { # program
	"$1" --version 2>/dev/null | sed -n \
	    '1s/^[^0-9]*\([0-9][0-9.]*\).*/'"$1"' \1/p'
}

record_start || exit 1
printf '%s\n' "$page" >"$record_root/page.html"
mkdir -p "$out"
rm -f "$out"/bytes*
server="nginx $(nginx -v 2>&1 | sed 's/.*nginx\/\([0-9.]*\).*/\1/')"
who="$server, $(version curl), the shipped files"
record_begin "$out/site.req" text "$who" && curl_steps
who="$server, $(version curl), every header and method passed on"
record_begin "$out/bare.req" text "$who" && bare_steps
record_begin "$out/bytes.req" bytes "$who" || exit 1
step 'GET' visit "$bare_url/photo.jpg?w=150"
step 'HEAD' visit "$bare_url/photo.jpg?w=150" -I
step 'POST in two writes' visit "$bare_url/photo.jpg?w=150" \
    -d "$(printf '%02000d' 0)" -H 'Expect:'
step 'the shipped files' visit "$nginx_url/photo.jpg?w=150&f=webp"
for browser in chromium firefox-esr; do
	command -v $browser >/dev/null || continue
	name=${browser%-esr}
	who="$server, $(version $browser), the shipped files"
	rm -rf "$nginx_dir/cache" && nginx_stop && nginx_start || exit 1
	record_begin "$out/$name-site.req" text "$who"
	step 'a page' browse $browser "$nginx_url/page.html"
	who="$server, $(version $browser), every header and method passed on"
	record_begin "$out/$name-bare.req" text "$who"
	step 'a page' browse $browser "$bare_url/page.html"
done
for file in "$out"/*.req; do
	printf '%s: %s cases\n' "$file" "$(grep -c '^==' "$file")"
done
[ $test_failed -eq 0 ]
