#!/bin/sh
# Asks the compiler once which hardening flags it takes: harden.sh FILE writes
# them to FILE as the make variables HARDEN and HARDLD and prints what was left
# out. LTO is what lets it optimize over files, beside ordinary objects for
# the tests; without it the program is merely slower. CC, CFLAGS, CPPFLAGS and LDFLAGS come from the environment; FILE is made
# anew when one of them has changed.
set -u
file=$1
key="# $CC | $CFLAGS | $CPPFLAGS | $LDFLAGS"
[ -f "$file" ] && IFS= read -r old <"$file" && [ "$old" = "$key" ] && exit 0
mkdir -p "${file%/*}" && tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
printf '#include <string.h>\nint main(void) { return 0; }\n' >"$tmp/t.c"

# A compiler that does not work at all is reported by the build itself.
# shellcheck disable=SC2086
takes()
{
	$CC -Werror -O2 $CPPFLAGS $CFLAGS "$@" -o "$tmp/t" "$tmp/t.c" \
		$LDFLAGS 2>"$tmp/why"
}

compile=
link=
left_out=
# ask compile|link FLAG...
ask()
{
	kind=$1
	shift
	if ! takes "$@"; then
		left_out="$left_out $*"
	elif [ "$kind" = link ]; then
		link="$link $*"
	else
		compile="$compile $*"
	fi
}

ask compile -fstack-protector-strong
ask compile -fstack-clash-protection
# shellcheck disable=SC2086
case $($CC -dumpmachine 2>/dev/null) in
x86_64* | i?86*) ask compile -fcf-protection ;;
aarch64*) ask compile -mbranch-protection=standard ;;
esac
case "$CPPFLAGS $CFLAGS" in
*_FORTIFY_SOURCE*) ;;
*) ask compile -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 ;;
esac
# Of a static program the caller decides: -static-pie is in few C libraries.
case " $CFLAGS $LDFLAGS " in
# Compilers that are set to make code for -pie would, for nothing.
*" -static "*)
	left_out="$left_out -pie"
	ask compile -fno-pie
	ask link -no-pie
	;;
*" -static-pie "*) ask compile -fPIE ;;
*)
	ask compile -fPIE
	ask link -pie
	;;
esac
ask link -Wl,-z,relro
ask link -Wl,-z,now
ask link -Wl,-z,noexecstack

lto=
takes -flto=auto -ffat-lto-objects && lto=-flto=auto

[ -z "$left_out" ] || echo "$CC: left out:$left_out" >&2
printf '%s\nHARDEN := %s\nHARDLD := %s\nLTO := %s\n' "$key" "$compile" \
	"$link" "$lto" >"$file.new" &&
	mv "$file.new" "$file"
