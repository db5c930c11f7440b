#!/bin/sh
# Proves what half-close and on-device-fin promise, in each setting.
. tests/lib.sh

proxy()
{
	start_proxy "$@" 127.0.0.1:0 "$device_addr"
	baseline
}
well_done()
{
	device_done
	logged 1 "cause=done"
	back_to_baseline
	stop_proxy
}

# propagate: the client's FIN passes at once, behind its last byte.
start_device acc get=100000 eof snd=bar clo
proxy
client put=100000 shw rcv=bar eof
well_done

# after-reply: only once the device has finished.
start_device acc rcv=foo quiet=300 snd=bar quiet=300 shw eof
proxy --half-close after-reply
client snd=foo shw rcv=bar eof
well_done

# half: after the device's FIN the client may go on.
start_device acc snd=bar shw rcv=foo eof
proxy
client rcv=bar eof snd=foo shw
well_done

# close: after the device's FIN its side is closed at once.
start_device acc rcv=foo snd=bar shw eof
proxy --on-device-fin close
client snd=foo rcv=bar eof
well_done

# Both end without a word.
start_device acc eof clo
proxy
client shw eof
well_done
start_device acc clo
proxy
client eof clo
well_done

# The FIN waits behind all that the other side has not taken yet.
start_device acc wait="$TMPDIR/sent" drain=eof clo
proxy
client fill shw mark="$TMPDIR/sent" eof
device_done
grep -q "^$(cat "$TMPDIR/client.out") eof$" "$TMPDIR/device.out" ||
	fail "the FIN came before the last byte"
exit 0
