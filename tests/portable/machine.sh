# shellcheck shell=sh
# Sourced by one script for each machine: builds the program for it, has it
# serve one request before the emulated device, and notes its stripped size in
# $BUILD/portable/sizes. Programs of another machine run under qemu-user.
. tests/lib.sh
unset MAKEFLAGS MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS

# machine NAME COMPILER STRIP [QEMU SYSROOT]
machine()
{
	machine=$1 compiler=$2 strip=$3 under=
	for command in "$compiler" "$strip" ${4:+"$4"}; do
		command -v "$command" >/dev/null || skip "no $command"
	done
	[ -z "${4:-}" ] || under="$4 -L $5"
	there=$BUILD/portable/$machine
	mkdir -p "$there"
}

# musl NAME: static, with Debian's musl, which comes without the kernel's
# headers.
musl()
{
	machine "$1" musl-gcc strip
	kernel=$there/kernel
	mkdir -p "$kernel"
	ln -sfn /usr/include/linux /usr/include/asm-generic "$kernel"
	ln -sfn "/usr/include/$(gcc -dumpmachine)/asm" "$kernel"
	cppflags="-idirafter $kernel" ldflags=-static small=1
}

# build TARGET...: for the machine, warnings are errors.
build()
{
	make -s -j2 WERROR=1 SMALL="${small:-}" CC="$compiler" CPPFLAGS="${cppflags:-}" \
		LDFLAGS="${ldflags:-}" B="$there" OUT="$there" "$@" \
		>"$there/make.log" 2>&1 || {
		cat "$there/make.log"
		fail "make $* for $machine"
	}
	grep 'left out' "$there/make.log"
	:
}

# The ready line, one request with its page, and the line of the log.
serves()
{
	start device "$BIN/contrib/tempdev/tempdev" --era E1 --speed 20 \
		--listen 127.0.0.1:0
	wait_ready device
	SALLYPORT=$there/sallyport
	proxy_under=$under
	# shellcheck disable=SC2086 # two words or none
	start_proxy --profile w5500 $no_jail 127.0.0.1:0 "$ready_addr"
	curl --silent --show-error --max-time 60 "http://$proxy_addr/" |
		grep -q "Temperature Server" || fail "no page from $machine"
	logged 1 cause=done
	stop_proxy
}

# qemu-user knows no seccomp: there the jail is left off.
no_jail=
! "$BIN/sallyport" --help | grep -q -e '--sandbox ' || no_jail="--sandbox off"

# units TUPLE: every unit test, on the machine. Its Check library is unpacked
# beside it by scripts/portable.sh.
units()
{
	check=$there/check/usr
	[ -f "$check/include/check.h" ] || skip "no Check library for $machine"
	cppflags="-idirafter $check/include"
	ldflags="-L$check/lib/$1"
	build CHECK_LIBS="-lcheck_pic -lsubunit -lm -lrt -pthread" tests
	count=0
	for test in "$there"/tests/unit/*; do
		case $test in
		*.o | *.d) continue ;;
		esac
		count=$((count + 1))
		CK_DEFAULT_TIMEOUT=600 $under "$test" >"$TMPDIR/unit" 2>&1 || {
			cat "$TMPDIR/unit"
			fail "$test"
		}
	done
	[ "$count" -gt 20 ] || fail "only $count unit tests"
}

# The size, stripped, at most $most_bytes.
most_bytes=10000000
weighs()
{
	"$strip" -o "$there/stripped" "$there/sallyport" || fail "$strip"
	bytes=$(wc -c <"$there/stripped")
	printf '%-14s %8d\n' "$machine" "$bytes" >"$there/size"
	[ "$bytes" -le "$most_bytes" ] || fail "$machine: $bytes bytes"
}
