#!/bin/sh
# Installs what the builds for other compilers and machines need, as far as it
# can be had; their tests say what is missing. Sizes of the stripped programs
# are printed at the end. Run by make check-portable.
set -u
cd "$(dirname "$0")/.." || exit
. scripts/need.sh
: "${BUILD:=build}"

need clang musl-tools qemu-user curl || true
for machine in arm64:aarch64 armhf:arm mipsel:mipsel riscv64:riscv64; do
	name=${machine%%:*}
	case $name in
	armhf) gcc="gcc-arm-linux-gnueabihf" ;;
	*) gcc=gcc-${machine#*:}-linux-gnu ;;
	esac
	need "$gcc" "libc6-dev-$name-cross" || true
done

# check_for MACHINE: its Check library, unpacked and not installed: the system
# need not learn of another architecture. Lists are kept apart, too.
check_for()
{
	there=$BUILD/portable/$1
	[ ! -d "$there/check" ] || return 0
	rm -rf "$there/apt"
	mkdir -p "$there/apt/lists/partial" "$there/apt/archives/partial" \
		"$there/deb"
	: >"$there/apt/status"
	set -- -o APT::Architecture="$1" -o APT::Architectures="$1" \
		-o Dir::State="$there/apt" -o Dir::Cache="$PWD/$there/apt" \
		-o Dir::State::status="$there/apt/status" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none
	# A source without this architecture is no matter.
	apt-get "$@" update >"$there/apt/log" 2>&1
	(cd "$there/deb" &&
		apt-get "$@" download check libsubunit-dev) \
		>>"$there/apt/log" 2>&1 || return
	for deb in "$there"/deb/*.deb; do
		dpkg -x "$deb" "$there/check.new" || return
	done
	mv "$there/check.new" "$there/check"
}
for name in armhf mipsel; do
	check_for $name || echo "no Check library for $name"
done

sh tests/run.sh "$@"
status=$?
echo "stripped, bytes:"
cat "$BUILD"/portable/*/size
exit $status
