#!/usr/bin/env python3
"""Proves that a device that refuses, is silent or out of reach ends in its own
cause, that a refusal is retried, and that the next address is tried."""
import sys

sys.path.insert(0, "tests/lib")
from peer import Client, Device
from sallyport import PROGRAM, hosts, needs, own_network, run, until
from stand import Proxy, Scenes

own_network(needed=True)
needs("nft")
SILENT = "10.9.0.1"  # packets to it are dropped
UNREACHABLE = "10.8.0.1"
NO_ROUTE = "10.7.0.1"
run("nft", "add table inet test; add chain inet test in "
    "{ type filter hook input priority 0; }; "
    "add rule inet test in ip daddr %s drop" % SILENT)
run("ip", "addr", "add", SILENT + "/32", "dev", "lo")
run("ip", "route", "add", "unreachable", "10.8.0.0/24")
hosts("127.0.0.1 localhost",
      "127.0.0.2 many", "127.0.0.3 many", "127.0.0.4 many",
      SILENT + " silent", "127.0.0.4 silent")
SCENES = Scenes()


def before(device, *flags):
    proxy = Proxy(device, *flags, profile="raw")
    proxy.baseline()
    return proxy


def over(proxy):
    proxy.back_to_baseline()
    proxy.terminate()


@SCENES.alone
def refused():
    proxy = before(Device(backlog=None))
    Client(proxy, b"foo").drain()
    proxy.logged(1, "in=[03] out=0 .* retries=0 cause=connect-refused state=D")
    Client(proxy).drain()
    proxy.logged(2, "cause=connect-refused state=D")
    over(proxy)


@SCENES.alone
def refused_and_retried():
    proxy = before(Device(backlog=None), "--connect-retry", "2")
    Client(proxy, b"foo").drain()
    proxy.logged(1, "retries=2 cause=connect-refused state=D")
    over(proxy)


@SCENES.alone
def refused_at_first():
    """The bytes that came meanwhile are not lost."""
    device = Device(backlog=None)
    proxy = before(device, "--connect-retry", "50")
    client = Client(proxy, b"foo").fin()
    until("the request", lambda: proxy.to_client() == ["CLOSE_WAIT"])
    device.listen()
    sock = device.accept().expect(b"foo").ends("EOF").say(b"bar")
    sock.close()
    client.expect(b"bar").ends("EOF").close()
    proxy.logged(1, "in=3 out=3 .* cause=done")
    over(proxy)


@SCENES.alone
def silent():
    proxy = before(SILENT + ":80", "--connect-timeout", "300ms")
    Client(proxy, b"foo").drain()
    fields = proxy.logged(1, "cause=connect-timeout state=D")
    assert int(fields["total_ms"]) >= 300, fields
    over(proxy)


@SCENES.alone
def a_client_that_leaves_while_the_device_is_silent():
    proxy = before(SILENT + ":80", "--connect-timeout", "60s")
    client = Client(proxy, b"foo")
    until("a connect", lambda: proxy.to_device() == ["SYN_SENT"])
    client.reset()
    proxy.logged(1, "cause=client-reset state=D")
    proxy.back_to_baseline()
    # One that has only ended its requests stays: it may want the answer.
    Client(proxy, b"foo").fin().quiet(0.3).reset()
    proxy.logged(2, "cause=client-reset state=D")
    over(proxy)


@SCENES.alone
def silent_from_one_moment_to_the_next():
    """What was sent is never acknowledged."""
    device = Device()
    proxy = before(device, "--user-timeout", "300ms")
    client, sock = Client(proxy, b"foo"), device.accept().expect(b"foo")
    run("nft", "add rule inet test in tcp dport %d drop" % device.port)
    client.say(b"bar").drain()
    proxy.logged(1, "in=6 out=0 .* cause=device-silent state=[RL]")
    over(proxy)
    sock.close()


@SCENES.alone
def out_of_reach():
    for address in UNREACHABLE, NO_ROUTE:
        proxy = before(address + ":80")
        Client(proxy, b"foo").drain()
        proxy.logged(1, "cause=unreachable state=D")
        over(proxy)


@SCENES.alone
def a_name_nobody_knows():
    """A single process, which could not ask again, does not start."""
    said = run(PROGRAM, "--single", "127.0.0.1:0", "no-such-host.invalid:9",
               status=None)
    assert "no-such-host.invalid" in said, said


@SCENES.alone
def two_addresses_refuse_the_third_answers():
    device = Device(host="127.0.0.4")
    proxy = before("many:%d" % device.port)
    client, sock = Client(proxy, b"foo").fin(), device.accept()
    sock.expect(b"foo").ends("EOF").say(b"bar").close()
    client.expect(b"bar").ends("EOF").close()
    proxy.logged(1, "in=3 out=3 .* cause=done")
    over(proxy)


def one_address_is_silent_the_second_answers(*flags):
    device = Device(host="127.0.0.4")
    proxy = before("silent:%d" % device.port, "--connect-timeout", "300ms",
                   *flags)
    client = Client(proxy, b"foo?\n")
    sock = device.accept().expect(b"foo?\n").say(b"bar\n")
    client.expect(b"bar\n").fin()
    if not flags:
        sock.ends("EOF").close()
    client.ends("EOF").close()
    proxy.terminate()


@SCENES.alone
def each_client_tries_the_second_address():
    one_address_is_silent_the_second_answers()


@SCENES.alone
def so_does_a_shared_connection():
    one_address_is_silent_the_second_answers(
        "--gate", "line", "--slots", "1", "--shared-connection", "on")


if __name__ == "__main__":
    sys.exit(SCENES.main())
