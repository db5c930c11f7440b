#!/bin/sh
# Makes the clean Debian roots that the package's tests need, once, and runs
# those tests. Run by make check-deb.
set -u
cd "$(dirname "$0")/.." || exit
. scripts/need.sh
: "${BUILD:=build}"
roots=$BUILD/roots

# What is missing here, the tests say.
need debootstrap lintian curl || true

# root NAME [PACKAGE,...]: a Debian with no more than those.
root()
{
	[ ! -d "$roots/$1" ] || return 0
	mkdir -p "$roots"
	rm -rf "$roots/$1.new"
	echo "making a Debian root: $1"
	debootstrap --variant=minbase \
		${2:+--include="$2"} bookworm \
		"$roots/$1.new" >"$roots/$1.log" 2>&1 &&
		mv "$roots/$1.new" "$roots/$1"
}
if command -v debootstrap >/dev/null && [ "$(id -u)" -eq 0 ]; then
	root plain || echo "no root: see $roots/plain.log"
	root build build-essential,debhelper ||
		echo "no root: see $roots/build.log"
	root operations hitch,curl,openssl,logrotate ||
		echo "no root: see $roots/operations.log"
fi
exec sh tests/run.sh "$@"
