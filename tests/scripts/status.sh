#!/bin/sh
# Proves that the control socket, `sallyport status` and the admin address say
# how the device and its clients are, with the numbers of the log, and that
# hostile askers get nothing and cost nobody anything.
PROXY_MODE=
. tests/lib.sh
command -v python3 >/dev/null || skip "python3 is missing"

ctl=$TMPDIR/lab.ctl
status() { "$SALLYPORT" status "$ctl" "$@"; }
told() { "$SALLYPORT" status "$ctl" >"$TMPDIR/told"; says "$TMPDIR/told" "$1"; }
control() { "$SALLYPORT" control "$ctl" "$@"; }
# exits WANTED COMMAND...: with that status; what it prints is in $TMPDIR/said.
exits()
{
	wanted=$1
	shift
	"$@" >"$TMPDIR/said" 2>&1
	got=$?
	[ $got -eq "$wanted" ] || fail "$*: exit $got, not $wanted"
}
said() { says "$TMPDIR/said" "$1" || fail "no $1 in: $(cat "$TMPDIR/said")"; }
get() { python3 tests/scripts/ask.py "$admin" "$@" >"$TMPDIR/said"; }

exits 2 status
said "nothing runs there"
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
try: s.accept()[0].close()
finally: sys.exit()' "$ctl" &
wait_for "one that ends unheard" test -S "$ctl"
exits 2 status
said "it does not answer"
wait $!
rm "$ctl"
exits 2 "$SALLYPORT" status "/$(printf %0200d 0)"
exits 64 status --no
said 'unexpected "--no": expected$'
exits 64 "$SALLYPORT" control
said 'missing NAME and WORD after "control": expected$'
exits 64 "$SALLYPORT" control "$ctl"
said 'missing WORD after ".*lab.ctl": expected$'

start_echod --fork
start_proxy --name lab --control "$ctl" --admin 127.0.0.1:0 \
	--metrics-file "$TMPDIR/lab.prom" --gate data --slots 1 \
	--down-after 100ms --connect-retry 0 --probe-backoff 2s..1h \
	127.0.0.1:0 "$echod_addr"
wait_for "the admin address" says "$log" "admin on"
admin=$(sed -n 's/.*admin on \([0-9.:]*\).*/\1/p' "$log")

# What it says, and its exit status, in each state.
for i in 1 2 3; do client snd=foo rcv=foo shw eof; done
exits 0 status
said "^device up since .*: no failure so far"
said "^accepted 3, done 3$"
said "slots 0 of 1 taken, 0 quarantined; 0 of 64 waiting"

# Who is at the device, since when, and who waits; each view asks the worker by
# itself. A worker that hangs is said to.
conns() { control conns >"$TMPDIR/said"; says "$TMPDIR/said" "$1"; }
json() { get /status.json && says "$TMPDIR/said" "$1"; }
start_client one wait="$TMPDIR/ask" snd=foo rcv=foo wait="$TMPDIR/go" shw eof
one=$started_pid
wait_for "one in the gate" conns "^127.0.0.1:[0-9]*  *gate "
touch "$TMPDIR/ask"
wait_for "one at the device" json '"at_device":\[{"client":"127.0.0.1:'
exits 0 control json conns
said '"state":"relay"'
says "$TMPDIR/said" '"for_ms":\([0-9]*\),"connected_ms":\1,' &&
	fail "it is there since its connect: $(cat "$TMPDIR/said")"
wait_for "one at the device" told "^at the device: 127.0.0.1:[0-9]* 0 s"
start_client two snd=bar rcv=bar shw eof
two=$started_pid
wait_for "one that waits" told "^waiting: 127.0.0.1:[0-9]* [0-9]* s"
find_worker
kill -STOP "$worker"
wait_for "a worker that hangs" told "^no worker: nobody is served; it hangs"
exits 1 status
kill -CONT "$worker"
wait_for "a worker" told "^device up"
touch "$TMPDIR/go"
finish "$one" "the first client"
finish "$two" "the second client"

