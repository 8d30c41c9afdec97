# shellcheck shell=sh
# Who is compared, and how each is started; POSIX sh, to be sourced.
#
#	BENCH_PEERS		what tests/bench/peers installed
#	IMGFCGI BARE MAGICK	programs of the build; FLOOR may be absent
#	top dir root		the tree, a private folder, the originals
#
#   server_version NAME         what it is, on one line; 1: not here
#   server_start NAME MODE      MODE is equal or default; then $dir/NAME has
#                               its port, and in pids the roots of its trees
#   server_stop NAME
#   server_path NAME MODE FILE WIDTH FORMAT QUALITY EFFORT
#   loop_run NAME MODE FILE WIDTH FORMAT QUALITY EFFORT N
#                               CPU milliseconds an image
#
# The table is servers.txt.

server_rows() { # "NAME KIND URL" a line
	sed '/^[#[:space:]]/d' "$top/tests/bench/servers.txt"
}

server_kind() { # name
	server_rows | awk -v name="$1" '$1 == name { print $2 }'
}

server_path() { # name mode file width format quality effort
	server_format=$5
	[ "$1 $5" != 'imaginary jpg' ] || server_format=jpeg
	server_rows | sed -n "s/^$1 [a-z]* //p" | sed \
	    -e "$([ "$2" = equal ] && echo 's/[][]//g' ||
	        echo 's/\[[^]]*\]//')" \
	    -e "s/FILE/$3/; s/WIDTH/$4/; s/FORMAT/$server_format/" \
	    -e "s/QUALITY/$6/; s/EFFORT/$7/"
}

cores=$(getconf _NPROCESSORS_ONLN)
npm=${BENCH_PEERS:-/nonexistent}/sharp/node_modules
PATH=${BENCH_PEERS:-/nonexistent}/bin:$PATH

# --- is it there ---------------------------------------------------------

nginx_module() { # name
	find /usr/lib/nginx /usr/lib64/nginx /usr/local/libexec/nginx \
	    -name "ngx_$1_module.so" 2>/dev/null | head -n 1 | grep .
}

# Some systems have a script of that name; the program itself is wanted.
magick_program() {
	command -v magick || command -v convert-im6.q16 || command -v convert
}

version_imgfcgi() {
	"$IMGFCGI" --version | tr '\n' ' ' | sed 's/,.*//'
}
version_sharp() {
	command -v node >/dev/null && [ -d "$npm/sharp" ] &&
	    echo "$(sed -n 's/.*"version": "\(.*\)".*/\1/p' \
		"$npm/sharp/package.json") on node $(node --version)"
}
version_imgproxy() { imgproxy version 2>/dev/null; }
version_imaginary() {
	command -v imaginary >/dev/null &&
	    cat "$BENCH_PEERS/imaginary.version" 2>/dev/null
}
version_image_filter() {
	nginx_module http_image_filter >/dev/null &&
	    nginx -v 2>&1 | sed 's/.*: //'
}
version_ImageMagick() {
	[ -x "$MAGICK" ] && magick_program >/dev/null &&
	    "$(magick_program)" -version |
	    sed -n '1s/^Version: \(.*\) http.*/\1/p'
}
version_libvips() { [ -x "$BARE" ] && pkg-config --modversion vips; }
version_libvips_npm() {
	command -v bare-npm >/dev/null && sed -n \
	    's/.*"vips": "\(.*\)".*/\1/p' \
	    "$npm"/@img/sharp-libvips-dev/versions.json
}
version_codecs() { [ -x "$FLOOR" ] && echo 'those of imgfcgi'; }

server_version() { # name
	"version_$(echo "$1" | tr - _)"
}

# --- nginx in front ------------------------------------------------------

# The shipped nginx.conf; what is not ours has, instead of our files, a
# location of its own.  Its backend listens on the port after nginx's.
front() { # name location-lines
	nginx_prepare "$root" "$work/s" &&
	    nginx_edit nginx.conf '/include examples.conf/d' || return 1
	nginx_port=$((nginx_port + $(server_rows | awk -v name="$1" \
	    '$1 == name { print NR * 3 }')))
	[ "$1" != imgfcgi ] || return 0
	printf '%s\n' "$2" >"$nginx_dir/conf/peer.conf"
	nginx_edit nginx.conf 's/imgfcgi-location.conf/peer.conf/' &&
	    nginx_edit nginx.conf 's|imgfcgi.log imgfcgi;|peer.log;|' &&
	    nginx_edit nginx.conf "s|include imgfcgi-http.conf;|\
upstream peer { server 127.0.0.1:@PORT1@; keepalive 16; }|" &&
	    nginx_edit nginx.conf '/include imgfcgi-/d' &&
	    rm "$nginx_dir"/conf/imgfcgi-*.conf "$nginx_dir/conf/examples.conf"
}

# As patient and with as much memory for an answer as in front of imgfcgi.
by_http='
proxy_pass http://peer;
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_buffer_size 32k;
proxy_buffers 8 32k;
proxy_busy_buffers_size 64k;
proxy_read_timeout 120s;'

# --- starting ------------------------------------------------------------

