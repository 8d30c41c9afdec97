#!/bin/sh
# Replays every fuzz corpus through its target.  Run by `make check`, where
# the targets are plain programs; needs srcdir, and stands in the build tree.

: "${srcdir:=.}"
failed=0
for target in tests/fuzz/fuzz_*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=$(basename "$target")
	"$target" ${fuzz_replay:-} "$srcdir/tests/fuzz/corpus/$name" || failed=1
done
exit $failed
