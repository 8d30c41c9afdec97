#!/bin/sh
# What must be refused is refused at once and for nothing: attacks by path touch
# nothing outside the root, and values outside the lists or forged tokens open
# no file, convert nothing, look alike and evict nothing.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	REPLAY, LOAD		tests/replay/replay, tests/bench/load
#	SAMPLES			directory of sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL REPLAY LOAD SAMPLES
requests=10000
most_ms=5
work='' tracer=''
stop_all() {
	trace_stop
	nginx_stop
	[ -z "$work" ] || chmod -R u+rwx "$work"
	daemon_end
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

# Every system call of the front that names or opens a file goes to a file.
trace_start() { # file
	command -v strace >/dev/null || return 1
	strace -f -qq -y -s 256 -e signal=none -e trace=%file -o "$1" \
	    -p "$(daemon_role front)" 2>"$work/strace.err" &
	tracer=$!
	sleep 1
	kill -0 "$tracer" 2>/dev/null && return 0
	tracer=
	return 1
}
trace_stop() {
	[ -n "$tracer" ] || return 0
	kill -INT "$tracer" 2>/dev/null
	wait "$tracer" 2>/dev/null
	tracer=
}

daemon_prepare
work=$daemon_dir
root=$work/root
mkdir -p "$root/folder.jpg" "$root/closed" || exit 1
cp "$SAMPLES/photo.jpg" "$SAMPLES/animation.gif" "$root/" &&
    cp "$SAMPLES/small.jpg" "$work/outside.jpg" &&
    cp "$SAMPLES/small.jpg" "$root/unreadable.jpg" &&
    cp "$SAMPLES/small.jpg" "$root/closed/photo.jpg" || exit 1
ln -s ../outside.jpg "$root/link.jpg"
ln -s "$work/outside.jpg" "$root/absolute.jpg"
ln -s .. "$root/up"
ln -s /dev/zero "$root/zero.jpg"
ln -s /proc/self/environ "$root/environ.jpg"
ln -s loop.jpg "$root/loop.jpg"
mkfifo "$root/fifo.jpg"
chmod 000 "$root/unreadable.jpg" "$root/closed"
# Fewer idle threads than usual: each is one more for the tracer to follow.
daemon_start --root "$root" --queue 64 --fresh 600s &&
    nginx_prepare "$root" "$daemon_socket" || exit 1

# --- attacks by path, spoken as FastCGI: nginx would stop most of them -------

# name <tab> DOCUMENT_URI in replay's spelling
tab=$(printf '\t')
cat >"$work/attacks" <<END
parent$tab/../outside.jpg
parents$tab/../../../../../../../../etc/passwd
parent behind a folder$tab/folder.jpg/../../outside.jpg
parent, encoded$tab/%2e%2e/outside.jpg
parent, encoded twice$tab/%252e%252e/outside.jpg
slash, encoded$tab/..%2foutside.jpg
backslash$tab/..\\\\outside.jpg
NUL, encoded$tab/photo.jpg%00.png
NUL$tab/none\\x00/../outside.jpg
absolute$tab//etc/passwd
absolute, three$tab///$work/outside.jpg
no slash at all${tab}outside.jpg
link out$tab/link.jpg
absolute link out$tab/absolute.jpg
through a link out$tab/up/outside.jpg
link to a device$tab/zero.jpg
magic link$tab/environ.jpg
link to itself$tab/loop.jpg
pipe$tab/fifo.jpg
folder$tab/folder.jpg
folder, with a slash$tab/folder.jpg/
the root$tab/
file as a folder$tab/photo.jpg/
file as a folder, and back$tab/photo.jpg/../photo.jpg/x
a long name$tab/\${a*300}.jpg
a long path$tab/$(printf '%0300d' 0 | sed 's|0|a/|g').jpg
newline$tab/photo.jpg\\x0a/../outside.jpg
END
# Root reads everything.
[ "$(id -u)" -eq 0 ] || cat >>"$work/attacks" <<END
unreadable$tab/unreadable.jpg
in a closed folder$tab/closed/photo.jpg
END
attacks=0
while IFS=$tab read -r name path; do
	attacks=$((attacks + 1))
	printf '== %s\nREQUEST_METHOD: GET\nDOCUMENT_URI: %s\n' "$name" "$path"
	printf 'QUERY_STRING: w=320\nREQUEST_ID: attack%d\n' $attacks
	printf '@repeat 5\n> status 404\n> body 9\n'
done <"$work/attacks" >"$work/attacks.req"

replayed() { # file
	"$REPLAY" "$daemon_socket" "$1" >"$work/replay.out" 2>&1 && return 0
	cat "$work/replay.out"
	return 1
}
ok "attacks are refused" replayed "$work/attacks.req"
# The daemon's own time, the best of five: this machine may have other work.
best_times() {
	sed -n 's/.* bytes \([0-9.]*\) ms id attack\([0-9]*\).*/\2 \1/p' \
	    "$daemon_log" | awk '
	!($1 in best) || $2 < best[$1] { best[$1] = $2 }
	END { for (i in best) print i, best[i] }' | sort -n
}
best_known() { [ "$(best_times | wc -l)" -eq $attacks ]; }
ok "each has its line in the log" within 5 best_known
is "none took $most_ms ms" \
    "$(best_times | awk -v most=$most_ms '$2 >= most')" ""
printf '%s: slowest attack: %s ms\n' "$test_name" \
    "$(best_times | awk '$2 > most { most = $2 } END { print most }')"

if trace_start "$work/attacks.trace"; then
	ok "refused while traced" replayed "$work/attacks.req"
	trace_stop
	ok "(the tracer sees what is opened)" \
	    grep -q 'open.*folder.jpg' "$work/attacks.trace"
	# What was opened is named at the end of the line: = 7</path>
	is "nothing outside was opened" "$(sed -n \
	    's/^.* = [0-9][0-9]*<\(.*\)>$/\1/p' "$work/attacks.trace" |
	    grep -v -e "^$root\$" -e "^$root/")" ""
	# Looks at what is open already (fstat) name nothing.
	is "nor looked at" "$(grep -v -e 'open' -e ', "", .*AT_EMPTY_PATH' \
	    "$work/attacks.trace")" ""
