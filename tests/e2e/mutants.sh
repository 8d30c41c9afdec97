#!/bin/sh
# The recorded dumps notice when an answer is not what it was: a status, a
# header, a size and a format are changed on purpose, each in a daemon of its
# own, and replay has to name it.
#
#	IMGFCGI, IMGFCGI_URL	the daemon as it is, the command line tool
#	BUILDDIR		where it was built
#	REPLAY			tests/replay/replay
#	SAMPLES			directory of sample pictures

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"

need_variables IMGFCGI IMGFCGI_URL BUILDDIR REPLAY SAMPLES
[ -x "$BUILDDIR/config.status" ] || { skip config.status missing; finish; }
trap daemon_end EXIT
trap 'exit 1' HUP INT TERM
dump=$top/tests/replay/dumps/recorded/site.req
daemon_prepare
work=$daemon_dir

# What configure found, as sh reads it.
cat >"$work/build.in" <<'END'
cc='@CC@' ldflags='@LDFLAGS@'
flags='@DEFS@ @CPPFLAGS@ @VIPS_CFLAGS@ @SODIUM_CFLAGS@ @CFLAGS@'
END
(cd "$BUILDDIR" && ./config.status -q --file="$work/build:$work/build.in") &&
    . "$work/build" || exit 1

# What the daemon is linked with, as the Makefile has it.
libs=$(cd "$BUILDDIR" && printf '%s\n\t%s\n' 'words: ' \
    '@echo $(imgfcgi_LDADD) $(LIBS)' | make -s -f Makefile -f - words) || exit 1

# One file is compiled anew and linked in front of the library that has it.
# shellcheck disable=SC2086 # lists of flags
mutate() { # file sed-expression
	sed "$2" "$top/src/$1" >"$work/mutant.c" || return 1
	if cmp -s "$work/mutant.c" "$top/src/$1"; then
		echo "mutants: $1 has nothing for: $2"
		return 1
	fi
	$cc -std=c11 -D_GNU_SOURCE $flags -I"$BUILDDIR" -I"$top/src" \
	    -c -o "$work/mutant.o" "$work/mutant.c" &&
	    (cd "$BUILDDIR" && $cc $ldflags -o "$work/mutant" \
		src/imgfcgi.o "$work/mutant.o" $libs)
}

play() { # program
	IMGFCGI=$1 daemon_start --root "$SAMPLES" --errors precise \
	    --heights '240 320 480' || return 99
	"$REPLAY" "$daemon_socket" "$dump" >"$work/out" 2>&1
	code=$?
	daemon_stop || return 98
	return $code
}

# noticed KIND COMPLAINT FILE SED: replay fails, and says COMPLAINT.
noticed() {
	mutate "$3" "$4" || { fail "$1" 'no mutant'; return; }
	play "$work/mutant"
	is "$1: replay fails" $? 1
	ok "$1: with the right words" grep -q -e "$2" "$work/out"
}

play "$IMGFCGI"
is 'as it is' $? 0
noticed status ': status 403 : got status 400$' base/status.c \
    's/"not-allowed", 403/"not-allowed", 400/'
noticed header ': header Cache-Control public, .*: got Cache-Control: priv' \
    http/response.c 's/Cache-Control: public/Cache-Control: private/'
noticed size ': image [0-9]*x[0-9]* [a-z]*: got [0-9]*x[0-9]* ' \
    image/plan.c 's/^	plan->width = to\.w;/	plan->width = --to.w;/'
noticed format ': image [0-9x]* webp: got [0-9x]* png$' \
    url/request.c 's/^		return asked;/		return FORMAT_PNG;/'
finish
