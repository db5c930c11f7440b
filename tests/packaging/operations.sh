#!/bin/sh
# Proves that every command of doc/operations.md works, in its order, in a
# clean Debian root before an emulated device, with a systemctl that starts
# what a unit's own line says.
. tests/examples/stage.sh
. tests/packaging/root.sh
needs_roots operations build
build_package
device_at 192.168.1.10
tempdev_at 192.168.1.10:80
own_root operations
here=$space/operations
mount --bind /dev "$here/dev" || fail "no /dev"
mkdir -p "$here/run/systemd/system"
cp "$deb" "$here/root"

# One program a unit, started as its own line says, ended by TERM. systemd
# would make the directory for logs and a user; here it is nobody.
cat >"$here/usr/bin/systemctl" <<-'END'
	#!/bin/sh
	changes()
	{
		cat /run/err /var/log/sallyport/greenhouse.log* 2>/dev/null |
			grep -c "settings loaded\|upgrade: .* serves"
	}
	verb=
	for word; do
		case $word in
		-*) continue ;;
		esac
		[ -n "$verb" ] || { verb=$word && continue; }
		pid=/run/$word.pid
		case $verb in
		list-units)
			[ ! -f /run/sallyport@greenhouse.pid ] ||
				echo sallyport@greenhouse.service loaded active running
			exit
			;;
		show)
			# Another number after an upgrade; the process is the one
			# that passes signals on.
			printf "%0$((8 + $(changes)))d\n" \
				"$(cat /run/sallyport@greenhouse.pid)"
			exit
			;;
		restart | try-restart)
			for pid in /run/$word.pid; do
				[ ! -f "$pid" ] || kill "$(cat "$pid")"
			done
			while [ -f "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; do
				sleep 0.1
			done
			;;
		reload | kill)
			signal=USR2
			[ $verb = kill ] || signal=HUP
			before=$(changes)
			kill -$signal "$(cat /run/sallyport@greenhouse.pid)"
			until [ "$(changes)" -gt "$before" ]; do
				sleep 0.1
			done
			continue
			;;
		enable | start) ;;
		*) continue ;;
		esac
		name=${word#sallyport@}
		name=${name%.service}
		case $word in
		"sallyport@*"*) name=greenhouse word=sallyport@greenhouse ;;
		hitch)
			# As its package's unit does.
			hitch --daemon --config=/etc/hitch/hitch.conf --pidfile=/run/hitch.pid
			until grep -q ':01BB .* 0A ' /proc/net/tcp; do
				sleep 0.1
			done
			continue
			;;
		esac
		install -d -o nobody -g nogroup /var/log/sallyport /run/sallyport
		line=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/sallyport@.service | sed "s/%i/$name/g")
		rm -f /run/err
		: >/run/err
		setpriv --reuid nobody --regid nogroup --clear-groups \
			$line </dev/null >/run/out 2>>/run/err &
		echo $! >"/run/$word.pid"
		# Starts it itself: in a clean root, without the harness.
		until grep -q ': ready on ' /run/err; do
			kill -0 $! || { cat /run/err >&2 && exit 1; }
			sleep 0.1
		done
	done
END
chmod +x "$here/usr/bin/systemctl"

# Commands are what stands behind a prompt in an indented block, with the lines
# that go on.
awk '/^ +[#$] / { sub(/^ +[#$] /, ""); on = 1; print; next }
	/^    / && on { sub(/^    /, ""); print; next }
	{ on = 0 }' doc/operations.md >"$here/root/commands"
[ "$(grep -c '^curl' "$here/root/commands")" -ge 5 ] || fail "no commands"

in_root operations sh -c 'cd /root && exec sh -eux commands' \
	>"$TMPDIR/pages" 2>"$TMPDIR/commands.err" </dev/null || {
	cat "$here/run/err"
	fail "a command fails"
}
pages=$(grep -c "Temperature Server" "$TMPDIR/pages")
[ "$pages" -ge "$(grep '^curl' "$here/root/commands" | grep -vc :9180)" ] ||
	fail "only $pages pages"
says "$TMPDIR/pages" '^device up since' || fail "no status"
says "$TMPDIR/pages" '^sallyport_slots' || fail "no metrics"
says "$here/var/log/sallyport/greenhouse.log" 'client=127.0.0.1:.* cause=done' ||
	fail "no line in the log after it was turned"
[ -f "$here/var/log/sallyport/greenhouse.log.1.gz" ] ||
	[ -f "$here/var/log/sallyport/greenhouse.log.1" ] || fail "not turned"
kill "$(cat "$here/run/sallyport@greenhouse.pid")" "$(cat "$here/run/hitch.pid")"
exit 0
