# Every file that was made to hurt gets the answer that its list expects.
# Needs BUILDDIR and IMAGES.
. "$(dirname "$0")/../lib.sh"
if [ ! -d "${IMAGES:-}/hostile" ]; then
	skip hostile 'no folder of hostile files'
elif "${BUILDDIR:?}/tests/image/hostile" "$IMAGES/hostile"; then
	pass
else
	fail hostile "status $?"
fi
finish
