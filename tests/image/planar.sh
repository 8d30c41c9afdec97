# The planar path makes the pictures that libvips makes.  Needs BUILDDIR;
# IMAGES adds its photos, in the build without sanitizers.
. "$(dirname "$0")/../lib.sh"
photos=${IMAGES:-}
[ -z "${SANITIZED:-}" ] || photos=
if [ ! -x "${BUILDDIR:?}/tests/image/planar" ]; then
	skip planar 'configure found no libraries for it'
elif "$BUILDDIR/tests/image/planar" ${photos:+"$photos"}; then
	pass
else
	fail planar "status $?"
fi
finish
