#!/bin/sh
# Proves that the README's two commands are true on a fresh Debian 12: in a
# clean root, from a clone, with nothing installed before. Long: it installs
# hundreds of packages and runs all tests. Run by make check-fresh.
set -u
: "${BUILD:=build}"
roots=$(realpath "$BUILD")/roots
[ -d "$roots/plain" ] || { echo "no clean Debian root: make check-fresh"; exit 77; }
if [ -z "${OWN_MOUNTS:-}" ]; then
	export OWN_MOUNTS=1
	exec unshare --mount --pid --fork --kill-child sh "$0"
fi

# What is written goes beside the root.
fresh=$roots/fresh
rm -rf "$fresh"
mkdir -p "$fresh/new" "$fresh/work" "$fresh/root"
root=$fresh/root
mount -t overlay overlay \
	-o "lowerdir=$roots/plain,upperdir=$fresh/new,workdir=$fresh/work" \
	"$root" || exit 77
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
cp /etc/resolv.conf "$root/etc/resolv.conf"
git clone --quiet . "$root/sallyport" || exit

status=0
for command in "quickstart.sh" "test.sh"; do
	echo "== sh scripts/$command"
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CI=true \
		chroot "$root" sh -c "cd /sallyport && sh scripts/$command" ||
		status=1
done
exit $status
