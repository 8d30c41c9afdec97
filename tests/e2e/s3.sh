# A private bucket on a server that verifies signatures: versitygw, which go
# builds from its module once and keeps beside the builds.
#
#	IMGFCGI, IMGFCGI_URL	the daemon, the command line tool
#	BUILDDIR		for tests/e2e/fetch
#	SAMPLES			directory of sample pictures
top=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/tests/lib.sh"
. "$top/tests/e2e/daemon-lib.sh"
. "$top/tests/e2e/origin-lib.sh"
need_variables IMGFCGI IMGFCGI_URL BUILDDIR SAMPLES
need_commands curl
origin_need

# The version is fixed, so that every run tests the same.
tools=$(dirname "$BUILDDIR")/tools
gateway=$tools/versitygw
if [ ! -x "$gateway" ]; then
	need_commands go
	mkdir -p "$tools"
	echo 'building versitygw'
	GOBIN=$tools GOFLAGS=-buildvcs=false go install \
	    github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
	    >"$tools/log" 2>&1 || {
		skip versitygw "not built: $(tail -n 1 "$tools/log")"
		finish
	}
fi

s3_pid=
s3_stop() {
	[ -z "$s3_pid" ] || kill "$s3_pid" 2>/dev/null
	[ -z "$s3_pid" ] || wait "$s3_pid" 2>/dev/null
	s3_pid=
}
stop_all() {
	s3_stop
	daemon_end
	rm -rf "$dir"
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
dir=$(mktemp -d "${TMPDIR:-/tmp}/imgfcgi-s3.XXXXXX") || exit 1
id=AKIDEXAMPLE secret='wJal/rXU+tnFEMI=K7MDENG'
mkdir "$dir/data" "$dir/iam" && cp "$SAMPLES/photo.jpg" "$dir/" || exit 1

# Its own administrator owns the bucket; our keys are a user's.
s3_alive() {
	curl -gs -o "$dir/out" "$endpoint/" || ! kill -0 "$s3_pid" 2>/dev/null
}
s3_start() {
	ROOT_ACCESS_KEY=admin ROOT_SECRET_KEY=admin-secret "$gateway" --quiet \
	    --port "127.0.0.1:$1" --iam-dir "$dir/iam" posix "$dir/data" \
	    >"$dir/log" 2>&1 </dev/null &
	s3_pid=$!
	endpoint=http://127.0.0.1:$1
	within 10 s3_alive && kill -0 "$s3_pid" 2>/dev/null
}
port=$((20000 + $$ % 12000)) try=0
until s3_start $port; do
	s3_stop
	try=$((try + 1)) port=$((port + 97))
	[ $try -lt 5 ] || {
		cat "$dir/log"
		fail versitygw 'does not start'
		finish
	}
done
admin() { # method url-rest curl's-options...
	admin_method=$1 admin_url=$endpoint/$2
	shift 2
	curl -gs -o "$dir/out" -w '%{http_code}' -X "$admin_method" \
	    --aws-sigv4 aws:amz:us-east-1:s3 --user admin:admin-secret \
	    -H x-amz-content-sha256:UNSIGNED-PAYLOAD "$@" "$admin_url"
}
is 'a bucket' "$(admin PUT photos)" 200
is 'a user' "$("$gateway" admin --access admin --secret admin-secret \
    --endpoint-url "$endpoint" create-user --access "$id" \
    --secret "$secret" --role user >"$dir/out" 2>&1; echo $?)" 0
allow() { # Allow|Deny
	printf '{"Statement":[{"Effect":"%s","Principal":{"AWS":["%s"]},
	    "Action":["s3:GetObject"],"Resource":["arn:aws:s3:::photos/*"]}]}' \
	    "$1" "$id" >"$dir/policy"
	admin PUT 'photos?policy=' --data-binary "@$dir/policy"
}
is 'its permission' "$(allow Allow)" 204

put_keys() { # file id secret
	(umask 077 && printf \
	    '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
	    "$2" "$3" >"$dir/$1")
}
put_keys keys "$id" "$secret"
put_keys wrong "$id" wrong
put_keys unknown NOBODY "$secret"

