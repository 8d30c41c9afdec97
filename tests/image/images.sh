# Every picture in every format and at every width: sizes, orientation and
# colours.  Needs BUILDDIR and SAMPLES; IMAGES adds its photos, which take
# minutes and so are left to the build without sanitizers.
. "$(dirname "$0")/../lib.sh"
photos=${IMAGES:-}
[ -z "${SANITIZED:-}" ] || photos=
if "${BUILDDIR:?}/tests/image/images" "${SAMPLES:?}" \
    ${photos:+"$photos"}; then
	pass
else
	fail images "status $?"
fi
finish
