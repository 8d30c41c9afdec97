#!/bin/sh
# The soak in its shortest form: it asks, kills, reloads, writes down what the
# processes hold, and leaves nothing behind.  Too short to judge memory.
#
#	IMGFCGI IMGFCGI_URL LOAD BUILDDIR	programs

top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/lib.sh"

[ -r /proc/self/status ] || { skip soak 'no /proc here'; finish; }
need_variables IMGFCGI IMGFCGI_URL LOAD BUILDDIR
need_commands nginx curl
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/tmp" && chmod 755 "$work" "$work/tmp" || exit 1

TMPDIR=$work/tmp SOAK_OUT=$work/out SOAK_JUDGE=no SOAK_REQUESTS=600 \
    SOAK_PARTS=2 SOAK_SECONDS=5 sh "$top/tests/soak/run" "$BUILDDIR" \
    >"$work/said" 2>&1
is 'it ends well' $? 0
cat "$work/said"
is 'its folder is gone' "$(ls "$work/tmp")" ''
is 'its processes are gone' "$(ps -A -o args= | grep -F "$work/tmp" |
    grep -v grep)" ''
is 'who was looked at' "$(cut -f 4 "$work/out/samples.tsv" | sort -u |
    tr '\n' ' ')" 'converter front master '
is 'what happened' "$(cut -f 2 "$work/out/events.tsv" | sort -u |
    tr '\n' ' ')" 'converter front reload '
is 'plots' "$(grep -c '^<svg' "$work/out/soak.html")" 3
ok 'no figure is none' eval "! grep -qi 'nan\|inf' '$work/out/soak.html'"

# A check of the check: of a daemon that holds more and more it says so.
awk -F '\t' -v OFS='\t' '$2 == "last" { $6 *= 1.2; $7++ } { print }' \
    "$work/out/samples.tsv" >"$work/samples.tsv"
is 'a leak' "$(awk -f "$top/tests/bench/page.awk" \
    -f "$top/tests/soak/report.awk" "$work/out/about.tsv" \
    "$work/out/events.tsv" "$work/samples.tsv" |
    grep -cE '^broken (memory|descriptors)')" 7
finish
