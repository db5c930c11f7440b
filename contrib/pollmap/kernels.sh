#!/bin/sh
# Boots Debian's kernels under qemu and runs there what this machine runs:
# the scripts, the document's commands, the tables and the races.
#
# usage: [ACCEL=kvm] kernels.sh DIR RELEASE ...
#   TABLES=no leaves the tables out, which take most of the time.
#   RELEASE is a Debian release (bullseye: 5.10, bookworm: 6.1, trixie: 6.12,
#   sid: the newest), or the path of a kernel image. Results go to DIR/KERNEL:
#   scripts.tap, doc.txt, tables/; what the tables are beside those of 6.18
#   to DIR/kernels.csv. Ends with 77 where something is missing.
set -e
dir=$1
shift
cd "$(dirname "$0")/../.."
skip()
{
	echo "$*"
	exit 77
}

for tool in qemu-system-x86_64 cpio busybox gzip; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
[ "$(uname -m)" = x86_64 ] || skip "only for x86_64"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# apt keeps its lists here: the machine's own stay as they are.
apt="$dir/apt"
private_apt()
{
	command=$1
	shift
	"$command" -o Dir::Etc::SourceList="$apt/sources.list" \
		-o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists" \
		-o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
}

# fetch RELEASE: leaves DIR/RELEASE.vmlinuz.
fetch()
{
	[ ! -e "$dir/$1.vmlinuz" ] || return 0
	command -v apt-get >/dev/null || skip "no apt-get to fetch kernels"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/x"
	{
		echo "deb [signed-by=$keys] http://deb.debian.org/debian $1 main"
		[ "$1" = sid ] || echo "deb [signed-by=$keys]" \
			"http://deb.debian.org/debian-security $1-security main"
	} >"$apt/sources.list"
	private_apt apt-get -qq update || return
	# The kernel is in the package of that name, or since 7.x in linux-binary.
	newest=$(private_apt apt-cache depends linux-image-cloud-amd64 |
		sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	for package in "linux-binary-${newest#linux-image-}" "$newest"; do
		(cd "$apt/x" && rm -rf ./* &&
			private_apt apt-get -qq download "$package" &&
			dpkg-deb -x ./*.deb .) >/dev/null 2>&1 || continue
		found=$(find "$apt/x" -name 'vmlinuz*' -type f | head -n 1)
		[ -n "$found" ] && cp "$found" "$dir/$1.vmlinuz" && return
	done
	return 1
}

# One file system for all kernels.
make_root()
{
	root=$dir/root
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/src/contrib/debug" "$root/src/contrib/pollmap" \
		"$root/src/tests" "$root/src/doc" "$root/tmp" "$root/proc" \
		"$root/sys" "$root/dev"
	cc='cc -static'
	command -v musl-gcc >/dev/null && cc='musl-gcc -static'
	# shellcheck disable=SC2086 # a compiler and an option
	$cc -O2 -o "$root/src/contrib/debug/poll" contrib/debug/poll.c
	# shellcheck disable=SC2086
	$cc -O2 -D_GNU_SOURCE -pthread -o "$root/src/contrib/pollmap/pollmap" \
		contrib/pollmap/*.c
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp -r tests/poll "$root/src/tests/"
	cp doc/poll-semantics.txt "$root/src/doc/"
	cp contrib/pollmap/tables.sh "$root/src/"
	cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin BIN=/src TMPDIR=/tmp HOME=/ EMULATED=1 PATIENCE=200 VOTES=1 RACES=500
mount -t proc proc /proc
mount -t sysfs sys /sys
exec </dev/null >/dev/ttyS0 2>&1
ip link set lo up
mkdir -p /out; cd /src/tests/poll
../../contrib/debug/poll run pp/*.pp >/out/scripts.tap 2>&1
grep -A 1 '^not ok' /out/scripts.tap
echo scripts: $(grep -c ^ok /out/scripts.tap) of $(grep -c ok /out/scripts.tap)
sh doc.sh >/out/doc.txt 2>&1
grep -A 12 '^FAIL' /out/doc.txt
tail -n 1 /out/doc.txt
grep -q tables=no /proc/cmdline ||
	sh /src/tables.sh /src/contrib/pollmap/pollmap /out/tables 2>&1 |
		tee /out/tables.txt
uname -r >/out/release
stty raw </dev/ttyS1
cd / && tar -czf /dev/ttyS1 out
sync; poweroff -f
END
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip) >"$dir/root.gz"
}

# boot NAME IMAGE: leaves DIR/NAME.
boot()
{
	rm -rf "${dir:?}/$1" "$dir/$1.tar.gz"
	timeout 1500 qemu-system-x86_64 -machine "accel=${ACCEL:-tcg}" -smp 2 -m 768 \
		-kernel "$2" -initrd "$dir/root.gz" -append \
		"console=ttyS0 quiet panic=-1 tables=${TABLES:-yes}" -display none -no-reboot \
		-serial "file:$dir/$1.log" -serial "file:$dir/$1.tar.gz" \
		</dev/null >/dev/null 2>&1 || return
	mkdir "$dir/$1"
	tar -xzf "$dir/$1.tar.gz" -C "$dir/$1" --strip-components 1
}

report()
{
	echo "$1: Linux $(cat "$dir/$1/release")"
	echo "  scripts: $(grep -c '^ok' "$dir/$1/scripts.tap") ok," \
		"$(grep -c '^ok.*SKIP' "$dir/$1/scripts.tap") of them skipped," \
		"$(grep -c '^not ok' "$dir/$1/scripts.tap") not ok"
	grep -B 3 '^not ok' "$dir/$1/scripts.tap" || :
	echo "  document: $(tail -n 1 "$dir/$1/doc.txt")"
	sed -n '/^FAIL/,$p' "$dir/$1/doc.txt" | sed '$d; s/^/    /'
	[ "${TABLES:-yes}" = no ] && return
	for known in contrib/pollmap/tables/6.18/*.csv; do
		compare "$1" "${known##*/}"
	done
}

# compare NAME TABLE: a line of DIR/kernels.csv, and the difference.
compare()
{
	verdict='as on 6.18'
	tail -n +2 "contrib/pollmap/tables/6.18/$2" >"$dir/a"
	if [ ! -s "$dir/$1/tables/$2" ]; then
		verdict='not settled'
	elif ! tail -n +2 "$dir/$1/tables/$2" | diff "$dir/a" - >"$dir/b"; then
		verdict=differs
	fi
	echo "$(cat "$dir/$1/release"),${2%.csv},$verdict" >>"$dir/kernels.csv"
	[ "$verdict" = 'as on 6.18' ] || echo "  table $2: $verdict"
	[ "$verdict" != differs ] || head -n 20 "$dir/b" | sed 's/^/    /'
}

make_root
echo kernel,table,verdict >"$dir/kernels.csv"
booted=0
for kernel; do
	name=${kernel##*/}
	image=$kernel
	if [ ! -e "$kernel" ]; then
		image=$dir/$name.vmlinuz
		fetch "$name" || {
			echo "$name: its kernel is not to be had"
			continue
		}
	fi
	if boot "$name" "$image"; then
		report "$name"
		booted=1
	else
		echo "$name: did not boot, or not to the end: $dir/$name.log"
	fi
done
[ $booted -eq 1 ] || skip "no kernel booted"
