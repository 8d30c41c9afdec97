# Our reader of PNG against libvips'.  Needs BUILDDIR and SAMPLES; IMAGES adds
# its photos, in the build without sanitizers.
. "$(dirname "$0")/../lib.sh"
photos=${IMAGES:+$IMAGES/photos}
[ -z "${SANITIZED:-}" ] || photos=
fast=no
! grep -q '^DEFLATE_LIBS = .*deflate' "${BUILDDIR:?}/Makefile" || fast=yes
if "$BUILDDIR/tests/image/png" $fast "${SAMPLES:?}" ${photos:+"$photos"}; then
	pass
else
	fail png "status $?"
fi
finish
