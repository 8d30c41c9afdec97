# The build itself: three libraries are enough, BSD make will do, and what the
# user says to configure is heard.
. "$(dirname "$0")/../lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd -P)

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$dir/bin" "$dir/build"

# A pkg-config that knows the three and nothing else, and writes down what it
# was asked.  What they require themselves is their matter.
real=$(command -v pkg-config) || { skip build 'no pkg-config here'; finish; }
cat >"$dir/bin/pkg-config" <<END
#!/bin/sh
echo "\$*" >>"$dir/asked"
for word; do
	case \$word in
	-* | '>=' | [0-9]*) ;;
	vips | libsodium) ;;
	'vips >= '* | 'libsodium >= '*) ;;
	*) exit 1 ;;
	esac
done
exec "$real" "\$@"
END
chmod 755 "$dir/bin/pkg-config"

# NEEDED of a program, one a line, without versions.
needed() { # program
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' |
	    grep -vE '^(libc|libm|libpthread|libdl|ld-linux.*)$' | sort |
	    tr '\n' ' '
}

if command -v bmake >/dev/null 2>&1; then
	maker=bmake
else
	skip 'BSD make' 'no bmake here'
	maker='make'
fi
cd "$dir/build" || exit 1
if ! PKG_CONFIG=$dir/bin/pkg-config "$top/configure" --enable-werror \
    CFLAGS='-O1 -g0 -DUSERS_OWN_FLAG' >"$dir/log" 2>&1; then
	tail -n 20 "$dir/log"
	fail configure 'with three libraries'
	finish
fi
pass
ok 'configure asked for libvips' grep -q vips "$dir/asked"
ok 'the compiler is told what the user said' \
    grep -q '^CFLAGS = .*-DUSERS_OWN_FLAG' Makefile
if ! $maker V=1 -j 2 >"$dir/log" 2>&1; then
	tail -n 20 "$dir/log"
	fail "$maker" 'the programs'
	finish
fi
pass
# (BSD make breaks a line where two jobs speak at once.)
count() { # words of a compiler's line
	tr -d '\n' <"$dir/log" | grep -o -e "$1" | grep -c ''
}
is 'the last -O is the user'\''s' \
    "$(count '-O1 -g0 -DUSERS_OWN_FLAG -MT')" "$(count '-c -o ')"
ok '(in many lines)' test "$(count '-c -o ')" -gt 50
if ! $maker -j 2 check >"$dir/log" 2>&1; then
	grep -E '^(FAIL|ERROR)|rror' "$dir/log" | head -n 20
	fail "$maker" check
else
	pass
fi

if command -v readelf >/dev/null 2>&1; then
	ok 'the hardening flags arrived' eval \
	    "readelf -lW imgfcgi | grep -q GNU_RELRO &&
	    readelf -dW imgfcgi | grep -q BIND_NOW"
	# glib is what libvips' own interface is made of.
	is 'imgfcgi needs' "$(needed imgfcgi)" \
	    'libfcgi libglib-2.0 libgobject-2.0 libsodium libvips '
	is 'imgfcgi-url needs' "$(needed imgfcgi-url)" 'libsodium '
else
	skip 'what programs need' 'no readelf here'
fi

$maker install DESTDIR="$dir/root" >"$dir/log" 2>&1
is 'install' $? 0
is 'what is installed' "$(cd "$dir/root/usr/local/bin" && echo *)" \
    'imgfcgi imgfcgi-url'
is 'the manual is, too' "$(cd "$dir/root/usr/local/share/man" &&
    echo man*/*)" 'man1/imgfcgi-url.1 man5/imgfcgi.conf.5 man8/imgfcgi.8'
ok 'it starts' "$dir/root/usr/local/bin/imgfcgi" --version >"$dir/log"
finish
