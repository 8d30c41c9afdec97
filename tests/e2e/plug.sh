# shellcheck shell=sh
# Decoders that go wrong on purpose.  POSIX sh, for sourcing after
# daemon-lib.sh.
#
#   plug_start ARGS...        daemon_start, with plug.c in its converters
#   plug_file FILE WORD       a picture that makes them do WORD: crash, abort,
#                             exit, overflow, stall, sleep 2s or 8s, or answer
#                             with garbage, a promise or a lie

plug_start() { # args...
	daemon_prepare
	if [ ! -f "$daemon_dir/plug.so" ]; then
		"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -O0 -w \
		    -I"$top/src" -o "$daemon_dir/plug.so" \
		    "$top/tests/e2e/plug.c" -ldl -lpthread || return 1
	fi
	daemon_spawn env LD_PRELOAD="$daemon_dir/plug.so" "$IMGFCGI" \
	    --socket "$daemon_socket" --key-file "$daemon_key" "$@"
}

# What follows a JPEG's end is nobody's business.
plug_file() { # file word
	cp "$SAMPLES/photo.jpg" "$1" && printf 'imgfcgi-plug %s' "$2" >>"$1"
}
