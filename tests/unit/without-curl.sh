# Built without libcurl: the daemon is as it was, and an origin is refused in
# one clear line.
. "$(dirname "$0")/../lib.sh"
need_variables IMGFCGI SAMPLES BUILDDIR

grep -q "^CURL_LIBS = .*curl" "$BUILDDIR/Makefile" && {
	skip "without libcurl" "this build has it"
	finish
}
for origin in https://example.com/a http://example.com s3://bucket; do
	said=$("$IMGFCGI" --origin $origin -t 2>&1 >/dev/null)
	is "$origin: status" $? 1
	is "$origin: line" "$said" "imgfcgi: origin = $origin: built without \
libcurl: configure --with-curl"
done
bytes=$("$IMGFCGI" --root "$SAMPLES" --once '/photo.jpg?w=150' 2>/dev/null |
    wc -c)
ok 'a local original' test "$bytes" -gt 1000
bytes=$("$IMGFCGI" --root "$SAMPLES" --fallback "$SAMPLES/graphic.png" \
    --once '/none.jpg?w=150' 2>/dev/null | wc -c)
ok 'a fallback' test "$bytes" -gt 500
finish
