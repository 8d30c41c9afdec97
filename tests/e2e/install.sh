# spawn/install with a package manager that only writes down what it is told:
# the list of packages, and a service that must not start.
. "$(dirname "$0")/../lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd -P)

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
DPKG_ROOT=$dir/root
CI=true
told=$dir/told
export DPKG_ROOT CI told
mkdir -p "$dir/bin" "$DPKG_ROOT/usr/sbin"
policy=$DPKG_ROOT/usr/sbin/policy-rc.d

script() { # file, text from stdin
	cat >"$1"
	chmod 755 "$1"
}
script "$dir/bin/apt-get" <<'END'
#!/bin/sh
echo "apt-get $*" >>"$told"
case " $* " in *' update '*) exit 0 ;; esac
policy=$DPKG_ROOT/usr/sbin/policy-rc.d
for service in nginx supervisor.service cron; do
	[ -x "$policy" ] && "$policy" --quiet $service start
	echo "$service $?" >>"$told"
done
[ ! -e "$told.fail" ] || { rm "$told.fail"; exit 100; }
END
script "$dir/bin/apt-cache" <<'END'
#!/bin/sh
echo '  Candidate: 1'
END
script "$dir/bin/id" <<'END'
#!/bin/sh
echo 0
END
script "$DPKG_ROOT/usr/sbin/update-rc.d" <<'END'
#!/bin/sh
echo "update-rc.d $*" >>"$told"
END

install() { # name...: what it told, in one line
	: >"$told"
	(
		PATH=$dir/bin:$PATH
		. "$top/spawn/install"
		packages_install "$@"
	) </dev/null >"$dir/out" 2>&1
	status=$?
	sed -e 's/apt-get .* install/apt-get install/' "$told" | tr '\n' ';'
}

is 'nothing to install' "$(install)" ''
is 'a fresh nginx, no policy' "$(install nginx curl)" \
    'apt-get install nginx curl;nginx 101;supervisor.service 0;cron 0;'\
'update-rc.d nginx disable;'
ok 'no policy is left' test ! -e "$policy"

script "$policy" <<'END'
#!/bin/sh
exit 104
END
before=$(cat "$policy")
is 'a fresh nginx, a policy' "$(install nginx)" \
    'apt-get install nginx;nginx 101;supervisor.service 104;cron 104;'\
'update-rc.d nginx disable;'
is 'the policy is back' "$(cat "$policy")" "$before"
is 'and nothing else' "$(ls "$DPKG_ROOT/usr/sbin")" "policy-rc.d
update-rc.d"
: >"$told.fail"
is 'once more after old lists' "$(install nginx | tr -d ' ' |
    grep -o 'apt-get[^;]*' | tr '\n' ';')" \
    'apt-getinstallnginx;apt-get-qqupdate;apt-getinstallnginx;'
is 'the policy is back after a failure' "$(cat "$policy")" "$before"

is 'without services the policy rules' "$(install curl)" \
    'apt-get install curl;nginx 104;supervisor.service 104;cron 104;'
is 'two services' "$(install supervisor curl nginx)" \
    'apt-get install supervisor curl nginx;nginx 101;'\
'supervisor.service 101;'\
'cron 104;update-rc.d nginx disable;update-rc.d supervisor disable;'
: >"$DPKG_ROOT/usr/sbin/nginx"
chmod 755 "$DPKG_ROOT/usr/sbin/nginx"
is 'an nginx that was there keeps its service' "$(install nginx)" \
    'apt-get install nginx;nginx 104;supervisor.service 104;cron 104;'
is 'also beside a new one' "$(install nginx supervisor)" \
    'apt-get install nginx supervisor;nginx 104;supervisor.service 101;'\
'cron 104;update-rc.d supervisor disable;'

# The list itself.
list=$top/spawn/packages
is 'every row has four fields' "$(sed '/^#/d' "$list" |
    awk 'NF != 4 { print NR }')" ''
is 'every probe is known' "$(sed '/^#/d' "$list" | awk '{ print $2 }' |
    grep -vE '^((command|module|header|php):.+|package)$')" ''
is 'every set is known' "$(sed '/^#/d' "$list" | awk '{ print $1 }' |
    grep -vxE 'build|run|more|soak|test')" ''

missing() { # list's rows from stdin: what of them is missing
	mkdir -p "$dir/tree/spawn"
	cat >"$dir/tree/spawn/packages"
	(
		PATH=$dir/bin:$PATH
		. "$top/spawn/install"
		top=$dir/tree
		packages_missing build
	)
}
is 'what is there is not missing' "$(echo 'build command:sh a a' |
    missing)" ''
is 'what is not there is' "$(echo 'build command:no-such-tool a a' |
    missing)" a
is 'of the sets that were named' "$(echo 'test command:no-such-tool a a' |
    missing)" ''
is 'unless it needs no package' "$(echo 'build command:no-such-tool - -' |
    missing)" ''
is 'each once' "$(printf 'build command:no-such-%s a a\n' tool thing |
    missing)" a
is 'a header' "$(echo 'build header:no/such.h b b' | missing)" b
finish
