# Single jobs on our own pictures: places, refusals, deadlines, equal bytes.
# Needs BUILDDIR and SAMPLES.
. "$(dirname "$0")/../lib.sh"
if "${BUILDDIR:?}/tests/image/jobs" "${SAMPLES:?}"; then
	pass
else
	fail jobs "status $?"
fi
finish
