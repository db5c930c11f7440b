#!/usr/bin/env python3
"""Proves in each profile what owners of small devices report most: nobody gets
a reply meant for another (Vary), no command of a client that has left is
carried out, what a device said before its reset arrives, one that takes no
notice of a FIN is free for the next, one that needs a pause has it, a
monitor disturbs nobody, and who has no protection at all is told."""
import contextlib
import signal
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import PAGE, REQUEST, Client
from sallyport import WAIT_S, ready
from stand import Proxy, Scenes

SCENES = Scenes()
HTTP = ("w5500", "esp")
ASK = b"\0\1\0\0\0\6\1\3\0\0\0\1"
ONE = ("--slots", "1")
SHORT = ("--fin-timeout", "300ms", *ONE)
HOLD = ("--reply", "hold")


def coded(accepts):
    return (b"GET /m HTTP/1.1\r\nHost: d\r\nAccept-Encoding: " + accepts +
            b"\r\n\r\n")


def page(body, *fields):
    return b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Length: %d" %
                         len(body), *fields, b"", body))


def answer_to(asked):
    """A unit's answer to ASK."""
    return asked[:5] + b"\5" + asked[6:8] + b"\2\0\7"


for name, flags in (("w5500", ()), ("esp", HOLD),
                    ("raw", (*HOLD, "--gate", "http"))):
    @SCENES.scene("--share", "on", *ONE, *flags, profile=name)
    def nobody_gets_what_another_asked_for(device, proxy):
        first, sock = proxy.exchange(coded(b"gzip"))
        second = Client(proxy, coded(b"identity"))
        proxy.counts(live=2)
        sock.answer(page(b"packed", b"Vary: Accept-Encoding"))
        device.serve_page(page(b"plain", b"Vary: Accept-Encoding"))
        first.outcome(), second.outcome()
        assert first.got.endswith(b"packed"), first.got
        assert second.got.endswith(b"plain"), second.got

COMMANDS = (b"POST /on HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\non",
            b"GET /relay?on HTTP/1.1\r\nHost: d\r\n\r\n")


@SCENES.scene(*ONE, profile="w5500", ahead=REQUEST, command=COMMANDS[0])
@SCENES.scene(*ONE, profile="w5500", ahead=REQUEST, command=COMMANDS[1])
@SCENES.scene(*ONE, profile="esp", ahead=REQUEST, command=COMMANDS[0])
@SCENES.scene(*ONE, profile="esp", ahead=REQUEST, command=COMMANDS[1])
@SCENES.scene(*ONE, profile="serial", ahead=b"ask", command=b"on\n")
@SCENES.scene(*ONE, "--queue-fin", "drop", profile="raw", ahead=REQUEST,
              command=b"on\n")
@SCENES.scene(profile="modbus", ahead=ASK,
              command=b"\0\7\0\0\0\6\1\6\0\1\0\1")
def no_command_of_one_that_left(device, proxy, ahead, command):
    busy = Client(proxy, ahead)
    sock = device.accept()
    asked = sock.read(len(ahead))
    assert asked[7:] == ahead[7:]
    gone = Client(proxy, command)
    proxy.counts(live=2)
    gone.fin()
    proxy.counts(live=1)
    if ahead == ASK:  # the kept connection would bring it
        sock.say(answer_to(asked)).quiet(0.3)
    busy.reset()
    proxy.end_of(busy, cause="client-reset")
    sock.close()
    assert device.nobody_waits()


@SCENES.scene(profile="printer")
def but_a_job_is_printed(device, proxy):
    """Its client has no reason to stay."""
    busy = Client(proxy, b"first")
    sock = device.accept().expect(b"first")
    Client(proxy, b"second").close()
    busy.fin()
    sock.close()
    sock = device.accept().expect(b"second")
    assert sock.recv(1) == b"", "its FIN"
    sock.close()
    busy.gets("EOF")


