# What every shell test shares.  POSIX sh; source it, then end with `finish`.
#
#   pass NAME | fail NAME WHY | skip NAME WHY     count and tell
#   is NAME GOT WANT                              compare two strings
#   ok NAME COMMAND...                            passes if COMMAND does
#   finish                                        the line tests/run adds up
#   need_commands NAME...                         or skip it all
#   need_variables NAME...                        or skip it all

test_name=$(basename "$0" .sh)
test_passed=0 test_failed=0 test_skipped=0

pass() {
	test_passed=$((test_passed + 1))
}

fail() {
	test_failed=$((test_failed + 1))
	printf '%s: failed: %s: %s\n' "$test_name" "$1" "$2"
}

skip() {
	test_skipped=$((test_skipped + 1))
	printf '%s: skipped: %s: %s\n' "$test_name" "$1" "$2"
}

is() {
	if [ "$2" = "$3" ]; then
		pass
	else
		fail "$1" "got '$2', want '$3'"
	fi
}

ok() {
	what=$1
	shift
	if "$@"; then
		pass
	else
		fail "$what" "$*"
	fi
}

finish() {
	printf '%s: %d passed, %d failed, %d skipped\n' "$test_name" \
	    "$test_passed" "$test_failed" "$test_skipped"
	[ "$test_failed" -eq 0 ] || exit 1
	[ "$test_passed" -gt 0 ] || exit 77
	exit 0
}

need_commands() {
	for need; do
		command -v "$need" >/dev/null && continue
		skip "$need" 'not installed'
		finish
	done
}

need_variables() {
	for need; do
		eval "[ -n \"\${$need:-}\" ]" && continue
		skip "$need" 'is unset'
		finish
	done
}
