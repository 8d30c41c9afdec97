# shellcheck shell=sh
# Recording: nginx with the shipped files, the tee, and a daemon started as in
# tests/e2e/replay.sh.  POSIX sh, for sourcing behind lib.sh, daemon-lib.sh and
# nginx.sh; needs $top, $SAMPLES and $RECORD.
#
#   record_start            all three; nginx's pictures expire after 2 s, and at
#                           the next port stands a server that passes every
#                           header, method and body, and caches nothing:
#       $bare_url           its address
#                           both show $record_root/page.html as a page
#   record_begin FILE text|bytes WHO
#                           another dump, of a tee that has seen nothing;
#                           bytes: what was sent goes into files beside it
#   step LABEL COMMAND...   what the daemon is asked meanwhile becomes cases
#       $step_count         how many
#   record_end              all three are gone
#   curl_steps              visitors of the site, as curl can play them
#   bare_steps              the same for the other server

record_pid=''

# What nginx's own fastcgi_params says, but for a path of this machine.
bare_server='server {
	listen 127.0.0.1:@PORT1@;
	set $imgfcgi_site "";
	client_max_body_size 1m;
	location = /page.html {
		root @ROOT@;
		default_type text/html;
	}
	location / {
		fastcgi_param QUERY_STRING $query_string;
		fastcgi_param REQUEST_METHOD $request_method;
		fastcgi_param CONTENT_TYPE $content_type;
		fastcgi_param CONTENT_LENGTH $content_length;
		fastcgi_param SCRIPT_NAME $fastcgi_script_name;
		fastcgi_param REQUEST_URI $request_uri;
		fastcgi_param DOCUMENT_URI $document_uri;
		fastcgi_param DOCUMENT_ROOT /srv/images;
		fastcgi_param SERVER_PROTOCOL $server_protocol;
		fastcgi_param REQUEST_SCHEME $scheme;
		fastcgi_param GATEWAY_INTERFACE CGI/1.1;
		fastcgi_param SERVER_SOFTWARE nginx;
		fastcgi_param REMOTE_ADDR $remote_addr;
		fastcgi_param SERVER_ADDR $server_addr;
		fastcgi_param SERVER_NAME images.example;
		fastcgi_param REDIRECT_STATUS 200;
		fastcgi_pass imgfcgi;
	}
}'