for flags, cause in ((("--queue", "0"), "queue-full"),
                     (("--queue-timeout", "300ms"), "queue-timeout"),
                     (("--connect-retry", "1"), "connect-refused")):
    for leaves in (Client.fin, Client.ended):
        @SCENES.scene(*flags, "--settle", "0", profile="printer",
                      leaves=leaves, cause=cause)
        def an_undelivered_job_is_no_printed_one(device, proxy, leaves, cause):
            """A spooler takes a FIN for the paper."""
            if cause == "connect-refused":
                device.stop()
            else:
                busy = Client(proxy, b"first")
                sock = device.accept().expect(b"first")
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
    sock = device.accept().say(b"login: ")
    user.expect(b"login: ")
    for _ in range(3):
        check = Client(proxy)
        check.close()
        proxy.end_of(check, cause="client-left")
    user.sendall(b"root")
    sock.expect(b"root")
    assert device.nobody_waits()
    user.reset()


def answers_and_resets(proxy, sock, answer):
    """Both come at once."""
    proxy.signal(signal.SIGSTOP)
    sock.say(answer).reset()
    proxy.signal(signal.SIGCONT)


for name in ("raw", "w5500", "esp", "printer", "serial"):
    # Only HTTP tells that this was all.
    @SCENES.scene(profile=name, outcome="200" if name in HTTP else "RST")
    def what_came_before_a_reset(device, proxy, outcome):
        client = Client(proxy, REQUEST)
        answers_and_resets(proxy, device.take_request(), page(b"the page"))
        client.gets(outcome)
        assert client.got == page(b"the page"), client.got


@SCENES.scene(profile="modbus")
def an_answer_before_a_reset(device, proxy):
    for _ in range(2):
        master = Client(proxy, ASK)
        sock = device.accept()
        answers_and_resets(proxy, sock, answer_to(sock.read(len(ASK))))
        master.expect(answer_to(ASK))
        master.fin().gets("EOF")


for name in HTTP:
    @SCENES.scene(*SHORT, profile=name)
    def ignores_our_fin(device, proxy):
        client, sock = proxy.exchange()
        sock.sendall(page(b"the page", b"Connection: close"))
        client.gets("200")
        proxy.serves()
        sock.drain()

for name in ("raw", "printer", "serial"):
    @SCENES.scene(*SHORT, profile=name)
    def ignores_a_clients_fin(device, proxy):
        client = Client(proxy, b"job")
        sock = device.accept().expect(b"job")
        client.fin()
        assert sock.recv(1) == b""
        second = Client(proxy, REQUEST)
        device.serve_page()
        second.fin().gets("200")
        client.gets("RST", cause="fin-timeout")  # what was cut looks cut


@SCENES.scene("--idle-timeout", "300ms", profile="modbus")
def a_unit_ignores_our_fin(device, proxy):
    """Its one connection is free after a reset only."""
    for _ in range(2):
        master = Client(proxy, ASK)
        sock = device.accept()
        sock.sendall(answer_to(sock.read(len(ASK))))
        master.expect(answer_to(ASK))
        assert sock.recv(1) == b"", "its FIN"
        assert ready(sock, events=0, within_s=WAIT_S), "no reset"


for name in ("raw", "w5500", "esp", "printer", "serial", "modbus"):
    @SCENES.scene(*ONE, "--connect-gap", "300ms", profile=name,
                  asks=ASK if name == "modbus" else REQUEST,
                  leaves=name not in HTTP)
    def the_next_connect_comes_late(device, proxy, asks, leaves):
        """A device may reset who comes sooner."""
        ended_s = 0
        for _ in range(3):
            client = Client(proxy, asks)
            sock = device.accept()
            assert time.monotonic() - ended_s >= 0.299
            asked = sock.read(len(asks))
            if leaves:
                client.fin()
            sock.sendall(answer_to(asked) if asks == ASK else PAGE)
            ended_s = time.monotonic()
            sock.close()
            assert client.outcome() in ("200", "EOF")


@SCENES.alone
def who_is_not_protected_is_told():
    for flags in (), ("--slots", "1"), ("--gate", "data"):
        proxy = Proxy("127.0.0.1:9", *flags, profile="raw")
        assert bool(proxy.find("is not protected")) == (not flags), flags
        proxy.stop()


sys.exit(SCENES.main())
