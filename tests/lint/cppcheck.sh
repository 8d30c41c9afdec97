# cppcheck finds nothing.  Each suppression says why.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

if ! command -v cppcheck >/dev/null 2>&1; then
	skip cppcheck 'no cppcheck here'
	finish
fi
# missingInclude*: headers of the system and of libraries are not its matter.
# unusedStructMember: fields that only a table's initialiser or a peer names.
# unmatchedSuppression: not every file has something to suppress.
# constParameter*: callbacks of a fixed type take what that type says.
# normalCheckLevelMaxBranches: a remark on how deep it looked.
# toomanyconfigs: as well.
found=$(cppcheck -q -j 2 --std=c11 --language=c --inline-suppr \
    --enable=warning,performance,portability --error-exitcode=9 \
    -D_GNU_SOURCE -D__linux__ -Isrc \
    --suppress=missingInclude --suppress=missingIncludeSystem \
    --suppress=unusedStructMember --suppress=unmatchedSuppression \
    --suppress=constParameterCallback --suppress=toomanyconfigs \
    --suppress=normalCheckLevelMaxBranches \
    --template='{file}:{line}: {id}: {message}' src 2>&1)
status=$?
[ -z "$found" ] || printf '%s\n' "$found"
is 'findings in src' "$status" 0

# A check of the check: what it must find, it finds.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
printf 'int f(void);\nint f(void) { int a[2] = { 0 }; return a[2]; }\n' \
    >"$dir/bad.c"
cppcheck -q --std=c11 --error-exitcode=9 "$dir/bad.c" >/dev/null 2>&1
is 'a planted overrun' $? 9
finish
