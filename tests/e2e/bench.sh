# The main job's price, bounded and short: CPU of a conversion at w=640 over
# all our processes is at most that of a bare libvips loop.  `make bench` has
# the whole table.
#
#	IMGFCGI BARE DRIVE SAMPLES	programs and sample pictures

top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/lib.sh"
. "$top/tests/bench/yardstick.sh"

[ -z "${SANITIZED:-}" ] || { skip bench 'sanitizers cost CPU'; finish; }
DRIVE=${DRIVE:-${BARE%/bare}/drive}
for need in IMGFCGI BARE DRIVE SAMPLES; do
	eval "[ -e \"\${$need:-}\" ]" || { skip $need 'is not there'; finish; }
done
work=$(mktemp -d) || exit 1
clean_up() {
	yardstick_stop
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/root" && cp "$SAMPLES/photo.jpg" "$work/root/" || exit 1
photo=${IMAGES:-}/photos/2569067123_aca715a2ee_o.jpg
[ ! -r "$photo" ] || cp "$photo" "$work/root/camera.jpg"
yardstick_start "$work" || exit 1
for file in photo.jpg camera.jpg; do
	[ -f "$work/root/$file" ] || continue
	row=$(yardstick_row $file 640 8 7) || row='no figures 0 9 9'
	echo "bench: $file w=640: bare, ours, ratio low median high: $row"
	ok "$file costs more than a bare loop: $row" \
	    awk -v row="$row" 'BEGIN { split(row, f); exit f[4] > 1 }'
done
finish
