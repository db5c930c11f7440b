#!/usr/bin/env python3
"""Proves in each profile what owners of small devices report most: nobody gets
a reply meant for another (Vary), no command of a client that has left is
carried out, what a device said before its reset arrives, one that takes no
notice of a FIN is free for the next, one that needs a pause has it, and a
monitor disturbs nobody."""
import contextlib
import select
import signal
import sys
import time

sys.path.insert(0, "tests/lib")
from stand import PAGE, REQUEST, Client, Scenes, end_seen_by, reset, until

SCENES = Scenes()
HTTP = ("w5500", "esp")
COMMANDS = {
    "w5500": (b"POST /on HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\non",
              b"GET /relay?on HTTP/1.1\r\nHost: d\r\n\r\n"),
    "serial": (b"on\n",),
    "modbus": (b"\0\7\0\0\0\6\1\6\0\1\0\1",),
}
COMMANDS["esp"] = COMMANDS["w5500"]
COMMANDS["raw"] = COMMANDS["serial"]
ASK = b"\0\1\0\0\0\6\1\3\0\0\0\1"
SHORT = ("--fin-timeout", "300ms", "--slots", "1")
ONE = ("--slots", "1")


def coded(accepts):
    return (b"GET /m HTTP/1.1\r\nHost: d\r\nAccept-Encoding: " + accepts +
            b"\r\n\r\n")


def page(body, *fields):
    return b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Length: %d" %
                         len(body), *fields, b"", body))


def take(sock, size):
    got = b""
    while len(got) < size:
        piece = sock.recv(size - len(got))
        assert piece, "the end after %r" % got
        got += piece
    return got


def has_error(sock):
    poll = select.poll()
    poll.register(sock, 0)
    return bool(poll.poll(0))


def answer_to(asked):
    """A unit's answer to ASK."""
    return asked[:5] + b"\5" + asked[6:8] + b"\2\0\7"


HOLD = ("--reply", "hold")
for name, flags in (("w5500", ()), ("esp", HOLD),
                    ("raw", (*HOLD, "--gate", "http"))):
    @SCENES.scene("--share", "on", *ONE, *flags, profile=name)
    def nobody_gets_what_another_asked_for(device, proxy):
        first = Client(proxy, coded(b"gzip"))
        sock = device.take_request()
        second = Client(proxy, coded(b"identity"))
        proxy.counts(live=2)
        sock.answer(page(b"packed", b"Vary: Accept-Encoding"))
        device.serve_page(page(b"plain", b"Vary: Accept-Encoding"))
        first.outcome(), second.outcome()
        assert first.got.endswith(b"packed"), first.got
        assert second.got.endswith(b"plain"), second.got

for name, texts in COMMANDS.items():
    for text in texts:
        flags = {"modbus": (), "raw": (*ONE, "--queue-fin", "drop")}
        ahead = {"modbus": ASK, "serial": b"ask"}.get(name, REQUEST)

        @SCENES.scene(*flags.get(name, ONE), profile=name)
        def no_command_of_one_that_left(device, proxy, text=text,
                                        ahead=ahead):
            busy = Client(proxy, ahead)
            sock = device.accept()
            asked = take(sock, len(ahead))
            assert asked[7:] == ahead[7:]
            gone = Client(proxy, text)
            proxy.counts(live=2)
            gone.fin()
            proxy.counts(live=1)
            if ahead == ASK:  # the kept connection would bring it
                sock.sendall(answer_to(asked))
                sock.settimeout(0.3)
                try:
                    assert not sock.recv(100)
                except TimeoutError:
                    pass
            busy.reset()
            proxy.end_of(busy, cause="client-reset")
            sock.close()
            assert device.nobody_waits()


@SCENES.scene(profile="printer")
def but_a_job_is_printed(device, proxy):
    """Its client has no reason to stay."""
    busy = Client(proxy, b"first")
    sock = device.accept()
    assert take(sock, 5) == b"first"
    gone = Client(proxy, b"second")
    gone.close()
    busy.fin()
    sock.close()
    sock = device.accept()
    assert take(sock, 6) == b"second"
    assert sock.recv(1) == b"", "its FIN"
    sock.close()
    busy.gets("EOF")


