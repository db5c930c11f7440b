#!/bin/sh
# Proves that the proxy asks for no memory after its ready line: the script
# tests, once more, with its address space capped at what it has by then and
# one MiB. The tests find a wrapper in the proxy's place, which becomes the
# proxy and leaves a watcher behind that sets the limit.
command -v prlimit >/dev/null || { echo "prlimit is not installed"; exit 77; }
[ -r "/proc/$$/syscall" ] || { echo "/proc/PID/syscall is closed"; exit 77; }
bin=$(cd "${BIN:-.}" && pwd)
mkdir -p "$TMPDIR/bin"
for part in "$bin"/*; do
	[ -x "$part" ] && ln -sf "$part" "$TMPDIR/bin/"
done
rm -f "$TMPDIR/bin/sallyport"
cat >"$TMPDIR/bin/sallyport" <<EOF
#!/bin/sh
(sh "$TMPDIR/cap" \$\$ </dev/null >/dev/null 2>&1 &)
exec "$bin/sallyport" "\$@"
EOF
# The proxy's first sleep is in epoll_wait: it is ready. 232, 281: x86-64;
# 22: arm64; 441: epoll_pwait2.
cat >"$TMPDIR/cap" <<'EOF'
while kill -0 "$1"; do
	read -r call _ <"/proc/$1/syscall"
	read -r _ name _ <"/proc/$1/stat"
	case $name/$call in "(sallyport)"/232 | "(sallyport)"/281 | \
	"(sallyport)"/22 | "(sallyport)"/441)
		pages=$(cut -d' ' -f1 "/proc/$1/statm")
		prlimit --pid "$1" \
			--as=$((pages * $(getconf PAGESIZE) + 1048576)) &&
			echo capped >>"${0%/*}/capped"
		exit ;;
	esac
	sleep 0.01
done
EOF
chmod +x "$TMPDIR/bin/sallyport"
[ $# -gt 0 ] || set -- tests/scripts/*.sh
bad=0
run=$TMPDIR/run
for script in "$@"; do
	# The quick start builds a tree of its own.
	[ "$script" != tests/scripts/quickstart.py ] || continue
	mkdir "$run"
	env BIN="$TMPDIR/bin" TMPDIR="$run" sh "$script" >"$TMPDIR/said" 2>&1
	case $? in
	0) echo "ok   $script" ;;
	77) echo "skip $script: $(tail -n 1 "$TMPDIR/said")" ;;
	*)
		echo "FAIL $script"
		tail -n 20 "$TMPDIR/said"
		bad=1
		;;
	esac
	rm -rf "$run"
done
echo "$(wc -l <"$TMPDIR/capped") proxies were capped"
exit $bad
