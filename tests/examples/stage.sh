# shellcheck shell=sh
# Sourced by one script for each example: a machine of its own on which the
# files of examples/ are used as they are, ports, addresses and paths included:
# a network namespace with the device's address, and an /etc and a /run of
# which nothing stays.
. tests/lib.sh
[ -n "${OWN_NETWORK:-}" ] || skip "no right to make namespaces"

stage=$TMPDIR/stage
mkdir "$stage"
mount -t tmpfs none "$stage" || fail "no tmpfs"
trap 'umount -l /etc /run "$stage"; clean_up' EXIT
mkdir "$stage/etc" "$stage/work"
mount -t overlay overlay \
	-o "lowerdir=/etc,upperdir=$stage/etc,workdir=$stage/work" /etc ||
	skip "no overlay of directories here"
mount -t tmpfs tmpfs /run || fail "no /run"
mkdir /run/lock

# has PROGRAM PACKAGE
has() { command -v "$1" >/dev/null || skip "$2 is not installed"; }

# device_at ADDRESS: a network behind this machine, where the device is.
device_at()
{
	ip netns add device || skip "no second network here"
	{ ip link add lan type veth peer name eth0 netns device &&
		ip address add 192.168.1.1/24 dev lan && ip link set lan up &&
		ip -n device address add "$1/24" dev eth0 &&
		ip -n device link set eth0 up; } || fail "no network for the device"
}
start_in_device()
{
	start device ip netns exec device "$@"
	device=$started_pid
	wait_ready device
}

# standin NAME LISTEN ARGUMENT...: one of contrib/devices.
standin()
{
	has python3 python3
	kind=$1 listen=$2
	shift 2
	start_in_device python3 "contrib/devices/$kind.py" --listen "$listen" "$@"
}

# The emulated temperature server.
tempdev_at()
{
	start_in_device "$BIN/contrib/tempdev/tempdev" --era E1 --speed 20 \
		--listen "$1"
}

# example PATH: the proxy runs with this file of examples/, which has to be
# without a fault.
example()
{
	"$SALLYPORT" -t -c "examples/$1" >"$TMPDIR/check.err" 2>&1 ||
		fail "$1 has faults"
	start_proxy -c "examples/$1"
}

listens() { "$ACTOR" "$1" con clo >/dev/null 2>&1; }

# certificate PATH: key and certificate in one file.
certificate()
{
	has openssl openssl
	mkdir -p "${1%/*}"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=greenhouse \
		-keyout "$TMPDIR/key" -out "$TMPDIR/crt" 2>"$TMPDIR/openssl.err" ||
		fail "no certificate"
	cat "$TMPDIR/key" "$TMPDIR/crt" >"$1"
}

# page_from ADDRESS URL ARGUMENT...: the page arrives at a client of that
# address.
page_from()
{
	curl --silent --show-error --insecure --max-time 60 --interface "$@" \
		>"$TMPDIR/page" 2>"$TMPDIR/curl.err" || fail "curl $*"
	says "$TMPDIR/page" "Temperature Server" || fail "no page: curl $*"
}
