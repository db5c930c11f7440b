#!/bin/sh
# Builds the Debian package from a clean copy of this tree, with what
# packaging/deb/control asks for installed: build.sh DIRECTORY, where the
# package goes.
set -e
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/sallyport"
# What git knows of, or all of a tree that came without it.
{ git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
	find . -path ./build -prune -o -type f -print0; } |
	tar -c --null --ignore-failed-read -T - | tar -x -C "$work/sallyport"
cd "$work/sallyport"
cp -r packaging/deb debian
rm debian/build.sh
dpkg-buildpackage -us -uc -b
cp ../*.deb "$out"
