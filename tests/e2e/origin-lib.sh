# shellcheck shell=sh
# A host of originals on this machine, for sourcing; needs $BUILDDIR and
# $SAMPLES.  End it in a trap.
#
#   origin_need         or skip it all: built without libcurl
#   origin_start [PORT] runs tests/e2e/host; sets
#       $origin_dir     a folder of ours; its pictures are in pictures/
#       $origin_url     http://127.0.0.1:$origin_port
#       $origin_log     a line for each request
#   origin_stop         it refuses from now on
#   origin_tls          the same pictures by nginx with TLS, for the name
#                       localhost; sets $origin_cert and $origin_tls_port
#   origin_count RE     lines of the log that match
#   origin_end          stops all of it

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
origin_pid='' origin_tls_pid='' origin_dir=''

origin_need() {
	grep -q '^CURL_LIBS = .*curl' "$BUILDDIR/Makefile" && return 0
	skip 'remote origins' 'built without libcurl'
	finish
}

origin_count() { # pattern
	grep -c -e "$1" "$origin_log"
}

# Until a command is true, five seconds at most.
origin_wait() { # command...
	origin_left=100
	until "$@"; do
		origin_left=$((origin_left - 1))
		[ $origin_left -gt 0 ] || return 1
		sleep 0.05
	done
}

origin_start() { # [port]
	if [ -z "$origin_dir" ]; then
		origin_dir=$(mktemp -d "${TMPDIR:-/tmp}/imgfcgi-host.XXXXXX") ||
		    exit 1
		chmod 755 "$origin_dir"
		mkdir "$origin_dir/pictures" &&
		    cp "$SAMPLES"/* "$origin_dir/pictures/" || exit 1
		origin_log=$origin_dir/log
		: >"$origin_log"
	fi
	: >"$origin_dir/port"
	"$BUILDDIR/tests/e2e/host" "${1:-0}" "$origin_log" \
	    "$origin_dir/pictures" >"$origin_dir/port" </dev/null &
	origin_pid=$!
	origin_wait test -s "$origin_dir/port" || return 1
	origin_port=$(cat "$origin_dir/port")
	origin_url=http://127.0.0.1:$origin_port
}

origin_stop() {
	[ -z "$origin_pid" ] || kill -TERM -"$origin_pid" 2>/dev/null
	[ -z "$origin_pid" ] || wait "$origin_pid" 2>/dev/null
	origin_pid=
}

origin_tls_write() { # port
	cat >"$origin_dir/tls.conf" <<-END
	daemon on;
	pid $origin_dir/tls.pid;
	error_log $origin_dir/tls.error;
	events { }
	http {
	log_format protocol \$server_protocol;
	access_log $origin_dir/tls.log protocol;
	client_body_temp_path $origin_dir/tls1;
	proxy_temp_path $origin_dir/tls2;
	fastcgi_temp_path $origin_dir/tls3;
	scgi_temp_path $origin_dir/tls4;
	uwsgi_temp_path $origin_dir/tls5;
	server {
	listen 127.0.0.1:$1 ssl http2;
	ssl_certificate $origin_cert;
	ssl_certificate_key $origin_dir/key;
	root $origin_dir/pictures;
	}
	}
	END
	[ "$(id -u)" -ne 0 ] || echo 'user root;' >>"$origin_dir/tls.conf"
}

origin_tls() {
	origin_cert=$origin_dir/cert
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost -keyout "$origin_dir/key" \
	    -out "$origin_cert" 2>/dev/null || return 1
	origin_tls_port=$((20000 + $$ % 12000))
	origin_try=0
	until origin_tls_write $origin_tls_port &&
	    nginx -p "$origin_dir" -c "$origin_dir/tls.conf" \
		-e "$origin_dir/tls.error" 2>/dev/null; do
		origin_try=$((origin_try + 1))
		[ $origin_try -lt 5 ] || return 1
		origin_tls_port=$((origin_tls_port + 97))
	done
	origin_wait test -s "$origin_dir/tls.pid" || return 1
	origin_tls_pid=$(cat "$origin_dir/tls.pid")
}

origin_end() {
	origin_stop
	[ -z "$origin_tls_pid" ] || kill "$origin_tls_pid"
	[ -z "$origin_dir" ] || rm -rf "$origin_dir"
	origin_tls_pid='' origin_dir=''
}
