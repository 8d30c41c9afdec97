# shellcheck shell=sh
# An nginx of our own, made of the shipped files.  POSIX sh, for sourcing;
# needs $top (the tree) and $work (a private directory, short enough for a
# socket).  It listens on loopback, as the user who runs the test.
#
#   nginx_prepare ROOT SOCKET    the files, with paths and addresses of ours
#   nginx_edit FILE SED          change one of them; fails if nothing changed
#   nginx_plain                  adds /plain/, where no answer is kept and a
#                                visitor's validator and end are passed on
#   nginx_start                  sets nginx_port and nginx_url; examples.conf
#                                has nginx_port + 1 and + 2, the status + 3
#   nginx_reload                 after nginx_edit
#   nginx_stop
#   nginx_log_has TEXT           true once a line of the access log has it
#   nginx_get PATH [CURL ARG...] prints "code cache-status"; leaves the body in
#                                $work/body and the head in $work/head
#   nginx_header NAME            of that head

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

nginx_prepare() { # root socket
	nginx_dir=$work/nginx
	nginx_pid=
	mkdir -p "$nginx_dir/conf" "$nginx_dir/tmp" || return 1
	cp "$top"/nginx-conf/*.conf "$nginx_dir/conf/" || return 1
	# Four in a row each, so that tests side by side do not meet.
	nginx_port=$((20000 + $$ * 4 % 12000))

	# Where it runs.  Only root may choose its workers' user.
	if [ "$(id -u)" -eq 0 ]; then
		nginx_edit nginx.conf "s/^user .*/user root $(id -gn);/"
	else
		nginx_edit nginx.conf '/^user /d'
	fi || return 1
	nginx_edit nginx.conf "s|/var/log/nginx/|$nginx_dir/|" &&
	    nginx_edit nginx.conf "1i\\
daemon on;\\
pid $nginx_dir/nginx.pid;" &&
	    nginx_edit nginx.conf \
		's/^worker_processes .*/worker_processes 2;/' &&
	    nginx_edit nginx.conf "/^http {/a\\
client_body_temp_path $nginx_dir/tmp/body;\\
fastcgi_temp_path $nginx_dir/tmp/fastcgi;\\
proxy_temp_path $nginx_dir/tmp/proxy;\\
scgi_temp_path $nginx_dir/tmp/scgi;\\
uwsgi_temp_path $nginx_dir/tmp/uwsgi;" &&
	    nginx_edit nginx.conf "s|root /srv/images;|root $1;|" &&
	    nginx_edit nginx.conf "s|listen 80;|listen 127.0.0.1:@PORT0@;|" &&
	    nginx_edit nginx.conf 's/^#\(.*include examples.conf\)/\1/' &&
	    nginx_edit tcl-img-proxy.conf "s|root /srv/images;|root $1;|
		s|/var/log/nginx/|$nginx_dir/|; s|/var/cache/|$nginx_dir/|
		s|listen 80;|listen 127.0.0.1:@PORT0@;|
		s|min_free=500m|min_free=1m|" &&
	    nginx_edit nginx.conf \
		's/^#\(.*include imgfcgi-status.conf\)/\1/' &&
	    nginx_edit imgfcgi-status.conf \
		's|listen 127.0.0.1:8090;|listen 127.0.0.1:@PORT3@;|' &&
	    nginx_edit examples.conf "s|root /srv/site;|root $1;|" &&
	    nginx_edit examples.conf \
		's|listen 8081;|listen 127.0.0.1:@PORT1@;|' &&
	    nginx_edit examples.conf \
		's|listen 8082;|listen 127.0.0.1:@PORT2@;|' &&
	    nginx_edit imgfcgi-http.conf "s|unix:[^ ;]*|unix:$2|" &&
	    nginx_edit imgfcgi-http.conf \
		"s|\(fastcgi_cache_path\) [^ ]*|\1 $nginx_dir/cache|" &&
	    nginx_edit imgfcgi-http.conf 's/min_free=1g/min_free=1m/' ||
	    return 1
	if grep -v '^[[:space:]]*#' "$nginx_dir"/conf/*.conf |
	    grep -e /srv/ -e /var/ -e /run/ | grep -v "$work"; then
		echo "a path of the shipped files was not replaced" >&2
		return 1
	fi
}

nginx_edit() { # file sed-expression
	sed "$2" "$nginx_dir/conf/$1" >"$nginx_dir/edited" || return 1
	if cmp -s "$nginx_dir/edited" "$nginx_dir/conf/$1"; then
		echo "nginx_edit: $1 has nothing for: $2" >&2
		return 1
	fi
	mv "$nginx_dir/edited" "$nginx_dir/conf/$1"
}

nginx_plain() {
	nginx_edit nginx.conf '/^[[:space:]]*location \/ {/i\
		location ~ ^/plain(?<plain>/.*)$ {\
			fastcgi_pass_request_headers off;\
			fastcgi_pass_request_body off;\
			fastcgi_param REQUEST_METHOD GET;\
			fastcgi_param DOCUMENT_URI $plain;\
			fastcgi_param QUERY_STRING $imgfcgi_query;\
			fastcgi_param HTTP_IF_NONE_MATCH $http_if_none_match;\
			fastcgi_pass imgfcgi;\
		}'
}

# The real ports go into copies, so that another try can choose others.
nginx_write_ports() {
	mkdir -p "$nginx_dir/run"
	for f in "$nginx_dir"/conf/*.conf; do
		sed "s/@PORT0@/$nginx_port/; s/@PORT1@/$((nginx_port + 1))/
		    s/@PORT2@/$((nginx_port + 2))/
		    s/@PORT3@/$((nginx_port + 3))/" "$f" \
		    >"$nginx_dir/run/$(basename "$f")" || return 1
	done
}

nginx_run() {
	nginx -p "$nginx_dir/" -c "$nginx_dir/run/nginx.conf" \
	    -e "$nginx_dir/error.log" "$@"
}

nginx_start() {
	nginx_try=0
	until nginx_write_ports && nginx_run >"$nginx_dir/start.log" 2>&1; do
		nginx_try=$((nginx_try + 1))
		if [ "$nginx_try" -ge 5 ] ||
		    ! grep -q 'bind() to' "$nginx_dir/start.log"; then
			cat "$nginx_dir/start.log" >&2
			return 1
		fi
		nginx_port=$((nginx_port + 97))
	done
	nginx_url=http://127.0.0.1:$nginx_port
	nginx_wait test -s "$nginx_dir/nginx.pid" || return 1
	nginx_pid=$(cat "$nginx_dir/nginx.pid")
}

nginx_reload() {
	nginx_write_ports && nginx_run -s reload && sleep 1
}

nginx_stop() {
	[ -n "${nginx_pid:-}" ] || return 0
	kill "$nginx_pid" 2>/dev/null
	nginx_gone() { ! kill -0 "$nginx_pid" 2>/dev/null; }
	nginx_wait nginx_gone || kill -9 "$nginx_pid"
	nginx_pid=
}

# Until the command succeeds, 5 s at most.
nginx_wait() {
	nginx_tries=0
	until "$@" 2>/dev/null; do
		nginx_tries=$((nginx_tries + 1))
		[ "$nginx_tries" -lt 50 ] || return 1
		sleep 0.1
	done
}

# The line is written after the answer.
nginx_log_has() {
	nginx_wait grep -q -e "$1" "$nginx_dir/imgfcgi.log"
}

nginx_get() { # path curl's-options...
	nginx_path=$1
	shift
	rm -f "$work/body" "$work/head"
	curl -gs -m 30 -D "$work/head" -o "$work/body" "$@" \
	    "$nginx_url$nginx_path"
	printf '%s %s\n' "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' \
	    "$work/head")" "$(nginx_header X-Cache-Status)"
}

nginx_header() { # name
	tr -d '\r' <"$work/head" | sed -n "s/^$1: //p"
}

# Instead of nginx_prepare: an nginx without a daemon that answers everything
# with what the shipped files would have done: the key, a line "====", and the
# daemon's parameters.  The site is what the header X-Site says.
nginx_prepare_echo() {
	nginx_prepare / "$work/none" || return 1
	nginx_server=$nginx_dir/conf/imgfcgi-server.conf
	nginx_key=$(sed -n \
	    's/^[[:space:]]*fastcgi_cache_key "\(.*\)";$/\1/p' "$nginx_server")
	nginx_params=$(sed -n -e '/REQUEST_ID/d' -e \
	    's/^[[:space:]]*fastcgi_param \([A-Z_]*\) \(.*\);$/\1=\2/p' \
	    "$nginx_server")
	if [ -z "$nginx_key" ] || [ -z "$nginx_params" ]; then
		echo "no key or no parameters in imgfcgi-server.conf" >&2
		return 1
	fi
	rm -f "$nginx_dir"/conf/examples.conf \
	    "$nginx_dir"/conf/imgfcgi-status.conf
	cat >"$nginx_dir/conf/nginx.conf" <<END
daemon on;
pid $nginx_dir/nginx.pid;
events { worker_connections 64; }
http {
	client_body_temp_path $nginx_dir/tmp/body;
	fastcgi_temp_path $nginx_dir/tmp/fastcgi;
	proxy_temp_path $nginx_dir/tmp/proxy;
	scgi_temp_path $nginx_dir/tmp/scgi;
	uwsgi_temp_path $nginx_dir/tmp/uwsgi;
	access_log off;
	keepalive_requests 100000000;
	large_client_header_buffers 4 16k;
	include imgfcgi-maps.conf;
	server {
		listen 127.0.0.1:@PORT0@;
		set \$imgfcgi_site \$http_x_site;
		default_type text/plain;
		location / {
			return 200 "$nginx_key
====
$nginx_params
";
		}
	}
}
END
}
