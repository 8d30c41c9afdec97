# The bench in its shortest form: it measures, tells, and leaves nothing
# behind; and the main job's price, w=640 through nginx, is at most that of a
# bare libvips loop.
#
#	IMGFCGI BUILDDIR SAMPLES	programs and pictures

top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/lib.sh"

[ -z "${SANITIZED:-}" ] || { skip bench 'sanitizers cost CPU'; finish; }
[ -r /proc/self/stat ] || { skip bench 'no /proc here'; finish; }
need_variables IMGFCGI BUILDDIR SAMPLES
need_commands nginx curl
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
mkdir "$work/tmp" "$work/out" && chmod 755 "$work/tmp" || exit 1

# sharp stands for what is not there, and this for ImageMagick: what else has
# a front, a backend and a child an image.
mkdir -p "$work/peers/bin" || exit 1
"$IMGFCGI" --root "$SAMPLES" --once '/photo.jpg?w=640' \
    >"$work/peers/640.jpg" 2>/dev/null
cat >"$work/peers/bin/magick" <<'END'
#!/bin/sh
case $1 in
-version) echo 'Version: none http://localhost' ;;
*) cat "$(dirname "$0")/../640.jpg" ;;
esac
END
chmod 755 "$work/peers" "$work/peers/bin" "$work/peers/bin/magick"
TMPDIR=$work/tmp BENCH_OUT=$work/out BENCH_PEERS=$work/peers MODES=equal \
    SERVERS='imgfcgi libvips sharp ImageMagick' SCORE=no \
    sh "$top/tests/bench/run" "$BUILDDIR" tiny >"$work/text" 2>"$work/said"
is 'it ends well' $? 0
ok 'the absent one is named' grep -q 'absent: sharp' "$work/text"
is 'its folder is gone' "$(ls "$work/tmp")" ''
is 'its processes are gone' "$(ps -A -o args= |
    grep -F "$work/tmp" | grep -v grep)" ''
for name in imgfcgi ImageMagick; do
	is "rounds of $name, all answered" "$(awk -F '\t' -v name=$name '
	    $3 == name && $4 == "jpeg-jpeg" && $6 == 8 && $7 == 0 && $8 > 1' \
	    "$work/out/raw.tsv" | wc -l | tr -d ' ')" 5
done
is 'ladder and memory measured' "$(awk -F '\t' '$4 == "ladder" && $6 == 10 &&
    $7 == 0 || $4 == "memory" && $6 == 12 && $7 == 0 && $12 > 1000' \
    "$work/out/raw.tsv" | wc -l | tr -d ' ')" 4
ok 'a page with a plot' grep -q '<svg' "$work/out/bench.html"
ok 'no figure is none' eval "! grep -qi 'nan\|inf' '$work/text'"

row=$(awk '/^jpeg-jpeg/ { inside = 1 } inside && $1 == "libvips" {
	print; exit }' "$work/text")
echo "bench: w=640: name, CPU ms, mean, imgfcgi's over its: $row"
ok "a picture costs more than in a bare loop: $row" \
    awk -v row="$row" 'BEGIN { split(row, f); exit !(f[4] > 0 && f[4] <= 1) }'
[ "$test_failed" = 0 ] || tail -n 20 "$work/said"
finish