record_start() {
	daemon_prepare
	work=$daemon_dir
	record_root=$work/root
	mkdir "$record_root" && cp "$SAMPLES"/* "$record_root/" || return 1
	daemon_start --root "$record_root" --errors precise \
	    --heights '240 320 480' || return 1
	nginx_prepare "$record_root" "$work/tee" || return 1
	printf '%s\n' "$bare_server" | sed "s|@ROOT@|$record_root|" \
	    >"$nginx_dir/conf/examples.conf"
	nginx_edit nginx.conf '/^[[:space:]]*location \/ {/i\
		location = /page.html {\
			default_type text/html;\
		}' || return 1
	nginx_edit imgfcgi-server.conf \
	    's/fastcgi_ignore_headers /&X-Accel-Expires /
	    s/fastcgi_cache_revalidate on;/& fastcgi_cache_valid 200 2s;/' &&
	    nginx_start || return 1
	bare_url=http://127.0.0.1:$((nginx_port + 1))
}

tee_stop() {
	[ -n "$record_pid" ] || return 0
	kill "$record_pid"
	wait "$record_pid"
	record_pid=
}

record_begin() { # file text|bytes who
	tee_stop
	record_out=$1 record_as=$2
	record_dir=$work/$(basename "$1" .req).dir
	mkdir "$record_dir" || return 1
	"$RECORD" "$work/tee" "$daemon_socket" "$record_dir" &
	record_pid=$!
	within 5 test -S "$work/tee" || return 1
	cat >"$record_out" <<END
# Recorded between nginx and the daemon; made by tests/replay/renew.sh.
# $3
GET /photo.jpg?w=150
END
}

# The tee has written what it has heard; nobody is asking any more.
step() { # label command...
	step_label=$1
	shift
	"$@" >/dev/null 2>&1
	sleep 0.3
	step_take
}
step_take() {
	mkdir -p "$record_dir/done"
	step_count=0
	for step_case in "$record_dir"/*.req; do
		[ -f "$step_case" ] || continue
		step_count=$((step_count + 1))
		step_write >>"$record_out"
		mv "$step_case" "$record_dir/done/"
	done
}

# With its bytes where they are wanted, or where no text gives them.
step_write() {
	step_bytes=$(basename "$step_case").bin
	if [ "$record_as" = text ] && ! grep -q '^@raw' "$step_case"; then
		sed "s|^== ...|== $step_label:|" "$step_case"
		return
	fi
	step_name=$(basename "$record_out" .req)-$step_bytes
	cp "$record_dir/$step_bytes" "$(dirname "$record_out")/$step_name"
	sed -n -e "s|^== ...|== $step_label:|p" -e '/^REQUEST_METHOD:/p' \
	    -e '/^[>=] /p' -e '/^@abort /p' "$step_case" |
	    sed "/^== /a\\
@raw $step_name"
}

record_end() {
	tee_stop
	nginx_stop
	daemon_end
}

# A name that no machine has.
visit() { # url curl's-options...
	visit_url=$1
	shift
	curl -gs -m 20 -o /dev/null -D "$work/head" -H 'Host: images.example' \
	    "$@" "$visit_url"
}

# How often the last step made nginx ask the daemon.
asks() { # count
	is "$step_label: questions" "$step_count" "$1"
}

curl_steps() {
	u=$nginx_url
	step 'a miss' visit "$u/photo.jpg?w=640"
	asks 1
	etag=$(nginx_header ETag)
	step 'a hit' visit "$u/photo.jpg?q=&utm_source=x&w=640"
	asks 0
	step 'If-None-Match on a hit' visit "$u/photo.jpg?w=640" \
	    -H "If-None-Match: $etag"
	asks 0
	step 'a range of a hit' visit "$u/photo.jpg?w=640" -r 0-99
	asks 0
	step 'HEAD on a miss' visit "$u/photo.jpg?w=320&f=webp" -I
	asks 1
	step 'POST' visit "$u/photo.jpg?w=150" -d posted
	asks 0
	step 'a range of a miss' visit "$u/portrait.jpg?w=150" -r 100-199
	asks 1
	step 'If-None-Match on a miss' visit "$u/graphic.png?w=320" \
	    -H 'If-None-Match: "none", W/"such"'
	asks 1
	step 'If-Modified-Since on a miss' visit "$u/graphic.png?w=420" \
	    -H 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT'
	asks 1
	step 'a box' visit \
	    "$u/photo.jpg?w=320&h=240&fit=cover&g=north&f=webp"
	step 'a name with blanks' visit "$u/no%20such%20%C3%BC.jpg?w=320"
	step 'a width outside its list' visit "$u/photo.jpg?w=641"
	step 'a bad value' visit "$u/photo.jpg?w=64x"
	step 'a token that is none' visit "$u/photo.jpg?w=640&hash=$(printf \
	    '%064d' 0)"
	sleep 2
	step 'revalidation' visit "$u/photo.jpg?w=640"
	asks 1
	# nginx waits for the head of what may go into its cache, and then
	# hangs up.  The last one: replay asks something else behind it.
	visit "$u/photo.jpg?w=1280&f=png" -m 0.1
	step_label='left in the middle'
	within 20 step_taken
	asks 1
}
step_taken() {
	step_take
	[ $step_count -gt 0 ]
}

bare_steps() {
	u=$bare_url
	step 'GET' visit "$u/photo.jpg?w=320"
	asks 1
	etag=$(nginx_header ETag) changed=$(nginx_header Last-Modified)
	step 'HEAD' visit "$u/photo.jpg?w=320" -I
	asks 1
	step 'POST' visit "$u/photo.jpg?w=320" -d 'a=b&c=d'
	asks 1
	step 'POST of more' visit "$u/photo.jpg?w=320" \
	    -d "$(printf '%09000d' 0)" -H 'Expect:'
	step 'PUT' visit "$u/photo.jpg?w=320" -X PUT -d put
	step 'OPTIONS' visit "$u/photo.jpg?w=320" -X OPTIONS
	step 'If-None-Match' visit "$u/photo.jpg?w=320" \
	    -H "If-None-Match: $etag"
	asks 1
	step 'If-None-Match, weak' visit "$u/photo.jpg?w=320" \
	    -H "If-None-Match: W/$etag"
	step 'If-Modified-Since' visit "$u/photo.jpg?w=320" \
	    -H "If-Modified-Since: $changed"
	step 'a range' visit "$u/photo.jpg?w=320" -r 0-99
	step 'If-Range' visit "$u/photo.jpg?w=320" -r 0-99 \
	    -H 'If-Range: "old"'
	step 'a cookie, a password, a long header' visit \
	    "$u/photo.jpg?w=320" -b session=0123456789abcdef \
	    -u user:password -H "X-Long: $(printf '%04000d' 0)"
	step 'header bytes beyond ASCII' visit "$u/photo.jpg?w=320" \
	    -A "$(printf 'na\303\257ve \377\t\\ ${x}')"
	step 'parameters as they come' visit \
	    "$u/photo.jpg?utm_source=x&f=webp&w=320&v=7"
	step 'no parameters' visit "$u/photo.jpg"
	step 'left in the middle' visit "$u/photo.jpg?w=1280&f=png" -m 0.1
	asks 1
}
