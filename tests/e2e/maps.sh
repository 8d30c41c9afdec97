#!/bin/sh
# What the shipped maps make of queries and Accept headers, row by row, through
# a real nginx; and whether they know every parameter of the table.
#
#	IMGFCGI_URL	the command line tool; without it the last part is
#			skipped

top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"

need_commands nginx curl
work=$(mktemp -d) || exit 1
trap 'nginx_stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
nginx_prepare_echo && nginx_start || exit 1

# The value of one daemon's parameter for a query [and curl's options].
param_of() { # name query [option...]
	name=$1 query=$2
	shift 2
	curl -gs "$@" "$nginx_url/photo.jpg?$query" | sed -n "s/^$name=//p"
}

# A letter a kind of token: short enough for a row, long enough for nginx.
t56=$(printf '%056d' 0 | tr 0 T)
t55=$(printf '%055d' 0 | tr 0 T)
t739=$(printf '%0739d' 0 | tr 0 T)

# raw query, tab, the rebuilt one
while IFS='	' read -r raw want; do
	case $raw in '' | '# '*) continue ;; esac
	[ "$raw" = - ] && raw=
	[ "$want" = - ] && want=
	is "$raw" "$(param_of QUERY_STRING "$raw")" "$want"
done <<END
# tcl-img-proxy's URLs
w=640&q=85&f=webp	w=640&q=85&f=webp
w=640&q=85&f=webp&timestamp=1512345678	w=640&q=85&f=webp
w=640&f=jpg	w=640&f=jpg
w=640&f=jpeg	w=640&f=jpg
# One order
f=webp&q=85&w=640	w=640&q=85&f=webp
hash=$t56&crop=1x1+0+0&h=9	h=9&crop=1x1+0+0&hash=$t56
g=east&fit=fill&q=80&h=9&w=9	w=9&h=9&q=80&fit=fill&g=east
# Nothing of ours: the original
-	-
utm_source=x	-
x=1&y=2&ww=640&wh=1	-
w	-
w=	-
w=&h=&q=&f=&fit=&g=&crop=&exp=&hash=	-
v=1	-
timestamp=1	-
fit=cover	-
g=north	-
fit=cover&g=north	-
%77=640	-
w%3D640	-
w[]=640	-
a;w=640	-
a%26w=640	-
amp;w=640	-
# Junk beside ours
utm_source=x&w=640&fbclid=y	w=640
w=640&w[]=1&xw=2&wx=3	w=640
&&w=640&&	w=640
=&w=640	w=640
?w=640	-
# The first of a name counts, whatever its case
w=640&w=320	w=640
W=640	w=640
w=&w=640	-
W=640&w=x	w=640
# Bad values are one word, never nothing
w=0	w=refused
w=00640	w=refused
w=640px	w=refused
w=640.0	w=refused
w=+640	w=refused
w=-640	w=refused
w=640%20	w=refused
w=640+	w=refused
w=%36%34%30	w=refused
w=640%00	w=refused
w=640;h=480	w=refused
w=640?h=480	w=refused
w=w=640	w=refused
w==640	w=refused
w=99999	w=refused
w=18446744073709552256	w=refused
w=refused	w=refused
w=9999	w=9999
h=x	h=refused
q=0	q=refused
q=101	q=refused
q=100	q=100
q=1	q=1
f=JPG	f=refused
f=bmp	f=refused
f=heic	f=refused
f=webp,avif	f=refused
f=tif	f=tiff
w=640&h=480&fit=crop	w=640&h=480&fit=refused
fit=crop	fit=refused
g=up	g=refused
crop=1x1+0+0	crop=1x1+0+0
crop=0x1+0+0	crop=refused
crop=1x1%2B0%2B0	crop=refused
crop=1x1-1+0	crop=refused
exp=1700000000	exp=refused
hash=$t55	hash=refused
hash=$t739	hash=$t739
hash=${t739}T	hash=refused
hash=$t56=	hash=refused
hash=$t56.	hash=refused
hash=0123456789012345678901	hash=refused
# fit and g need both sides, or a hash that may hold the other
w=640&fit=cover	w=640
h=480&fit=cover&g=north	h=480
w=640&h=480&fit=cover&g=north	w=640&h=480&fit=cover&g=north
w=640&h=&fit=cover	w=640
w=640&fit=x&g=north	w=640&fit=refused&g=north
w=640&fit=cover&hash=$t56	w=640&fit=cover&hash=$t56
END

# The token is passed where it can matter.
chrome='image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8'
while IFS='	' read -r raw want; do
	[ "$want" = - ] && want=
	is "token for $raw" \
	    "$(param_of IMGFCGI_ACCEPT "$raw" -H "Accept: $chrome")" "$want"
done <<END
f=auto	avif
w=640&f=auto	avif
w=640&hash=$t56	avif
w=640&f=webp&hash=$t56	avif
w=640	-
w=640&f=webp	-
w=640&f=autox	-
w=640&hash=bad	-
END

# Accept headers of the world.
rows=0
while IFS='	' read -r want header; do
	case $want in '' | '#'*) continue ;; esac
	rows=$((rows + 1))
	[ "$want" = - ] && want=
	is "$header" \
	    "$(param_of IMGFCGI_ACCEPT f=auto -H "Accept: $header")" "$want"
done <"$top/tests/e2e/accept-headers.txt"
ok "at least 40 headers" [ "$rows" -ge 40 ]
is "no Accept at all" "$(param_of IMGFCGI_ACCEPT f=auto -H Accept:)" ""

# 7 KB that begin well many times must not cost seconds, nor an error.
long=$(printf '%0450d' 0 | sed 's/0/image\/avif;q=0,/g')
is "a long header of refusals" "$(param_of IMGFCGI_ACCEPT f=auto \
    -m 2 -H "Accept: $long")" ""
long=$(printf '%01700d' 0 | sed 's/0/;a=b/g')
is "a long header of parameters" "$(param_of IMGFCGI_ACCEPT f=auto \
    -m 2 -H "Accept: image/avif$long;q=0,image/webp")" webp
is "nginx had nothing to say" "$(cat "$nginx_dir/error.log")" ""

# v may be let through by swapping two lines.
nginx_edit imgfcgi-maps.conf '/imgfcgi_asked";$/s/^/#/
/imgfcgi_asked\$imgfcgi_v/s/^#//' && nginx_reload
while IFS='	' read -r raw want; do
	[ "$want" = - ] && want=
	is "with v: $raw" "$(param_of QUERY_STRING "$raw")" "$want"
done <<END
w=640&v=1.2-3_4	w=640&v=1.2-3_4
w=640&timestamp=1512345678	w=640&v=1512345678
v=a%20b&w=640	w=640&v=refused
v=1	-
w=640	w=640
END

# Every name of the table has its map.
if [ -n "${IMGFCGI_URL:-}" ]; then
	for name in $("$IMGFCGI_URL" params |
	    sed -n -e '/^name /d' \
	        -e 's/^\([a-z]*\)\(, \([a-z]*\)\)\{0,1\} .*/\1 \3/p'); do
		ok "a map for $name" grep -q "^map .*\$arg_${name}[ \$]" \
		    "$top/nginx-conf/imgfcgi-maps.conf"
	done
else
	skip "names of the table" "IMGFCGI_URL is unset"
fi
finish
