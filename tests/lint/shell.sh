# Every script is POSIX sh: it parses in every sh that is here, shellcheck
# finds nothing in it, and its lines fit 80 columns.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

# Scripts by name, and by first line.
scripts=$(
	find tests spawn .ci -name '*.sh'
	find tests spawn .ci -type f ! -name '*.*' -exec grep -lE \
	    '^#!/bin/sh|POSIX sh[,.]' {} +
)
# 1091: files that are sourced are checked by themselves.
# 2034, 2154: variables go from one sourced file to another.
# 2086: words are split where one word a thing is wanted, e.g. flags.
# 2317: functions are called by name (ok, trap).
excluded=SC1091,SC2034,SC2154,SC2086,SC2317

for file in $(printf '%s\n' $scripts | sort -u); do
	for shell in sh dash 'bash --posix' mksh; do
		command -v "${shell%% *}" >/dev/null 2>&1 || continue
		ok "$file in $shell" $shell -n "$file"
	done
	if command -v shellcheck >/dev/null 2>&1; then
		ok "$file" shellcheck -s sh -e "$excluded" -S warning "$file"
	else
		skip "$file" 'no shellcheck here'
	fi
	long=$(expand "$file" | awk 'length($0) > 80 { print NR }' | head -n 1)
	is "$file: a line over 80 columns" "$long" ''
done
finish
