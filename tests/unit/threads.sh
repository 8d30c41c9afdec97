#!/bin/sh
# The unit tests that start threads, for the build with ThreadSanitizer.
# Needs BUILDDIR.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
need_variables BUILDDIR
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

for file in $(grep -l pthread_create "$top"/tests/unit/t_*.c); do
	name=$(basename "$file" .c)
	make -C "$BUILDDIR" "tests/unit/$name" >"$out" 2>&1 &&
	    srcdir=$top "$BUILDDIR/tests/unit/$name" >"$out" 2>&1
	is "$name" "$? $(sed -n 's/^[a-z_]*: [0-9]* passed, //p' "$out")" \
	    '0 0 failed, 0 skipped'
	grep -q ' 0 failed, 0 skipped$' "$out" || cat "$out"
done
finish
