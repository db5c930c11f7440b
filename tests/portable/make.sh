#!/bin/sh
# Proves what the Makefile promises to who builds and installs: the program
# alone by default, flags of the caller last, hardening as far as the compiler
# takes it, and an uninstall that leaves nothing of an install.
. tests/lib.sh
unset MAKEFLAGS MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS DESTDIR PREFIX UNITDIR
unset WERROR OPT SAN B OUT

# would ARGUMENT...: the commands make would run, in $TMPDIR/would.
would()
{
	rm -rf "$TMPDIR/b"
	make -n V=1 B="$TMPDIR/b" OUT="$TMPDIR" "$@" \
		>"$TMPDIR/would" 2>"$TMPDIR/left" || fail "make $*"
}
has() { grep -q -e "$1" "$TMPDIR/would" || fail "no $1"; }
has_not() { ! grep -q -e "$1" "$TMPDIR/would" || fail "there is $1"; }

would
has "-o $TMPDIR/sallyport "
has_not contrib/
has_not tests/
has_not -Werror
has -D_FORTIFY_SOURCE=3
would tools
has "-o $TMPDIR/contrib/tempdev/tempdev "
has_not "-o $TMPDIR/sallyport "
would tests
has "-o $TMPDIR/b/tests/unit/relay_test "
has_not "-o $TMPDIR/sallyport "
would WERROR=1
has ' -Werror '
would SMALL=1
has ' -Os '
has ' -Wl,--gc-sections '

# The caller's, from the command line and from the environment alike.
flags_come_last()
{
	has '^gcc .*-O3.* -O1 .*-c -o'
	has '^gcc .*-iquote src.* -DMINE .*-c -o'
	has '^gcc .* -Wl,--mine -o'
}
would CC=gcc CFLAGS=-O1 CPPFLAGS=-DMINE LDFLAGS=-Wl,--mine
flags_come_last
CC=gcc CFLAGS=-O1 CPPFLAGS=-DMINE LDFLAGS=-Wl,--mine would
flags_come_last
would CPPFLAGS=-D_FORTIFY_SOURCE=1
has_not _FORTIFY_SOURCE=3

# A compiler that does not know two of the flags.
cat >"$TMPDIR/cc" <<-END
	#!/bin/sh
	echo asked >>"$TMPDIR/asked"
	case " \$* " in
	*" -fstack-clash-protection "* | *" -Wl,-z,now "*) exit 1 ;;
	esac
	exec gcc "\$@"
END
chmod +x "$TMPDIR/cc"
would CC="$TMPDIR/cc"
has_not -fstack-clash-protection
has_not -Wl,-z,now
has -fstack-protector-strong
grep -q 'left out: -fstack-clash-protection -Wl,-z,now$' "$TMPDIR/left" ||
	fail "it is not said what was left out"
: >"$TMPDIR/asked"
make -n B="$TMPDIR/b" OUT="$TMPDIR" CC="$TMPDIR/cc" >/dev/null
[ ! -s "$TMPDIR/asked" ] || fail "the compiler is asked again"

make -s help | grep -q '^make install-strip ' || fail "no help"

# Installed, and gone again; what the owner wrote stays.
# install_with ARGUMENT...: what is built already; other tests use it.
install_with()
{
	make -s -o "$BIN/sallyport" -o "$BIN/contrib/tempdev/tempdev" \
		-o "$BIN/contrib/debug/poll" B="$TMPDIR/b" OUT="$BIN" \
		DESTDIR="$TMPDIR/root" "$@" || fail "make $*"
}
install_with PREFIX=/opt/s SYSCONFDIR=/opt/etc UNITDIR=/units \
	install-strip install-tools
for file in sbin/sallyport bin/tempdev bin/poll-probe \
	share/man/man8/sallyport.8 share/man/man5/sallyport.conf.5 \
	share/man/man1/tempdev.1 share/doc/sallyport/README.md; do
	[ -f "$TMPDIR/root/opt/s/$file" ] || fail "not installed: $file"
done
[ -d "$TMPDIR/root/opt/etc/sallyport" ] || fail "no folder for settings"
nm "$TMPDIR/root/opt/s/sbin/sallyport" 2>&1 | grep -q 'no symbols' ||
	fail "not stripped"
[ "$(find "$TMPDIR/root" -type f ! -path '*/bin/*' ! -path '*/sbin/*' \
	! -path '*/share/sallyport/trace/*.py' \
	-perm /111 | wc -l)" -eq 0 ] || fail "what is no program can be run"
"$TMPDIR/root/opt/s/sbin/sallyport" --version >/dev/null ||
	fail "the installed program does not run"
install_with PREFIX=/opt/s SYSCONFDIR=/opt/etc UNITDIR=/units uninstall
left=$(find "$TMPDIR/root" -type f)
[ -z "$left" ] || fail "left behind: $left"
[ ! -d "$TMPDIR/root/opt/s/share/doc/sallyport" ] || fail "folders are left"
install_with install
touch "$TMPDIR/root/etc/sallyport/mine.conf"
install_with uninstall
[ -f "$TMPDIR/root/etc/sallyport/mine.conf" ] || fail "the owner's file is gone"
exit 0