for flags, cause in ((("--queue", "0"), "queue-full"),
                     (("--queue-timeout", "300ms"), "queue-timeout"),
                     (("--connect-retry", "1"), "connect-refused")):
    for leaves in (Client.fin, Client.ended):
        @SCENES.scene(*flags, "--settle", "0", profile="printer")
        def an_undelivered_job_is_no_printed_one(
                device, proxy, leaves=leaves, cause=cause):
            """A spooler takes a FIN for the paper."""
            if cause == "connect-refused":
                device.stop()
            else:
                busy = Client(proxy, b"first")
                sock = device.accept()
                assert take(sock, 5) == b"first"
            job = Client(proxy, b"second" * 500)
            with contextlib.suppress(OSError):  # it may be told already
                leaves(job)
            job.gets("RST", cause=cause)
            if cause != "connect-refused":
                busy.fin()
                sock.close()
                busy.gets("EOF")


@SCENES.scene(profile="serial")
def a_monitor_disturbs_nobody(device, proxy):
    user = Client(proxy)
    sock = device.accept()
    sock.sendall(b"login: ")
    assert take(user.sock, 7) == b"login: "
    for _ in range(3):
        check = Client(proxy)
        check.close()
        proxy.end_of(check, cause="client-left")
    user.sendall(b"root")
    assert take(sock, 4) == b"root"
    assert device.nobody_waits()
    user.reset()


for name in ("raw", "w5500", "esp", "printer", "serial"):
    @SCENES.scene(profile=name)
    def what_came_before_a_reset(device, proxy, name=name):
        client = Client(proxy, REQUEST)
        sock = device.take_request()
        whole = page(b"the page")
        proxy.signal(signal.SIGSTOP)  # both come at once
        sock.sendall(whole)
        reset(sock)
        proxy.signal(signal.SIGCONT)
        how = client.outcome()
        assert client.got == whole, client.got
        # Only HTTP tells that this was all.
        assert how == ("200" if name in HTTP else "RST"), how

for name in HTTP:
    @SCENES.scene(*SHORT, profile=name)
    def ignores_our_fin(device, proxy):
        client = Client(proxy, REQUEST)
        sock = device.take_request()
        sock.sendall(page(b"the page", b"Connection: close"))
        client.gets("200")
        proxy.serves()
        assert end_seen_by(sock) in ("FIN", "RST")

for name in ("raw", "printer", "serial"):
    @SCENES.scene(*SHORT, profile=name)
    def ignores_a_clients_fin(device, proxy):
        client = Client(proxy, b"job")
        sock = device.accept()
        assert take(sock, 3) == b"job"
        client.fin()
        assert sock.recv(1) == b""
        second = Client(proxy, REQUEST)
        device.serve_page()
        second.fin()
        second.gets("200")
        proxy.end_of(client, cause="fin-timeout")
        assert client.outcome() == "RST", "what was cut looks whole"


@SCENES.scene(profile="modbus")
def an_answer_before_a_reset(device, proxy):
    for _ in range(2):
        master = Client(proxy, ASK)
        sock = device.accept()
        asked = take(sock, len(ASK))
        proxy.signal(signal.SIGSTOP)  # both come at once
        sock.sendall(answer_to(asked))
        reset(sock)
        proxy.signal(signal.SIGCONT)
        assert take(master.sock, 11) == answer_to(ASK)
        master.fin()
        master.gets("EOF")


@SCENES.scene("--idle-timeout", "300ms", profile="modbus")
def a_unit_ignores_our_fin(device, proxy):
    """Its one connection is free after a reset only."""
    for _ in range(2):
        master = Client(proxy, ASK)
        sock = device.accept()
        sock.sendall(answer_to(take(sock, len(ASK))))
        assert take(master.sock, 11) == answer_to(ASK)
        assert sock.recv(1) == b"", "its FIN"
        until("its reset", lambda: has_error(sock))


for name in ("raw", "w5500", "esp", "printer", "serial", "modbus"):
    @SCENES.scene(*ONE, "--connect-gap", "300ms", profile=name)
    def the_next_connect_comes_late(device, proxy, name=name):
        """A device may reset who comes sooner."""
        text = ASK if name == "modbus" else REQUEST
        ended_s = 0
        for _ in range(3):
            client = Client(proxy, text)
            sock = device.accept()
            assert time.monotonic() - ended_s >= 0.299
            asked = take(sock, len(text))
            if name not in HTTP:
                client.fin()
            sock.sendall(answer_to(asked) if name == "modbus" else PAGE)
            ended_s = time.monotonic()
            sock.close()
            assert client.outcome() in ("200", "EOF")

sys.exit(SCENES.main())
