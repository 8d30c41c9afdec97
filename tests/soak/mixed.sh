# shellcheck shell=sh
# For `run`: every kind of request, and what the processes hold after each
# part; then the same beside reloads and deaths.  POSIX sh, to be sourced.

requests=${SOAK_REQUESTS:-100000} parts=${SOAK_PARTS:-10}
seconds=${SOAK_SECONDS:-$((60 * ${SOAK_MINUTES:-10}))}
samples=$SOAK_OUT/samples.tsv events=$SOAK_OUT/events.tsv
clients=32 asked=0 part=0 judge=${SOAK_JUDGE:-yes}
set --
if [ -n "${VALGRIND:-}" ]; then
	. "$top/tests/soak/valgrind.sh"
	# shellcheck disable=SC2086 # words of options
	set -- $valgrind_options
fi

# --- what is asked ---------------------------------------------------------

# Each another part of the whole, by its seed: of a hundred five conversions,
# a fifth of them without the cache, where a visitor's end reaches the daemon.
paths() { # count seed
	awk -v count="$1" -v seed="$2" '
	function pick(list,	word, n) {
		n = split(list, word, " ")
		return word[int(rand() * n) + 1]
	}
	function conversion() {
		return sprintf("%s/%d/%s?w=%s&q=%s&f=%s",
		    rand() < 0.2 ? "/plain" : "", rand() * 40,
		    pick("photo.jpg photo.jpg portrait.jpg progressive.jpg " \
		    "cmyk.jpg p3.jpg grey.jpg graphic.png palette.png " \
		    "16bit.png interlaced.png alpha.webp photo.webp " \
		    "photo.avif animation.gif animation.webp cut.jpg"),
		    pick("150 320 420 630 640 900 1200 1280 1600 1920"),
		    pick("75 80 85 90"),
		    pick("jpg jpg jpg webp webp webp png gif avif auto"))
	}
	BEGIN {
		srand(seed)
		for (i = 0; i < count; i++) {
			dice = rand() * 100
			if (dice < 5)
				print conversion()
			else if (dice < 30)
				print "/plain/photo.jpg?w=640"
			else if (dice < 60)
				printf "/none/%d.jpg?w=640\n", rand() * 1e6
			else if (dice < 70)
				print pick("/photo.jpg?w=641 /text.jpg?w=640 " \
				    "/plain/photo.jpg?hash=AAAA " \
				    "/photo.jpg?crop=9x9+0+0 /0?w=640")
			else if (dice < 97)
				printf "/photo.jpg?w=%s&f=%s\n",
				    pick("320 640 1280"), pick("jpg webp")
			else
				print "/small.jpg"
		}
	}'
}

# One in twenty leaves as soon as it has asked.
ask_part() { # count file
	part=$((part + 1))
	paths "$1" $part >"$work/paths"
	soak_load -k -c $clients -a 20 -n "$1" -H "If-None-Match: $etag" \
	    -f "$work/paths" >"$2" || return 1
	asked=$((asked + $1))
	echo $asked >"$work/asked"
}

# --- what is seen ----------------------------------------------------------

# A row a process: seconds phase asked role pid KiB descriptors threads.
sample() { # phase
	now=$(($(date +%s) - began)) sum=$(cat "$work/asked")
	{
		echo "$daemon_pid master"
		daemon_role front | sed 's/$/ front/'
		daemon_role converter | sed 's/$/ converter/'
	} | while read -r pid role; do
		fds=$(find "/proc/$pid/fd" -type l 2>/dev/null | wc -l)
		awk -v head="$now $1 $sum $role $pid" -v fds="$fds" '
		/^VmRSS:/ { kib = $2 }
		/^Threads:/ { threads = $2 }
		END {
			gsub(/ /, "\t", head)
			if (kib > 0)
				print head "\t" kib "\t" fds + 0 "\t" threads
		}' "/proc/$pid/status" 2>/dev/null
	done >"$work/rows.$1"
	# In one piece: two may write at once.
	cat "$work/rows.$1" >>"$samples"
}

watch() {
	while [ -f "$work/going" ]; do
		sample busy
		sleep 1
	done
}

# Whoever asks is active, too.
is_quiet() {
	[ "$(counter active)" = 1 ] &&
	    [ "$(counter busy)" = 0 ] &&
	    [ "$(counter converters)" = "$converters" ] &&
	    [ "$(daemon_role front | wc -l)" = 1 ] &&
	    [ "$(daemon_role converter | wc -l)" = "$converters" ]
}

# libvips keeps threads for 15 s in case of more to do.
has_rested() {
	for pid in $(daemon_role converter); do
		[ "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 |
		    wc -l)" = 1 ] || return 1
	done
}

# What is judged rests first.
sample_quiet() { # phase
	ok "quiet after $asked requests" within 60 is_quiet
	[ "$1" = quiet ] || [ "$judge" = no ] ||
	    ok "rested after $asked requests" within 60 has_rested
	sample "$1"
}

