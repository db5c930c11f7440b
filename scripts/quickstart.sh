#!/bin/sh
# Installs what is missing, builds, starts a device and the proxy before it,
# makes one request through the proxy and shows the reply. Nothing is left
# running, unless --keep is given: then both stay until Ctrl-C.
set -e
cd "$(dirname "$0")/.."
. scripts/need.sh

case "${1:-}" in
"" | --keep) keep=${1:-} ;;
*) echo "usage: sh scripts/quickstart.sh [--keep]" >&2 && exit 64 ;;
esac

need gcc libc6-dev make pkg-config curl
echo "== building"
make -s -j"$(nproc)" program tools

dir=$(mktemp -d)
device=
proxy=
stop()
{
	for pid in $proxy $device; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' HUP INT TERM

# start NAME COMMAND...: its process is $started, its address $address; false
# if it ends before it is ready.
start()
{
	log=$dir/$1
	: >"$log"
	shift
	"$@" >"$log.out" 2>"$log" &
	started=$!
	until address=$(sed -n 's/.*: ready on \([^ ,]*\).*/\1/p' "$log") &&
		[ -n "$address" ]; do
		kill -0 "$started" 2>/dev/null || return 1
		sleep 0.05
	done
}

gave_up() { cat "$log" >&2 && exit 1; }

# Firmware later than E1 puts a line of HTML among its header's lines: browsers
# bear that, curl does not.
start device contrib/tempdev/tempdev --era E1 --speed 20 \
	--listen 127.0.0.1:0 || gave_up
device=$started
device_address=$address
echo "== the device, an emulated temperature server, listens on $address"

# Port 8001 if it is free, else the kernel's choice.
start_proxy()
{
	start proxy ./sallyport --profile w5500 "127.0.0.1:$1" "$device_address"
}
start_proxy 8001 || start_proxy 0 || gave_up
proxy=$started
echo "== the proxy listens on $address"

echo "== curl http://$address/"
curl --silent --show-error --include --max-time 30 "http://$address/"
echo
echo "== the proxy's log: one line for each connection"
until grep cause= "$log"; do
	sleep 0.05
done

if [ -n "$keep" ]; then
	echo "== both run until Ctrl-C: http://$address/"
	wait "$proxy"
fi