# Each connection, and the end of one: the next gets its slot.
nobody() { "$SALLYPORT" status "$ctl" >"$TMPDIR/told"; ! says "$TMPDIR/told" "^at the device"; }
wait_for "nobody at the device" nobody
start_client one snd=foo rcv=foo reset
one=$started_pid
wait_for "one at the device" told "^at the device: 127.0.0.1:[0-9]* "
start_client two snd=bar rcv=bar shw eof
two=$started_pid
wait_for "one that waits" told "^waiting: 127.0.0.1:[0-9]* "
exits 0 control conns
said "^client  *state  *for  *connected  *bytes in  *bytes out$"
said "^127.0.0.1:[0-9]*  *relay  *[0-9]* s  *[0-9]* s  *3  *3$"
said "^127.0.0.1:[0-9]*  *queue  *[0-9]* s  *[0-9]* s  *3  *0$"
holder=$(sed -n 's/^\([^ ]*\) *relay.*/\1/p' "$TMPDIR/said")
exits 0 control json conns
said '^{"conns":\[{"client":"127.0.0.1:[0-9]*","state":"relay",.*"more":0}$'
exits 1 control end 127.0.0.1:1
said "^error: no connection of that client$"
exits 1 control end greenhouse
exits 0 control end "$holder"
said "^ok: connections ended: 1$"
finish "$two" "the second client"
finish "$one" "the first client"
logged 1 "client=$holder .* cause=forced state=R"
wait_for "nobody at the device" nobody
start_client one snd=foo rcv=foo reset
one=$started_pid
wait_for "one at the device" told "^at the device: 127.0.0.1:[0-9]* "
exits 0 control json end 127.0.0.1
said '^{"ok":true,"msg":"connections ended: 1"}$'
finish "$one" "the client"

# Many wait: all are shown.
start_client one snd=foo rcv=foo wait="$TMPDIR/done" shw eof
one=$started_pid
wait_for "one at the device" told "^at the device: 127.0.0.1:[0-9]* "
many=
for i in $(seq 45); do
	start_client "many$i" snd=bar rcv=bar shw eof
	many="$many $started_pid"
done
many_wait() { conns . && [ "$(grep -c " queue " "$TMPDIR/said")" -eq 45 ]; }
wait_for "45 that wait" many_wait
touch "$TMPDIR/done"
for pid in $one $many; do finish "$pid" "one of many"; done

# An order holds before the worker hears of it, and for the next one, too.
since() { status --json | sed -n 's/.*"since_ms":\([0-9]*\),.*/\1/p'; }
up_ms=$(since)
find_worker
kill -STOP "$worker"
exits 0 control hold
exits 3 status
[ "$(since)" -lt "$up_ms" ] || fail "not held since the order"
kill -CONT "$worker"
said "^device held since .*: by order; .* sallyport control lab release"
exits 3 status --json
said '^{"state":"held","headline":'
worker_before=$(pgrep -P "$proxy" | head -n 1)
kill -KILL "$worker_before"
wait_for "another worker that holds" told "^device held"
client snd=x drain=any
logged 1 " cause=device-held "
exits 0 control release
exits 0 status
kill -TERM "$echod"
wait_for "the device's end" ended "$echod"
# It is down since the worker saw it, however late the keeper hears of it.
kill -STOP "$proxy"
goes_down() { client snd=x drain=any; says "$log" "device down: "; }
wait_for "the device is down" goes_down
sleep 0.3 # so late
kill -CONT "$proxy"
wait_for "the device is down" told "^device down"
exits 1 status --json
python3 tests/scripts/ask.py --since "$TMPDIR/said" || fail "down since when?"
exits 1 status
said "^device down since .*does not accept connections; .*next client"
get /
said '<b id="state">down</b>'
said '<td class="held">held<td>by order'

# The numbers are those of the log.
exits 0 control json status
python3 tests/scripts/ask.py --compare "$TMPDIR/said" "$log" ||
	fail "the log has other numbers"
get /metrics

# The manual names these metrics, and no others.
sed -n 's/^# TYPE \([a-z_]*\) counter/\1_total/p; s/^# TYPE \([a-z_]*\) .*/\1/p' \
	"$TMPDIR/said" | sort >"$TMPDIR/there"
grep -o 'sallyport_[a-z_]*' man/sallyport.8 | sort >"$TMPDIR/named"
diff "$TMPDIR/named" "$TMPDIR/there" || fail "the manual has other metrics"
python3 tests/scripts/ask.py --metrics "$TMPDIR/said" || fail "no metrics"
wait_for "the file" says "$TMPDIR/lab.prom" "^sallyport_slots{proxy=\"lab\"} 1"
python3 tests/scripts/ask.py --metrics "$TMPDIR/lab.prom" || fail "no metrics"
# Its lint wants to hear more; what counts is that it can read all.
if command -v promtool >/dev/null; then
	promtool check metrics <"$TMPDIR/lab.prom" >"$TMPDIR/tool" 2>&1
	[ $? -ne 1 ] || fail "promtool: $(cat "$TMPDIR/tool")"
fi

