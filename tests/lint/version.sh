#!/bin/sh
# Proves that the version is one: that of the Makefile is the newest of NEWS.md
# (there "not yet released" may follow) and of the packages, and poll.c's own.
cd "$(dirname "$0")/../.." || exit 1
version=$(sed -n 's/^VERSION.*= //p' Makefile)
failed=0
is() # FILE SED: what it takes from FILE first is the version
{
	said=$(sed -n "$2" "$1" | head -n 1)
	[ "$said" = "$version" ] && return
	echo "$1: version $said, the Makefile's is $version"
	failed=1
}
is NEWS.md 's/^## \([^,]*\).*/\1/p'
is contrib/debug/poll.c 's/^#define SALLYPORT_VERSION "\(.*\)"/\1/p'
is packaging/deb/changelog 's/^sallyport (\(.*\)) .*/\1/p'
is packaging/openwrt/Makefile 's/^PKG_VERSION:=//p'
exit $failed
