#!/usr/bin/env python3
"""Proves that users of an instrument share one kept device connection, gate
line: an answer goes to whose query it is, and what has none is nobody's."""
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client
from stand import Scenes

SCENES = Scenes("--gate", "line", "--shared-connection", "on", "--slots", "1",
                profile="raw")


def take_line(sock):
    line = b""
    while not line.endswith(b"\n"):
        line += sock.read(1)
    return line


@SCENES.scene()
def instruments_answer_queries_only(device, proxy):
    a = Client(proxy, b"VOLT 5\n*IDN?\nDISP 'what?'\n")
    b = Client(proxy)
    sock = device.accept().expect(b"VOLT 5\n*IDN?\n").quiet(0.1)
    b.sendall(b"MEAS?\r\n")
    sock.quiet(0.1).sendall(b"ACME,")
    time.sleep(0.05)  # an answer in two segments
    sock.sendall(b"1,2,3\n")
    a.expect(b"ACME,1,2,3\n")
    lines = [take_line(sock), take_line(sock)]
    assert sorted(lines) == [b"DISP 'what?'\n", b"MEAS?\r\n"], lines
    block = b"#212one\ntwo\nxyz\n\n"
    sock.sendall(block)
    b.expect_only(block)
    a.quiet(0.1)
    # Unasked for: nobody's.
    sock.sendall(b"hello\n")
    b.quiet(0.1)
    # Each line of the log counts what the device has answered its client.
    a.fin().gets("EOF", cause="done", out=str(len("ACME,1,2,3\n")))
    b.fin().gets("EOF", cause="done", out=str(len(block)))
    sock.close()


@SCENES.scene("--first-byte-timeout", "500ms")
def a_query_without_an_answer_is_reset(device, proxy):
    a = Client(proxy, b"READ?\n")
    sock = device.accept().expect(b"READ?\n")
    a.gets("RST", cause="device-silent")
    sock.ends("RST")
    b = Client(proxy, b"*CLS\nREAD?\n")
    sock = device.accept().expect(b"*CLS\nREAD?\n")
    sock.sendall(b"1\n")
    b.expect(b"1\n")
    b.close()
    sock.close()


@SCENES.scene("--queue", "0", cause="queue-full")
@SCENES.scene("--queue-timeout", "200ms", cause="queue-timeout")
def a_query_that_gets_nowhere_is_reset(device, proxy, cause):
    a = Client(proxy, b"READ?\n")
    sock = device.accept().expect(b"READ?\n")
    Client(proxy, b"MEAS?\n").gets("RST", cause=cause)
    sock.sendall(b"1\n")
    a.expect(b"1\n").close()
    sock.close()


@SCENES.scene("--idle-timeout", "300ms")
def half_a_line_is_idle_too(device, proxy):
    """Without request-timeout nothing else would end it."""
    a = Client(proxy, b"*CLS\nREA")
    device.accept().expect(b"*CLS\n")
    a.gets("RST", cause="idle-timeout")


sys.exit(SCENES.main())
