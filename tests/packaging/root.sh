# shellcheck shell=sh
# Sourced by tests that need clean Debian roots: build/roots/NAME stays as it
# is, what a test writes into it goes beside it and is gone at its end.
roots=$(realpath "$BUILD")/roots
space=$TMPDIR/space
: "${stage:=}"

# needs_roots NAME...
needs_roots()
{
	[ -n "${OWN_NETWORK:-}" ] || skip "no right to make namespaces"
	for root; do
		[ -d "$roots/$root" ] || skip "no clean Debian roots: make check-deb"
	done
	mkdir "$space"
	mount -t tmpfs none "$space" || fail "no tmpfs"
	trap 'umount -R -l "$space" /etc /run "$stage" 2>/dev/null; clean_up' EXIT
}

# own_root NAME: is $space/NAME.
own_root()
{
	mkdir -p "$space/$1" "$space/$1.new" "$space/$1.work"
	mount -t overlay overlay -o "lowerdir=$roots/$1" \
		-o "upperdir=$space/$1.new,workdir=$space/$1.work" \
		"$space/$1" || skip "no overlay of directories here"
	mount -t proc proc "$space/$1/proc" || fail "no /proc in $1"
	mount -t tmpfs tmpfs "$space/$1/run" || fail "no /run in $1"
}
in_root() { where=$1 && shift && chroot "$space/$where" env TMPDIR=/tmp LC_ALL=C "$@"; }

# The package, built in the root "build": $deb.
build_package()
{
	own_root build
	mkdir "$space/build/src" "$space/deb"
	{ git ls-files -z --cached --others --exclude-standard |
		tar -c --null --ignore-failed-read -T - |
		tar -x -C "$space/build/src"; } 2>"$TMPDIR/tar.err" ||
		fail "no copy"
	in_root build sh /src/packaging/deb/build.sh /deb \
		>"$TMPDIR/build.err" 2>&1 || fail "the package is not built"
	mv "$space"/build/deb/* "$space/deb"
	version=$(sed -n 's/^VERSION.*= //p' Makefile)
	deb=$(echo "$space"/deb/sallyport_"$version"_*.deb)
	[ -f "$deb" ] || fail "no package of version $version"
}