start_imgfcgi() { # mode
	front imgfcgi &&
	    nginx_edit imgfcgi-server.conf \
		's/fastcgi_cache imgfcgi;/fastcgi_cache off;/' &&
	    nginx_edit imgfcgi-server.conf \
		's/read_timeout 30s/read_timeout 120s/' &&
	    nginx_start || return 1
	"$IMGFCGI" --root "$root" --socket "$work/s" --qualities '50 80' \
	    --queue-timeout 120s --timeout 60s 2>"$work/log" &
	backend=$!
}

start_sharp() { # mode
	front sharp "$by_http" && nginx_start || return 1
	UV_THREADPOOL_SIZE=$cores node \
	    "$top/tests/bench/sharp.mjs" "$npm" "$root" $((nginx_port + 1)) \
	    2>"$work/log" &
	backend=$!
}

start_imgproxy() { # mode
	front imgproxy "$by_http" && nginx_start || return 1
	set -- "$1" IMGPROXY_BIND=127.0.0.1:$((nginx_port + 1)) \
	    IMGPROXY_LOCAL_FILESYSTEM_ROOT="$root" IMGPROXY_LOG_LEVEL=error \
	    IMGPROXY_WORKERS="$cores" IMGPROXY_TIMEOUT=120
	# The speed is 9 less what the others call effort.
	[ "$1" != equal ] || set -- "$@" IMGPROXY_AVIF_SPEED=7
	shift
	env "$@" imgproxy >"$work/log" 2>&1 &
	backend=$!
}

start_imaginary() { # mode
	front imaginary "$by_http" && nginx_start || return 1
	imaginary -a 127.0.0.1 -p $((nginx_port + 1)) -mount "$root" \
	    -http-read-timeout 120 -http-write-timeout 120 \
	    -log-level error >"$work/log" 2>&1 &
	backend=$!
}

start_image_filter() { # mode
	filter_quality=
	[ "$1" != equal ] || filter_quality='image_filter_jpeg_quality $arg_q;'
	front image_filter "image_filter resize \$arg_w -;
image_filter_buffer 64m;
$filter_quality
types { image/jpeg jpg; image/png png; }" &&
	    nginx_edit nginx.conf "1i\\
load_module $(nginx_module http_image_filter);" &&
	    nginx_start
}

start_ImageMagick() { # mode
	front ImageMagick "fastcgi_pass unix:$work/s;
fastcgi_buffer_size 32k;
fastcgi_buffers 8 32k;
fastcgi_busy_buffers_size 64k;
fastcgi_read_timeout 120s;
fastcgi_param REQUEST_METHOD GET;
fastcgi_param FILE $root\$uri;
fastcgi_param WIDTH \$arg_w;
fastcgi_param FORMAT \$arg_f;
fastcgi_param QUALITY \$arg_q;
fastcgi_param EFFORT \$arg_e;" && nginx_start || return 1
	"$MAGICK" "$work/s" "$cores" "$(magick_program)" 2>"$work/log" &
	backend=$!
}

server_start() { # name mode
	work=$dir/$1 backend=
	rm -rf "$work" && mkdir -p "$work" && chmod 755 "$work" || return 1
	"start_$1" "$2"
	server_started=$?
	echo "${nginx_pid:-} $backend" >"$work/pids"
	[ $server_started = 0 ] || return 1
	echo "$nginx_port" >"$work/port"
}

server_alive() { # pid
	ps -o stat= -p "$1" | grep -q '^[^Z]'
}

# The process and all that descends from it.
server_family() { # pid
	ps -A -o pid= -o ppid= | awk -v root="$1" '
	{ parent[$1] = $2 }
	END {
		for (pid in parent)
			for (at = pid; at in parent; at = parent[at])
				if (at == root) {
					print pid
					break
				}
	}'
}

# The root of each tree first; not every one takes its children along.
server_stop() { # name
	[ -f "$dir/$1/pids" ] || return 0
	for server_root in $(cat "$dir/$1/pids"); do
		server_all=$(server_family "$server_root")
		kill "$server_root" 2>/dev/null
		within 10 server_gone "$server_root"
		for server_pid in $server_all; do
			server_gone "$server_pid" || kill "$server_pid"
		done
		# shellcheck disable=SC2086 # one word a process
		within 5 server_gone $server_all || kill -9 $server_all
		wait "$server_root" 2>/dev/null
	done
	rm -f "$dir/$1/pids"
}

server_gone() { # pid...
	for server_pid; do
		! server_alive "$server_pid" || return 1
	done
}

# --- loops ---------------------------------------------------------------

# libvips' word for the format and what was asked for.
suffix() { # mode format quality effort
	case $1-$2 in
	default-*) echo ".$2[strip]" ;;
	*-jpg) echo ".jpg[Q=$3,optimize_coding,strip]" ;;
	*) echo ".$2[Q=$3,effort=$4,strip]" ;;
	esac
}

loop_run() { # name mode file width format quality effort n
	case $1 in
	libvips) set -- "$BARE" "$3" "$4" \
		    "$(suffix "$2" "$5" "$6" "$7")" "$8" ;;
	libvips-npm) set -- bare-npm "$3" "$4" \
		    "$(suffix "$2" "$5" "$6" "$7")" "$8" ;;
	codecs)
		case $2-$5 in equal-jpg | equal-webp) ;; *) return 1 ;; esac
		set -- "$FLOOR" "$3" "$4" "$5" "$6" "$8"
		;;
	esac
	"$@" 2>/dev/null |
	    awk '$1 == "cpu_ms" { ms = $2 } END { print ms; exit ms == "" }'
}
