# shellcheck shell=sh
# For mixed.sh: front and converters in valgrind, which is ten to fifty times
# slower, so with less of everything, and without the sandbox, which knows
# nothing of valgrind's own calls.  POSIX sh, to be sourced.

. "$top/spawn/install"
missing=$(packages_missing soak)
# shellcheck disable=SC2086 # one word a package
[ -z "$missing" ] || packages_install $missing || exit 2
need_commands valgrind

judge=no clients=8
requests=${SOAK_REQUESTS:-2000} parts=${SOAK_PARTS:-2}
seconds=${SOAK_SECONDS:-$((60 * ${SOAK_MINUTES:-1}))}
valgrind_options='--sandbox off --queue 40 --timeout 120s'
"${CC:-cc}" -shared -fPIC -o "$work/under.so" "$top/tests/soak/under.c" ||
    exit 2
VALGRIND_OPTS="--quiet --leak-check=full --show-leak-kinds=definite
--log-file=$work/valgrind.%p"
SOAK_UNDER="env LD_PRELOAD=$work/under.so SOAK_UNDER=$IMGFCGI"
export VALGRIND_OPTS

# With --quiet it says what it has found, and who was killed.
valgrind_judge() {
	# It does not know openat2, and says so each time.
	sed '/^--/d' "$work"/valgrind.[0-9]* >"$SOAK_OUT/valgrind.log"
	is 'processes of valgrind that were looked at' "$(find "$work" \
	    -name 'valgrind.[0-9]*' | wc -l | awk '{ print ($1 >= 3) }')" 1
	is 'findings of valgrind' "$(sed -n 's/^==[0-9]*== \([^ ]\)/\1/p' \
	    "$SOAK_OUT/valgrind.log" | grep -v -e 'Process terminating' \
	    -e '^Killed' | sort | uniq -c | head -n 20)" ''
}