else
	skip strace "not installed, or not allowed: $(head -n 1 \
	    "$work/strace.err" 2>/dev/null)"
fi
printf '== a picture\nGET /photo.jpg?w=150\n> image 150x* jpg\n' \
    >"$work/well.req"
ok "the daemon is well" replayed "$work/well.req"

# --- 10 000 refusals through nginx, beside a warm cache ----------------------

# A zone for a few hundred entries: whatever is kept displaces something.
nginx_edit imgfcgi-http.conf 's/keys_zone=imgfcgi:64m/keys_zone=imgfcgi:64k/' &&
    nginx_edit imgfcgi-http.conf 's/rate=200r/rate=100000r/' &&
    nginx_start || exit 1
warm_up() {
	for w in 150 320 420 630; do
		for q in 75 80 85 90; do
			nginx_get "/animation.gif?w=$w&q=$q&f=png"
		done
	done
}
is "warming" "$(warm_up | sort | uniq -c | tr -d ' ')" "16200MISS"
mint() { "$IMGFCGI_URL" mint --key-file "$daemon_key" "$@"; }
token=$(mint /photo.jpg w=333)
token=${token#*hash=}
# All of them different: half outside the lists, half forged from a true one,
# one of its characters changed where none is padding.
awk -v n=$requests -v token="$token" 'BEGIN {
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	letters = letters "0123456789-_"
	split("w=%d h=%d w=320&q=%d& w=%d&f=webp w=640&x=%d&f=bmp", form, " ")
	while (i < n) {
		i++
		if (i % 2) {
			k = int(i / 2)
			value = k % 8000 + 2000
			f = form[k % 5 + 1]
			if (f ~ /q=/)
				value = k % 74 + 1
			printf "/photo.jpg?" f "\n", value
			continue
		}
		k = int(i / 2)
		at = k % (length(token) - 1) + 1
		c = substr(letters, int(k / length(token)) % 64 + 1, 1)
		if (c == substr(token, at, 1))
			c = c == "A" ? "B" : "A"
		printf "/photo.jpg?hash=%s%s%s\n", substr(token, 1, at - 1), c,
		    substr(token, at + 1)
	}
}' >"$work/bad"
is "(as many as meant)" "$(wc -l <"$work/bad" | tr -d ' ')" $requests

# utime and stime of the converters, where the system tells them in ticks.
converter_ticks() {
	for pid in $(daemon_role converter); do
		[ ! -r "/proc/$pid/stat" ] ||
		    awk '{ print $14 + $15 }' "/proc/$pid/stat"
	done | awk '{ sum += $1 } END { print sum + 0 }'
}
# Its log comes from a thread of its own, later than the answers.
said() { # lines-before
	tail -n +$(($1 + 1)) "$daemon_log" | grep ' 404 ' | grep -vc ' wait '
}
said_all() { # lines-before
	[ "$(said "$1")" -ge $requests ]
}
flood() { # name
	before=$(converter_ticks)
	lines=$(wc -l <"$daemon_log")
	"$LOAD" -k -p "$nginx_port" -A 300 -c 32 -n $requests -t 10000 \
	    -f "$work/bad" >"$work/$1"
	is "$1: all refused" "$(awk '$1 ~ /^status_|^errors/' "$work/$1" |
	    tr '\n' ' ')" "status_404 $requests errors 0 "
	within 10 said_all "$lines"
	is "$1: the daemon said so" "$(said "$lines")" $requests
	ok "$1: no conversion" [ $(($(converter_ticks) - before)) -le 1 ]
	is "$1: still warm" "$(warm_up | sort | uniq -c | tr -d ' ')" \
	    "16200HIT"
}
flood plain
printf '%s: %s refusals a second through nginx, p99 %s ms\n' "$test_name" \
    "$(awk '$1 == "rate" { print $2 }' "$work/plain")" \
    "$(awk '$1 == "p99_ms" { print $2 }' "$work/plain")"
if trace_start "$work/flood.trace"; then
	flood traced
	trace_stop
	is "no file was named or opened" "$(head -n 3 "$work/flood.trace")" ""
else
	skip strace "not installed, or not allowed"
fi

# Byte for byte the same; the date, and that nothing was cached, apart.
look() {
	nginx_get "$1" >/dev/null
	tr -d '\r' <"$work/head" | sed 's/^Date:.*//'
	cat "$work/body"
}
look '/photo.jpg?w=2001' >"$work/same"
awk 'NR % 397 == 1' "$work/bad" >"$work/some"
different=0
while read -r url; do
	look "$url" | cmp -s - "$work/same" || different=$((different + 1))
done <"$work/some"
is "all look alike" $different 0
look '/none.jpg?w=320' >"$work/other"
ok "as one that does not exist" cmp -s "$work/other" "$work/same"
finish
