#!/bin/sh
# Proves that the program of packaging/Containerfile serves alone in a
# read-only root, as nobody, without capabilities, as process 1, and ends at
# TERM. The image itself is not built: no registry is asked.
. tests/portable/machine.sh
[ -n "${OWN_NETWORK:-}" ] || skip "no right to make namespaces"
musl container
build program
program=$there/sallyport

list() { sed -n "s/^$1 \[\(.*\)\]\$/\1/p" packaging/Containerfile | tr -d '",'; }
user=$(sed -n 's/^USER //p' packaging/Containerfile)
[ "$(list ENTRYPOINT)" = /sallyport ] || fail "another entry point"
grep -q '^HEALTHCHECK .*CMD \["/sallyport", "status"\]' packaging/Containerfile ||
	fail "no health check"

start device "$BIN/contrib/tempdev/tempdev" --era E1 --speed 20 \
	--listen 127.0.0.1:0
wait_ready device
image=$TMPDIR/image
mkdir "$image"
mount -t tmpfs none "$image" || fail "no tmpfs"
trap 'umount -l "$image"; clean_up' EXIT
mkdir -p "$image/etc/sallyport"
cp "$program" "$image/sallyport"
printf 'profile w5500\nlisten 127.0.0.1:0\ndevice %s\n' "$ready_addr" \
	>"$image/etc/sallyport/sallyport.conf"
mount -o remount,ro "$image" || fail "it stays writable"

log=$TMPDIR/proxy.err
# shellcheck disable=SC2046 # several words
start proxy unshare --pid --fork --kill-child --root "$image" \
	--setgid "${user#*:}" --setuid "${user%:*}" $(list ENTRYPOINT) $(list CMD)
proxy=$started_pid
wait_ready proxy
curl --silent --show-error --max-time 60 "http://$ready_addr/" |
	grep -q "Temperature Server" || fail "no page"
first=$(cat "/proc/$proxy/task/$proxy/children")
first=${first% }
grep -q '^NSpid:.*	1$' "/proc/$first/status" || fail "not process 1"
grep -q '^CapEff:	0*$' "/proc/$first/status" || fail "capabilities"
grep -q "^Uid:	${user%:*}	${user%:*}	" "/proc/$first/status" || fail "not $user"
kill -TERM "$first"
wait_for "the end" ended "$proxy"
exit 0
