#!/bin/sh
# For FreeBSD, from here: configure chooses its platform files, everything
# compiles without a warning, and both programs and all test programs link
# against its libc.  Nothing of it is run; that is for a real one
# (.github/workflows/freebsd.yml).
#
# The compiler is zig's clang, which has FreeBSD's headers and libc, from
# PyPI.  Headers of the three libraries are this machine's; in the place of
# the libraries stands one with their names, so that whatever else is missing
# is missing in FreeBSD's libc.
#
#	BUILDDIR	a build of the tree, for the names that it takes from
#			the libraries

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd -P)}
. "$top/tests/lib.sh"

version=0.15.2
target=x86_64-freebsd
need_variables BUILDDIR
need_commands python3 pkg-config nm file
if [ "$(uname -s)" = FreeBSD ]; then
	skip zig 'this is FreeBSD'
	finish
fi

# Kept from run to run: 400 MB, and the libc that it builds for itself.
zig=$(cd "$BUILDDIR/.." && pwd -P)/zig-$version
if [ ! -f "$zig/complete" ]; then
	rm -rf "$zig"
	if ! python3 -m venv "$zig" >/dev/null 2>&1 || ! timeout 300 \
	    "$zig/bin/pip" install -q ziglang==$version >/dev/null 2>&1; then
		rm -rf "$zig"
		skip zig "ziglang $version cannot be had from PyPI"
		finish
	fi
	: >"$zig/complete"
fi
ZIG_GLOBAL_CACHE_DIR=$zig/cache
export ZIG_GLOBAL_CACHE_DIR

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$dir/bin" "$dir/include" "$dir/lib" "$dir/build"
for tool in 'cc -target '$target ar ranlib; do
	cat >"$dir/bin/${tool%% *}" <<END
#!/bin/sh
exec "$zig/bin/python" -m ziglang $tool "\$@"
END
done
chmod 755 "$dir"/bin/*

# The headers of the libraries that we use, and no others of this machine.
include=$(pkg-config --variable=includedir vips)
for header in "$include"/vips "$include"/sodium* "$include"/fcgi*.h \
    "$include"/jpeglib.h "$include"/j*.h "$include"/*/jconfig.h \
    "$include"/webp "$include"/libheif "$include"/*/libheif \
    "$include"/libdeflate.h "$include"/curl "$include"/*/curl; do
	[ ! -e "$header" ] || ln -sf "$header" "$dir/include/"
done
glib=$(pkg-config --cflags-only-I glib-2.0 | sed 's/-I/-isystem /g')

# And their names, as this machine's own build takes them.
find "$BUILDDIR" -name '*.o' -exec nm -u {} + |
    awk '
	$2 ~ /^(vips_|g_|sodium_|crypto_|randombytes|FCGX_)/ { print $2 }
	$2 ~ /^(jpeg_|WebP|heif_|libdeflate_|curl_)/ { print $2 }' |
    sort -u | sed 's/.*/void &(void); void &(void) {}/' >"$dir/names.c"
ok 'names of libraries' test "$(grep -c . "$dir/names.c")" -gt 50
"$dir/bin/cc" -shared -o "$dir/lib/libnames.so" "$dir/names.c" \
    >"$dir/log" 2>&1
is 'a library of names' "$? $(tail -n 3 "$dir/log")" '0 '
cp "$dir/lib/libnames.so" "$dir/lib/libfcgi.so"

cd "$dir/build" || exit 1
if ! "$top/configure" --host=x86_64-unknown-freebsd14.0 --enable-werror \
    CC="$dir/bin/cc" AR="$dir/bin/ar" RANLIB="$dir/bin/ranlib" \
    CFLAGS='-O1 -g0' CPPFLAGS="-isystem $dir/include" LDFLAGS="-L$dir/lib" \
    VIPS_CFLAGS="$glib" VIPS_LIBS=-lnames SODIUM_CFLAGS=' ' \
    SODIUM_LIBS=-lnames PLANAR_CFLAGS=' ' PLANAR_LIBS=-lnames \
    DEFLATE_CFLAGS=' ' DEFLATE_LIBS=-lnames \
    CURL_CFLAGS=' ' CURL_LIBS=-lnames \
    >"$dir/log" 2>&1; then
	tail -n 20 "$dir/log"
	fail configure "for $target"
	finish
fi
pass
ok 'it knows the system' grep -q '^  platform     freebsd$' "$dir/log"
make -j 2 >"$dir/log" 2>&1 && make -j 2 check TESTS= >>"$dir/log" 2>&1
is 'make' "$? $(grep -E 'rror:|warning:' "$dir/log" | head -n 20)" '0 '
for program in imgfcgi imgfcgi-url tests/unit/t_origin tests/replay/replay
do
	ok "$program is FreeBSD's" eval \
	    "file $program | grep -q 'ELF 64-bit.*FreeBSD'"
done
for object in src/serve/libserve_a-platform_freebsd.o \
    src/origin/libserve_a-beneath_freebsd.o; do
	ok "$object" test -f $object
done
finish
