#!/bin/sh
# The key law (equal key, equal input to the daemon) over fuzzed raw queries
# through a real nginx with the shipped maps.  See keylaw.c.
#
#	KEYLAW	the program; compiled here if unset
#	COUNT	fuzzed queries, 120000
#	SEED	of the fuzz, 1

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"

command -v nginx >/dev/null || { skip nginx "not installed"; finish; }
work=$(mktemp -d) || exit 1
trap 'nginx_stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ -z "${KEYLAW:-}" ]; then
	KEYLAW=$work/keylaw
	${CC:-cc} -std=c11 -O2 -D_GNU_SOURCE -I"$top" -I"$top/src" \
	    -o "$KEYLAW" "$top/tests/e2e/keylaw.c" "$top/tests/e2e/link.c" \
	    "$top/src/url/params.c" "$top"/src/base/*.c -lpthread || exit 1
fi
nginx_prepare_echo && nginx_start || exit 1
ok "the law" "$KEYLAW" "$nginx_port" "${COUNT:-120000}" "${SEED:-1}"
finish
