# The shipped units: what systemd's own tools say of them, and the service at
# work.  No systemd needs to run here: root starts one as the init of its own
# process, mount and control group namespaces, with these units alone, so that
# socket, credentials, user and all fences are the real ones.
# Needs IMGFCGI, IMGFCGI_URL, LOAD and SAMPLES.

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib.sh"
. "$top/tests/e2e/nginx.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/launch-lib.sh"

need_commands nginx curl systemd-analyze systemd-socket-activate
need_variables IMGFCGI IMGFCGI_URL LOAD SAMPLES
load_pid='' boot_pid='' init='' group=''
end() {
	[ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null
	shut
	nginx_stop
	daemon_end
}
trap end EXIT
trap 'exit 99' HUP INT TERM
umask 022

# What was booted below goes, and its control groups with it.
shut() {
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null
	if [ -n "$boot_pid" ]; then
		kill -KILL "$boot_pid" 2>/dev/null
		wait "$boot_pid" 2>/dev/null
	fi
	[ ! -d "$group" ] || within 5 no_groups
	boot_pid='' init=''
}
no_groups() {
	find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$group" ]
}

launch_prepare || exit 1
boot=$work/boot
mkdir "$boot" "$boot/bin" "$boot/etc" "$boot/units" "$boot/none"
cp "$IMGFCGI" "$boot/bin/imgfcgi"
for unit in imgfcgi.service imgfcgi.socket; do
	cp "$top/spawn/$unit" "$boot/units/"
done

# --- what the tools say ----------------------------------------------------

# The program must be there for this; the paths are right below.
mkdir "$work/verify"
sed "s|/usr/local/bin/|$boot/bin/|" "$boot/units/imgfcgi.service" \
    >"$work/verify/imgfcgi.service"
cp "$boot/units/imgfcgi.socket" "$work/verify/"
is 'systemd-analyze verify' "$(systemd-analyze verify --man=no \
    "$work/verify/imgfcgi.service" "$work/verify/imgfcgi.socket" 2>&1)" ''
exposed=$(systemd-analyze security --offline=yes --no-pager \
    "$work/verify/imgfcgi.service" 2>/dev/null |
    sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
ok "systemd-analyze security: $exposed" awk -v is="$exposed" \
    'BEGIN { exit !(is != "" && is <= 1.5) }'

# --- systemd's way to hand over a socket, any user -------------------------

mkdir -m 700 "$work/credentials"
cp "$daemon_key" "$work/credentials/imgfcgi.key"
# The command of the unit, in one line.
command=$(sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$work/verify/imgfcgi.service" |
    sed -n 's/^ExecStart=//p' | sed -e "s|/etc/imgfcgi.conf|$launch_conf|" \
    -e "s|\${CREDENTIALS_DIRECTORY}|$work/credentials|")
: >"$daemon_log"
# shellcheck disable=SC2086 # one word an argument
systemd-socket-activate -l "$daemon_socket" $command 2>>"$daemon_log" &
daemon_pid=$!
within 5 test -S "$daemon_socket"
launch_served 'systemd-socket-activate'
launch_logged 'systemd-socket-activate'
daemon_stop
is 'systemd-socket-activate: stop' $? 0
ok 'the path is the launcher'"'"'s' test -S "$daemon_socket"
rm -f "$daemon_socket"

# --- booted ----------------------------------------------------------------

unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
own=$(sed -n 's/^0:://p' /proc/self/cgroup)
group=$unified${own%/}/imgfcgi-test.$$
if [ "$(id -u)" != 0 ] || ! command -v nsenter >/dev/null ||
    [ ! -x /lib/systemd/systemd ] || [ -z "$unified" ] ||
    ! unshare --fork --pid --mount --cgroup --ipc --uts true 2>/dev/null ||
    ! mkdir "$group" 2>/dev/null; then
	skip 'systemd as an init' 'that takes root, namespaces and cgroup2'
	finish
fi

for target in basic shutdown sockets sysinit umount; do
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target \
	    >"$boot/units/$target.target"
done
sed 's/DefaultDependencies=no/&\nWants=imgfcgi.socket/' \
    "$boot/units/basic.target" >"$boot/units/default.target"
# There is no journal here.
mkdir "$boot/units/imgfcgi.service.d"
printf '[Service]\nStandardError=append:/run/log\n' \
    >"$boot/units/imgfcgi.service.d/log.conf"
# The configuration is of the kind that other launchers want.
printf '%s = %s\n' root /srv socket /var/run/imgfcgi.sock converters 2 \
    user nobody key-file /etc/imgfcgi.key log /var/log/imgfcgi.log \
    queue-timeout 20s >"$boot/etc/imgfcgi.conf"
(umask 077 && cp "$daemon_key" "$boot/etc/imgfcgi.key")

# Nothing of this is seen outside, and nothing outside can be written.
cat >"$boot/inner" <<'END'
set -e
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t overlay overlay -o "lowerdir=$1/etc:/etc" /etc
mount --bind "$1/units" /etc/systemd/system
mount --bind "$1/units" /usr/lib/systemd/system
mount --bind "$1/none" /usr/lib/systemd/system-generators
mount --bind "$1/bin" /usr/local/bin
mount --bind "$1/../root" /srv
mount --bind /dev/null /dev/console
: >"$1/mounted"
mount -o remount,bind,ro /
for dir in /run /dev/shm /var/tmp /tmp; do
	mount -t tmpfs tmpfs $dir
done
mount --make-rshared /
exec env -i container=imgfcgi-test PATH="$PATH" /lib/systemd/systemd \
    --system --unit=default.target --log-target=null --show-status=no
END
cat >"$boot/outer" <<'END'
set -e
mount --make-rprivate /
echo 0 >"$2/cgroup.procs"
exec unshare --cgroup sh "$1/inner" "$1"
END
unshare --fork --kill-child --pid --mount --ipc --uts sh "$boot/outer" \
    "$boot" "$group" >"$work/boot.log" 2>&1 </dev/null &
boot_pid=$!

booted() {
	init=$(ps -A -o pid= -o ppid= -o args= | awk -v parent="$boot_pid" \
	    '$2 == parent && $3 ~ /systemd$/ { print $1 }')
	[ -n "$init" ] && [ -S "/proc/$init/root/run/imgfcgi.sock" ]
}
if ! within 15 booted; then
	why=$(cat "$work/boot.log")
	if [ -e "$boot/mounted" ]; then
		fail 'systemd as an init' "it does not come up: $why"
	else
		skip 'systemd as an init' "$why"
	fi
	finish
fi
ln -s "/proc/$init/root/run/imgfcgi.sock" "$daemon_socket"
rm "$daemon_log"
ln -s "/proc/$init/root/run/log" "$daemon_log"
control() { # systemctl's words
	nsenter -t "$init" -a systemctl "$@" 2>&1
}
property() { # name unit
	control show -P "$1" "imgfcgi.$2"
}
# As the init sees them; outside they have other numbers.
inside() { # ps's words
	nsenter -t "$init" -a ps -A "$@"
}
master() {
	property MainPID service
}

is 'mode and group of the socket' "$(nsenter -t "$init" -a ls -l \
    /run/imgfcgi.sock | awk '{ print $1, $4 }')" 'srw-rw---- www-data'
is 'before a request' "$(property ActiveState service)" inactive
launch_served 'socket activation'
launch_logged 'socket activation'
is 'and then' "$(property ActiveState service) $(property NRestarts service)" \
    'active 0'
first=$(master)
is 'whom it runs as' "$(inside -o ppid= -o user= -o args= |
    awk -v m="$first" '$1 == m { print $2, $4 }' | sort -u |
    tr '\n' ' ')" 'imgfcgi converter imgfcgi front '
is 'fences of a converter' "$(nsenter -t "$init" -a sed -n \
    -e 's/^CapEff:[[:space:]]*0*$/no capability/p' \
    -e 's/^NoNewPrivs:[[:space:]]*1$/no new one/p' \
    -e 's/^Seccomp:[[:space:]]*2$/seccomp/p' \
    "/proc/$(inside -o pid= -o args= |
    awk '/--role=converter/ { print $1; exit }')/status" | tr '\n' ' ')" \
    'no capability no new one seccomp '
token=$("$IMGFCGI_URL" mint --key-file "$daemon_key" /photo.jpg w=333)
is 'the key came as a credential' "$(nginx_get "$token")" '200 MISS'

load_begin 4
is 'reload' "$(control reload imgfcgi)" ''
sleep 1
is 'reload again' "$(control reload imgfcgi)" ''
load_end 'reload'
is 'each was done, by the same master' \
    "$(grep -c ' reloaded$' "$daemon_log") $(master)" "2 $first"

load_begin 4
is 'restart' "$(control restart imgfcgi)" ''
load_end 'restart'
ok 'another master' [ "$(master)" != "$first" ]
launch_served 'after the restart'

control kill -s KILL --kill-who=main imgfcgi
launch_served 'after the death of the master'
is 'it was started again' "$(property NRestarts service)" 1

is 'stop' "$(control stop imgfcgi.service imgfcgi.socket)" ''
is 'no process is left' "$(inside -o args= | grep -c '[i]mgfcgi')" 0
ok 'no socket is left' test ! -e "/proc/$init/root/run/imgfcgi.sock"
is 'how it ended' "$(property Result service)" success
shut
ok 'no control group is left' test ! -d "$group"
finish