event() { # word
	printf '%s\t%s\n' $(($(date +%s) - began)) "$1" >>"$events"
}

# --- the run ---------------------------------------------------------------

head -c 40000 "$root/photo.jpg" >"$root/cut.jpg"
echo 'no picture' >"$root/text.jpg"
# shellcheck disable=SC2046 # one word a file
soak_copies 40 $(cd "$root" && ls -- *.*) || exit 2
echo 0 >"$work/asked"
: >"$samples" && : >"$events" || exit 2
began=$(date +%s)
soak_start --queue-timeout 60s "$@" || exit 2
converters=$(daemon_role converter | wc -l)
nginx_get '/plain/photo.jpg?w=640' >/dev/null
etag=$(nginx_header ETag)
ok 'a picture with a validator' test -n "$etag"
: >"$work/going"
watch &
soak_pids=$!

n=0
while [ $n -lt "$parts" ]; do
	n=$((n + 1))
	ask_part $((requests / parts)) "$work/steady.$n" || exit 2
	case $n in
	1) sample_quiet first ;;
	"$parts") sample_quiet last ;;
	*) sample_quiet quiet ;;
	esac
done
jobs=$(counter jobs)
cat "$work"/steady.* >"$work/steady"
say "$asked requests, $jobs conversions, $(figure left "$work/steady")" \
    "visitors who left, $(($(date +%s) - began)) s"
is 'no answer of the first part but these' "$(awk '/^status_/ { print $1 }' \
    "$work/steady" | sort -u | tr '\n' ' ')" \
    'status_200 status_304 status_404 '
is 'and no error' "$(figure errors "$work/steady")" 0
is 'lines that the log could not take' "$(counter log_dropped)" 0

# Reloads and deaths.  A front that is killed takes its converters along.
storm() {
	while [ -f "$work/going" ]; do
		ask_part 1000 "$work/storm.$part" || break
	done
}
tick=0 reloads=0 fronts=0
storm &
soak_pids="$soak_pids $!"
while [ $tick -lt "$seconds" ]; do
	sleep 1
	tick=$((tick + 1))
	if [ $((tick % 20)) = 3 ]; then
		event reload
		kill -HUP "$daemon_pid" && reloads=$((reloads + 1))
	elif [ $((tick % 30)) = 5 ]; then
		event front
		kill -KILL "$(daemon_role front | head -n 1)" &&
		    fronts=$((fronts + 1))
	elif [ $((tick % 2)) = 0 ]; then
		soak_kill_converter && event converter
	fi
done
rm "$work/going"
# shellcheck disable=SC2086 # one word a process
wait $soak_pids
soak_pids='' asked=$(cat "$work/asked")
if [ "$seconds" -gt 0 ]; then
	sample_quiet after
	cat "$work"/storm.* >"$work/storm"
	many=$(figure requests "$work/storm")
	lost=$(figure status_503 "$work/storm")
	say "$many requests beside $kills dead converters, $fronts dead" \
	    "fronts and $reloads reloads: $lost got 503"
	is 'no answer of the second part but these' "$(awk '/^status_/ {
		print $1 }' "$work/storm" | sort -u | grep -v 503 |
	    tr '\n' ' ')" 'status_200 status_304 status_404 '
	is 'and no error' "$(figure errors "$work/storm")" 0
	ok "$lost of $many are at most one in a hundred" \
	    at_most $((lost * 100)) "$many"
fi
is 'nobody is convicted' "$(grep -c ' is refused for ' "$daemon_log")" 0
daemon_stop
is 'its end' $? 0
[ -z "${VALGRIND:-}" ] || valgrind_judge

# --- what it comes to ------------------------------------------------------

{
	printf 'machine\t%s cores, %s\n' "$(getconf _NPROCESSORS_ONLN)" \
	    "$(uname -srm)"
	printf 'date\t%s\n' "$(date -u +%Y-%m-%d)"
	printf 'what\t%s\n' "$("$IMGFCGI" --version | head -n 1)"
	printf 'asked\t%s requests, %s conversions\n' "$requests" "$jobs"
	printf 'then\t%s s with %s, %s and %s\n' "$seconds" \
	    "$kills dead converters" "$fronts dead fronts" "$reloads reloads"
} >"$SOAK_OUT/about.tsv"
for form in html text; do
	awk -v form=$form -v judge="$judge" \
	    -f "$top/tests/bench/page.awk" -f "$top/tests/soak/report.awk" \
	    "$SOAK_OUT/about.tsv" "$events" "$samples" >"$SOAK_OUT/$form" ||
	    exit 2
done
mv "$SOAK_OUT/html" "$SOAK_OUT/soak.html"
while read -r held what; do
	say "$what"
	is "$what" "$held" held
done <"$SOAK_OUT/text"
rm "$SOAK_OUT/text"
say "raw figures and a page: $SOAK_OUT"