# Words that are none.
exits 1 control holdd
exits 1 control log-level loud
exits 0 control log-level debug
# Workers hear of it, as they do of what is ended after it.
logs_at() { exits 0 control log-level "$1"; exits 1 control end 10.9.9.9; client snd=x drain=any; }
lines=$(grep -c " cause=" "$log")
logs_at error
exits 1 control end 10.9.9.9
has_lines "$lines" " cause=" || fail "the worker logs as before"
logs_at info
logged $((lines + 1)) " cause="
exits 0 control help
said "^reset-health"

# Another user is refused; one of the group may read.
chmod a+x "$TMPDIR"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null &&
	setpriv --reuid=65534 --clear-groups test -x "$TMPDIR" 2>/dev/null; then
	as() { setpriv --reuid=65534 "--regid=$1" --clear-groups "$SALLYPORT" control "$ctl" "$2"; }
	exits 2 as 65534 status
	said "Permission denied"
	exits 0 as 0 status
	for order in hold "end 127.0.0.1"; do
		exits 1 as 0 "$order"
		said "only root and the user of this proxy"
	done
fi

# Only what reads, and only by address.
python3 tests/scripts/ask.py --hostile "$admin" "$ctl" ||
	fail "hostile askers were not refused"
exits 1 status

stop_proxy
[ ! -e "$ctl" ] || fail "the socket's name is left"
exits 2 status

# A reload moves what has another address, and keeps what cannot be moved.
cat >"$TMPDIR/moved.conf" <<END
name lab
listen 127.0.0.1:0
device $echod_addr
control $ctl
admin 127.0.0.1:0
metrics-file $TMPDIR/none/lab.prom
END
start_proxy -c "$TMPDIR/moved.conf"
logged 1 "metrics-file: .*none/lab.prom.* cannot be written: No such file"
stop_proxy
sed -i "s|/none/lab.prom|/lab.prom|" "$TMPDIR/moved.conf"
rm -f "$TMPDIR/lab.prom"
mkdir "$TMPDIR/lab.prom"
start_proxy -c "$TMPDIR/moved.conf"
logged 1 "metrics-file: .*lab.prom.* cannot be written: Is a directory"
wait_for "the admin address" says "$log" "admin on"
sed -i "s|^control .*|control $TMPDIR/moved.ctl|; s|^admin .*|admin off|" \
	"$TMPDIR/moved.conf"
exits 0 control reload
wait_for "the other control socket" test -S "$TMPDIR/moved.ctl"
wait_for "its answer" "$SALLYPORT" status "$TMPDIR/moved.ctl" >"$TMPDIR/told"
[ ! -e "$ctl" ] || fail "the old socket is left"
wait_for "no admin address" says "$log" "admin off"
[ ! -e "$TMPDIR/lab.prom.new" ] || fail "a half-made file is left"
sed -i "s|^control .*|control $TMPDIR/none/lab.ctl|" "$TMPDIR/moved.conf"
kill -HUP "$proxy"
wait_for "the refusal" says "$log" "none/lab.ctl.* control stays as it was"
exits 0 "$SALLYPORT" status "$TMPDIR/moved.ctl"
exits 1 "$SALLYPORT" control "$TMPDIR/moved.ctl" hold
said "^error: these settings only relay"
stop_proxy

# Where a package puts control sockets a name is enough, and the only one needs
# none.
if [ -n "${OWN_NETWORK:-}" ] && mount -t tmpfs none /run; then
	exits 2 "$SALLYPORT" status
	said "no proxy has a control socket in /run/sallyport/"
	mkdir /run/sallyport
	start_proxy --control /run/sallyport/lab.ctl 127.0.0.1:0 "$echod_addr"
	: >/run/sallyport/README
	for name in "" lab lab.ctl; do
		# shellcheck disable=SC2086 # one word or none
		exits 0 "$SALLYPORT" status $name
	done
	: >/run/sallyport/den.ctl
	exits 64 "$SALLYPORT" status
	said "several proxies, name one: [a-z]*.ctl [a-z]*.ctl$"
	stop_proxy
fi

# One process has no keeper that could answer.
PROXY_MODE=--single
start_proxy --control "$ctl" 127.0.0.1:0 "$echod_addr"
says "$log" "^sallyport: --single: there is no keeper" || fail "nothing said"
stop_proxy

# An address that is none is a fault in the settings.
exits 64 "$SALLYPORT" -t --admin 1.2.3 127.0.0.1:0 127.0.0.1:1
exits 64 "$SALLYPORT" -t --admin nowhere:99999 127.0.0.1:0 127.0.0.1:1