# Put there by curl, under coded names: this is not what is tested.
for name in a.jpg 'a%20b.jpg' 'a%2Bb.jpg' 'a%3Db.jpg' 'a%25b.jpg' \
    '%C3%BC.jpg' 'd%20e/%27%28%29%2A%21.jpg'; do
	is "put $name" "$(admin PUT "photos/$name" -T "$dir/photo.jpg")" 200
done

fetch() { # args...
	"$BUILDDIR/tests/e2e/fetch" "endpoint=$endpoint" "$@" 2>&1
}
size=$(wc -c <"$dir/photo.jpg" | tr -d ' ')
for name in /a.jpg '/a b.jpg' /a+b.jpg /a=b.jpg /a%b.jpg /ü.jpg \
    "/d e/'()*!.jpg"; do
	line=$(fetch keys="$dir/keys" s3://photos "$name")
	is "signed: $name" "$(printf '%s\n' "$line" | cut -d' ' -f1,2)" \
	    "ok $size"
done
line=$(fetch keys="$dir/keys" 's3://photos/d e' "/'()*!.jpg")
is 'a prefix' "$(printf '%s\n' "$line" | cut -d' ' -f1,2)" "ok $size"

says() { # name text args...
	says_name=$1 says_text=$2
	shift 2
	line=$(fetch "$@")
	case $line in
	$says_text*) pass ;;
	*) fail "$says_name" "$line" ;;
	esac
}
says 'a missing key' 'not-found*404 NoSuchKey' keys="$dir/keys" \
    s3://photos /none.jpg
says 'a missing bucket' 'not-found*404 NoSuchBucket' keys="$dir/keys" \
    s3://nothing /a.jpg
says 'a wrong secret' 'forbidden*403 SignatureDoesNotMatch' \
    keys="$dir/wrong" s3://photos /a.jpg
says 'an unknown id' 'forbidden*403 InvalidAccessKeyId' \
    keys="$dir/unknown" s3://photos /a.jpg
says 'no file' 'fetch: */none: No such file' keys="$dir/none" s3://photos /a
chmod 644 "$dir/wrong"
says 'an open file' 'fetch: */wrong: open to group or others' \
    keys="$dir/wrong" s3://photos /a.jpg
chmod 600 "$dir/wrong"
line=$(AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret \
    fetch s3://photos /a=b.jpg)
is 'keys of the environment' "$(printf '%s\n' "$line" | cut -d' ' -f1,2)" \
    "ok $size"
line=$(fetch keys="$dir/keys" fresh=0 times=2 s3://photos /a=b.jpg)
is 'asked again by condition' "$(printf '%s\n' "$line" |
    grep -c "^ok $size")" 2

# The daemon: opaque to visitors, clear in the log.
cat >"$dir/conf" <<END
origin = s3://photos
s3-endpoint = $endpoint
s3-keys = $dir/keys
origin-fresh = 1s
END
once() { # args...
	"$IMGFCGI" --config "$dir/conf" "$@" >"$dir/out" 2>"$dir/err"
}
once --once '/a+b.jpg?w=150'
is 'the daemon: a picture' $? 0
once --s3-keys "$dir/wrong" --once '/a.jpg?w=150'
ok 'a wrong secret: opaque' grep -q '^Status: 404' "$dir/err"
ok 'a wrong secret: the log' grep -q \
    'forbidden.*the origin refuses us: 403 SignatureDoesNotMatch' "$dir/err"
once --s3-keys "$dir/none" --once '/a.jpg?w=150'
ok 'no keys: one line' grep -q \
    '^imgfcgi: s3-keys, for s3://photos: .*/none: No such file' "$dir/err"

# Permissions that change are noticed, either way.
fetch keys="$dir/keys" fresh=500 times=3 pause=1500 s3://photos /a.jpg \
    >"$dir/three" &
three=$!
sleep 0.7
allow Deny >"$dir/out"
sleep 1.5
allow Allow >"$dir/out"
wait $three
is 'allowed, denied, allowed' "$(cut -d' ' -f1 "$dir/three" | tr '\n' ' ')" \
    'ok forbidden ok '

# The daemon's children have the keys from the master, where they need them.
export AWS_SECRET_ACCESS_KEY=secret
daemon_start --config "$dir/conf" || exit 1
for child in $(daemon_role front; daemon_role converter); do
	is "no keys in the environment of $child" "$(tr '\0' '\n' \
	    2>/dev/null <"/proc/$child/environ" | grep -c AWS_SECRET)" 0
done
finish
