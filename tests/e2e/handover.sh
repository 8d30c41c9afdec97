# A socket that a launcher hands over: as descriptor 0, or by LISTEN_FDS;
# which ones are taken, which are refused, and what becomes of them.
# Needs IMGFCGI, IMGFCGI_URL and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_commands nginx curl spawn-fcgi
need_variables IMGFCGI IMGFCGI_URL SAMPLES
end() {
	nginx_stop
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
umask 022

daemon_prepare
work=$daemon_dir
port=$((32700 + $$ % 60))
printf 'root = %s\nconverters = 1\nsocket = %s\n' "$SAMPLES" \
    "$daemon_dir/elsewhere" >"$work/conf"

# Each width once: the second would be a hit.
nginx_prepare "$SAMPLES" "$daemon_socket" && nginx_start || exit 1
served() { # name width
	is "$1: a picture" "$(nginx_get "/photo.jpg?w=$2")" "200 MISS"
}

# The launcher is another one each time; what it starts is the same.
starts() { # launcher's words, up to and without the daemon's
	daemon_spawn "$@" "$IMGFCGI" --root "$SAMPLES" --converters 1
}

# What sh does to hand its descriptor 0 on as systemd would.
by_number() { # count
	# shellcheck disable=SC2016 # its own variables
	echo 'exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS='"$1"' exec "$@"'
}

# One line on stderr, and that is all.
refused() { # name line command...
	name=$1 line=$2
	shift 2
	timeout 20 "$@" >"$work/out" 2>"$work/err" </dev/null
	is "$name" "$? $(cat "$work/err")" "1 imgfcgi: $line"
}

starts spawn-fcgi -n -s "$daemon_socket" --
served 'descriptor 0' 150
if [ -d "/proc/$daemon_pid/fd" ]; then
	is 'descriptor 0: /dev/null takes its place' \
	    "$(readlink "/proc/$daemon_pid/fd/0")" /dev/null
else
	skip 'descriptor 0: /dev/null takes its place' 'no /proc'
fi
daemon_stop
is 'descriptor 0: stop' $? 0
ok 'the path is the launcher'"'"'s' test -S "$daemon_socket"

starts spawn-fcgi -n -s "$daemon_socket" -- /bin/sh -c "$(by_number 1)" sh
served 'LISTEN_FDS' 320
daemon_stop
is 'LISTEN_FDS: stop' $? 0

refused 'LISTEN_FDS=2' 'LISTEN_FDS is 2; one socket is wanted' \
    spawn-fcgi -n -s "$daemon_socket" -- /bin/sh -c "$(by_number 2)" sh \
    "$IMGFCGI" --root "$SAMPLES"
# shellcheck disable=SC2016 # its own variables
refused 'LISTEN_FDS that does not listen' 'descriptor 3 does not listen' \
    sh -c 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' sh \
    "$IMGFCGI" --root "$SAMPLES"
# Left over from the launcher of somebody else.
daemon_spawn env LISTEN_PID=1 LISTEN_FDS=1 "$IMGFCGI" --root "$SAMPLES" \
    --converters 1 --socket "$daemon_socket"
served 'the LISTEN_PID of another' 420
daemon_stop

# The option and the launcher.
refused 'the option names another place' "socket $work/elsewhere: descriptor\
 0 listens already, on $daemon_socket; leave the option empty" \
    spawn-fcgi -n -s "$daemon_socket" -- "$IMGFCGI" --config "$work/conf"
refused '-t says so, too' "socket $work/elsewhere: descriptor\
 0 listens already, on $daemon_socket; leave the option empty" \
    spawn-fcgi -n -s "$daemon_socket" -- "$IMGFCGI" -t --config "$work/conf"
daemon_spawn spawn-fcgi -n -s "$daemon_socket" -- "$IMGFCGI" \
    --config "$work/conf" --socket=
served 'an empty option' 640
daemon_stop
ln -s "$daemon_dir" "$work/link"
daemon_spawn spawn-fcgi -n -s "$daemon_socket" -- "$IMGFCGI" \
    --config "$work/conf" --socket "$work/link/s"
served 'the option names the same place' 900
daemon_stop
ok 'and the path is still the launcher'"'"'s' test -S "$daemon_socket"

# TCP: what spawn-fcgi does unless told otherwise is to let everybody in.
refused 'every address' \
    "descriptor 0 listens on 0.0.0.0:$port, not on loopback" \
    spawn-fcgi -n -p "$port" -- "$IMGFCGI" --root "$SAMPLES" --tcp yes
refused 'TCP without tcp = yes' \
    "descriptor 0 listens on 127.0.0.1:$port: TCP needs tcp = yes" \
    spawn-fcgi -n -a 127.0.0.1 -p "$port" -- "$IMGFCGI" --root "$SAMPLES"
nginx_edit imgfcgi-http.conf "s|unix:[^ ;]*|127.0.0.1:$port|" && nginx_reload
daemon_spawn spawn-fcgi -n -a 127.0.0.1 -p "$port" -- "$IMGFCGI" \
    --root "$SAMPLES" --converters 1 --tcp yes
served 'TCP on loopback' 1200
daemon_stop
is 'TCP: stop' $? 0
finish
