# Every C file is as .clang-format writes it.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

if ! command -v clang-format >/dev/null 2>&1; then
	skip format 'no clang-format here'
	finish
fi
for file in $(find src tests -name '*.[ch]' | sort); do
	ok "$file" clang-format --dry-run -Werror "$file"
done
finish
