#!/bin/sh
# Proves that poll.c alone builds with every compiler there is, and gives the right answers or a clear skip in poor surroundings.
cd "$(dirname "$0")/../.." || exit 1
dir=${TMPDIR:-/tmp}/alone.$$
mkdir "$dir" && chmod 755 "$dir" || exit 1
failed=0

fail()
{
	echo "FAIL: $*"
	grep -A 2 '^not ok' "$dir/out" || head -n 20 "$dir/out"
	failed=1
}

# scripts PREFIX...: the scripts run under PREFIX all hold or are skipped.
scripts()
{
	"$@" run tests/poll/pp/*.pp >"$dir/out" 2>&1 || fail "$*: exit $?"
	grep '^not ok' "$dir/out" && fail "$*"
	grep -c '^ok.*SKIP' "$dir/out" >"$dir/skips"
}

# Only the file itself, far from the tree.
cp contrib/debug/poll.c "$dir/poll.c"
for cc in gcc clang 'musl-gcc -static'; do
	name=$dir/${cc%% *}
	command -v "${cc%% *}" >/dev/null || continue
	# shellcheck disable=SC2086 # a compiler with an option
	if ! (cd "$dir" && $cc -Wall -Wextra poll.c -o "$name") >"$dir/out" 2>&1 ||
		[ -s "$dir/out" ]; then
		fail "$cc poll.c"
		continue
	fi
	scripts "$name"
	"$name" --version >"$dir/out"
	grep -q "Linux $(uname -r)" "$dir/out" || fail "$cc: --version"
	last=$name
done
probe=$last

# Standard output that nobody reads.
(
	"$probe" -v -c 'pol,pau(300),pol' 2>"$dir/out"
	echo $? >"$dir/status"
) | true
grep -qx 74 "$dir/status" || fail "a closed pipe: exit $(cat "$dir/status")"
"$probe" -v -c pol >&- 2>"$dir/out" && fail "no standard output"

# As nobody, with and without the right to make a namespace.
nobody='setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs'
if [ "$(id -u)" -eq 0 ]; then
	# shellcheck disable=SC2086 # words
	scripts $nobody "$probe"
	unshare -U true 2>/dev/null && {
		unshare -U --map-root-user sh -c '
			echo 0 >/proc/sys/user/max_net_namespaces &&
			exec setpriv --bounding-set=-all --inh-caps=-all \
				--no-new-privs "$@"' sh "$probe" -v -n \
			-l drop -c 'con(nb),pol' >"$dir/out" 2>&1
		got=$?
		# Kernels before June 2026 need no privilege for it.
		grep -q 'skipped: no network namespace\|pol(c=4): ret=0 ev=0' \
			"$dir/out" || fail "without a namespace: exit $got"
	}
	if unshare -n true 2>/dev/null; then
		# No IPv6 here.
		unshare -n sh -c 'ip link set lo up
			echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
			exec "$@"' sh "$probe" run tests/poll/pp/*.pp >"$dir/out" 2>&1 ||
			fail "without IPv6"
		grep -q 'tcp6.*SKIP' "$dir/out" || fail "without IPv6: no skip"
	fi
fi
# A container: namespaces of its own, no IPv6, and nothing but the probe, no
# /proc either.
# shellcheck disable=SC2086 # words
if [ -x "$dir/musl-gcc" ] && command -v busybox >/dev/null &&
	${nobody% *} unshare -Urnm true 2>/dev/null; then
	mkdir -p "$dir/root/tmp"
	cp "$(command -v busybox)" "$dir/musl-gcc" tests/poll/pp/*.pp "$dir/root/"
	chmod -R a+rX "$dir/root"
	# shellcheck disable=SC2016,SC2086 # for the inner shell; words
	${nobody% *} unshare -Urnmpf sh -c '
		mount -t tmpfs root /mnt && cp -r "$1"/* /mnt
		echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
		exec chroot /mnt /busybox sh -c "/busybox ip link set lo up
			exec /musl-gcc run *.pp"' \
		sh "$dir/root" >"$dir/out" 2>&1 || fail "in a container"
	grep -q 'fifo.*SKIP' "$dir/out" || fail "in a container: no skip"
fi
if command -v strace >/dev/null; then
	strace -f -qq -o "$dir/trace" "$probe" run tests/poll/pp/fresh.pp \
		tests/poll/pp/reset-after-fin.pp >"$dir/out" 2>&1 || fail strace
	strace -qq -o "$dir/trace" "$probe" -e -c 'pol,clo,pol' >/dev/null
	# Its own set is above 100, and the second question asks nothing of it.
	grep -q 'epoll_wait(1[0-9][0-9],\|epoll_pwait(1[0-9][0-9],' "$dir/trace" ||
		fail "the set is not above 100: $(grep epoll "$dir/trace")"
	[ "$(grep -cE 'epoll_p?wait\(' "$dir/trace")" -eq 1 ] ||
		fail "a closed side was polled"
fi
rm -rf "$dir"
exit $failed
