# Several hosts behind an nginx that spreads by path: each has its share, one
# that is lost fails no request, one that is added makes no more than its own
# share anew.  The hosts are addresses of loopback, each with an nginx, a
# daemon and a cache of its own.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	LOAD			tests/bench/load
#	SAMPLES			directory of sample pictures
top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
need_commands nginx curl
need_variables IMGFCGI IMGFCGI_URL LOAD SAMPLES
pictures=60

dir=$(mktemp -d "${TMPDIR:-/tmp}/imgfcgi-scale.XXXXXX") || exit 1
chmod 755 "$dir"
pids=
stop_all() {
	for pid in "$dir"/*/nginx/nginx.pid "$dir"/front.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null
	done
	for pid in $pids; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$dir"
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

mkdir "$dir/root" || exit 1
awk -v n=$pictures 'BEGIN { for (i = 0; i < n; i++) print i }' |
    while read -r i; do
	cp "$SAMPLES/small.jpg" "$dir/root/$i.jpg" || exit 1
	echo "/$i.jpg?w=150" >>"$dir/paths"
done

# Forty in a row that nobody listens on: 7 is curl's word for that.
port=$((20000 + $$ * 40 % 12000)) n=0
while [ $n -lt 40 ]; do
	curl -s -m 1 -o "$dir/out" "http://127.0.0.1:$((port + n))/"
	if [ $? = 7 ]; then
		n=$((n + 1))
	else
		port=$((port + 97)) n=0
	fi
done
daemon_is_ready() {
	grep -qs 'ready: ' "$work/log"
}
# Host N, in $dir/N, at 127.0.0.1:port + N * 8.  Its pid is the nginx's.
host_start() { # N
	work=$dir/$1
	if [ ! -d "$work" ]; then
		mkdir "$work"
		nginx_prepare "$dir/root" "$work/s" || return 1
		nginx_edit nginx.conf '/include imgfcgi-http.conf/a\
			set_real_ip_from 127.0.0.1;\
			real_ip_header X-Real-IP;' || return 1
		"$IMGFCGI" --root "$dir/root" --socket "$work/s" \
		    --converters 1 2>"$work/log" </dev/null >/dev/null &
		pids="$pids $!"
		within 10 daemon_is_ready || return 1
	fi
	nginx_dir=$work/nginx
	nginx_port=$((port + $1 * 8))
	nginx_write_ports && nginx_run &&
	    within 5 test -s "$nginx_dir/nginx.pid"
}
made() { # N: pictures made there
	grep -c ' 200 ok ' "$dir/$1/log"
}
front_write() { # N...
	servers=
	for n; do
		servers="$servers server 127.0.0.1:$((port + n * 8)) \
max_fails=1 fail_timeout=5s;"
	done
	{
		[ "$(id -u)" -ne 0 ] || echo 'user root;'
		cat <<-END
		daemon on;
		worker_processes 2;
		pid $dir/front.pid;
		error_log $dir/front.error;
		events { worker_connections 1024; }
		http {
		access_log off;
		client_body_temp_path $dir/t1;
		proxy_temp_path $dir/t2;
		fastcgi_temp_path $dir/t3;
		scgi_temp_path $dir/t4;
		uwsgi_temp_path $dir/t5;
		END
		sed -e "/server 192.0.2.12/d" \
		    -e "s/server 192.0.2.11.*/$servers/" \
		    -e "s/listen 80;/listen 127.0.0.1:$port;/" \
		    "$top/nginx-conf/scale-out.conf"
		echo '}'
	} >"$dir/front.conf"
}
front_run() { # args...
	nginx -p "$dir" -c "$dir/front.conf" -e "$dir/front.error" "$@"
}
ask_all() { # prints how often each code came
	while read -r path; do
		curl -gs -o "$dir/out" -w '%{http_code}\n' \
		    "http://127.0.0.1:$port$path"
	done <"$dir/paths" | sort | uniq -c | tr -s ' '
}

for n in 1 2 3; do
	host_start $n || {
		fail "host $n" "$(tail -n 3 "$dir/$n/nginx/error.log")"
		finish
	}
done
front_write 1 2 3
front_run || exit 1

# --- each path has its host ----------------------------------------------

is 'all are answered' "$(ask_all)" " $pictures 200"
ask_all >"$dir/out"
total=$(($(made 1) + $(made 2) + $(made 3)))
is 'each is made once' "$total" "$pictures"
for n in 1 2 3; do
	ok "host $n has a share: $(made $n)" test "$(made $n)" -ge 5
done

# --- one is lost ---------------------------------------------------------

shares="$(made 1) $(made 3)"
lost=$(made 2)
"$LOAD" -p $port -A 20 -r 100 -c 20 -d 4 -t 5000 \
    -f "$dir/paths" >"$dir/load" &
load=$!
sleep 1
# The master first, or it would replace what it loses.
master=$(cat "$dir/2/nginx/nginx.pid")
# shellcheck disable=SC2046 # a list
kill -KILL "$master" $(ps -A -o pid= -o ppid= |
    awk -v master="$master" '$2 == master { print $1 }')
rm -f "$dir/2/nginx/nginx.pid"
wait $load
is 'no request failed' "$(awk '$1 == "errors" || $1 ~ /^status_[^2]/ {
    n += $2 } END { print n + 0 }' "$dir/load")" 0
more=$(($(made 1) + $(made 3) - ${shares% *} - ${shares#* }))
is 'its share alone is made anew' "$more" "$lost"

# --- one is added --------------------------------------------------------

host_start 4 || exit 1
front_write 1 3 4
before=$(($(made 1) + $(made 3)))
front_run -s reload && sleep 1
is 'all are answered by the new three' "$(ask_all)" " $pictures 200"
ok "the new one has its share: $(made 4)" test "$(made 4)" -ge 5
ok 'and no more' test "$(made 4)" -le $((pictures * 2 / 3))
is 'the others make nothing' $(($(made 1) + $(made 3))) $before
finish
