#!/usr/bin/env python3
"""Proves that the waiting line is fair and bounded, that a dead device costs
one client its patience, and that every other policy does what it says."""
import os
import signal
import sys
import tempfile

from stand import (Client, PAGE, REQUEST, Scenes, end_seen_by, reset, until)

SCENES = Scenes()
TMP = tempfile.TemporaryDirectory(prefix="line.")
BUSY = os.path.join(TMP.name, "busy")
FIFO = os.path.join(TMP.name, "events")
with open(BUSY, "wb") as f:
    f.write(b"BUSY\0\r\n")
os.mkfifo(FIFO)


def holder(device, door):
    """A client that has the only slot, and the device's side of it."""
    client = Client(door, REQUEST)
    return client, device.take_request()


def let_go(client, sock):
    sock.sendall(PAGE)
    sock.close()
    assert client.outcome() == "200"


def waits(door, **how):
    """A client in the line."""
    before = door.counters()["queue"]
    client = Client(door, REQUEST, **how)
    until("it waits", lambda: door.counters()["queue"] == before + 1)
    return client


def refused(door, client, cause, state="G"):
    assert client.outcome() == "503", client.got
    assert b"\r\nRetry-After: " in client.got, client.got
    end = door.end_of(client)
    assert (end["cause"], end["state"]) == (cause, state), end


@SCENES.scene("--queue", "2")
def a_full_line(device, door):
    first, sock = holder(device, door)
    line = [waits(door), waits(door)]
    refused(door, Client(door, REQUEST), "queue-full")
    let_go(first, sock)
    for client in line:
        device.serve_page()
        assert client.outcome() == "200"


@SCENES.scene("--queue", "0")
def no_line(device, door):
    first, sock = holder(device, door)
    refused(door, Client(door, REQUEST), "queue-full")
    let_go(first, sock)


@SCENES.scene("--queue-timeout", "200ms")
def a_wait_that_is_over(device, door):
    first, sock = holder(device, door)
    refused(door, Client(door, REQUEST), "queue-timeout", "Q")
    let_go(first, sock)


@SCENES.scene("--queue", "3")
def who_holds_most_is_displaced(device, door):
    first, sock = holder(device, door)
    greedy = [waits(door) for _ in range(3)]
    modest = Client(door, REQUEST, source="127.0.0.2")
    refused(door, greedy[2], "displaced", "Q")
    refused(door, Client(door, REQUEST), "queue-full")
    let_go(first, sock)
    # By turns, so the newcomer is second.
    for client in (greedy[0], modest, greedy[1]):
        device.serve_page()
        assert client.outcome() == "200"


@SCENES.scene()
def a_reset_leaves_the_line(device, door):
    first, sock = holder(device, door)
    gone, stays = waits(door), waits(door)
    gone.reset()
    assert door.end_of(gone)["cause"] == "client-reset"
    let_go(first, sock)
    device.serve_page()
    assert stays.outcome() == "200"
    assert device.nobody_waits()


@SCENES.scene("--queue-fin", "drop")
def a_fin_with_the_request_gives_up_the_place(device, door):
    first, sock = holder(device, door)
    client = Client(door)
    door.signal(signal.SIGSTOP)
    client.sock.sendall(REQUEST)
    client.fin()
    door.signal(signal.SIGCONT)
    assert door.end_of(client)["cause"] == "client-left"
    let_go(first, sock)
    assert device.nobody_waits(), "the device was asked for nobody"


@SCENES.scene("--queue-fin", "drop")
def a_fin_leaves_the_line_with_drop(device, door):
    first, sock = holder(device, door)
    gone = waits(door)
    gone.fin()
    end = door.end_of(gone)
    assert (end["cause"], end["state"]) == ("client-left", "Q"), end
    let_go(first, sock)
    assert device.nobody_waits()


@SCENES.scene("--connect-gap", "300ms")
def a_gap_before_the_next_dial(device, door):
    first, sock = holder(device, door)
    second = waits(door)
    let_go(first, sock)
    device.serve_page()
    assert second.outcome() == "200"
    ends = door.end_of(first), door.end_of(second)
    assert int(ends[1]["queue_ms"]) >= 300, ends


@SCENES.scene("--settle", "300ms")
def a_pause_before_the_first_byte(device, door):
    client = Client(door, REQUEST)
    sock = device.take_request()
    let_go(client, sock)
    assert int(door.end_of(client)["first_ms"]) >= 300


@SCENES.scene("--max-age", "300ms")
def the_longest_life(device, door):
    client, sock = holder(device, door)
    assert client.outcome() == "503", client.got
    end = door.end_of(client)
    assert (end["cause"], end["state"]) == ("max-age", "R"), end
    assert end_seen_by(sock) == "RST"


@SCENES.scene("--preempt-idle", "200ms", profile="modbus")
def the_idle_give_way(device, door):
    idle = Client(door, b"ask")
    sock = device.accept()
    assert sock.recv(10) == b"ask"
    other = Client(door, b"me too")
    assert door.end_of(idle)["cause"] == "preempted"
    assert end_seen_by(sock) == "RST"
    sock = device.accept()
    assert sock.recv(10) == b"me too"
    other.reset()
    assert end_seen_by(sock) == "RST"


@SCENES.scene("--preempt-idle", "50ms", "--slots", "2", "--connect-gap",
              "400ms", profile="modbus")
def nobody_gives_way_to_a_pause(device, door):
    """A third client waits for connect-gap alone: a slot is free."""
    idle = Client(door, b"ask")
    served = device.accept()
    for _ in range(2):
        client = Client(door, b"ask")
        with device.accept() as sock:
            assert sock.recv(10) == b"ask"
        assert client.outcome() == "EOF"
        assert door.end_of(client)["cause"] == "done"
    assert served.recv(10) == b"ask"
    served.sendall(b"answer")
    assert idle.sock.recv(10) == b"answer"
    served.close()
    idle.outcome()


@SCENES.scene("--device-abort", "fin", "--first-byte-timeout", "300ms",
              "--down-after", "0", "--probe-backoff", "500ms..500ms")
def a_fin_alone_frees_no_slot(device, door):
    """The device has not ended: its slot stays taken for a while."""
    first, sock = holder(device, door)
    second = waits(door)
    assert first.outcome() == "504", first.got
    device.serve_page()
    assert second.outcome() == "200"
    assert int(door.end_of(second)["queue_ms"]) >= 500
    assert end_seen_by(sock) == "FIN"


@SCENES.scene("--drain-timeout", "60s")
def a_drain_lets_all_finish(device, door):
    first, sock = holder(device, door)
    second = waits(door)
    door.signal(signal.SIGTERM)
    until("it drains", lambda: door.find("draining"))
    let_go(first, sock)
    device.serve_page()
    assert second.outcome() == "200"
    assert door.process.wait(30) == 0


@SCENES.scene("--deny", "127.0.0.3", "--allow", "127.0.0.2/31")
def who_may_come_in(device, door):
    for source in ("127.0.0.1", "127.0.0.3"):
        client = Client(door, source=source)
        assert client.outcome() in ("EOF", "RST"), client.got
        assert door.end_of(client)["cause"] == "denied"
    client = Client(door, REQUEST, source="127.0.0.2")
    device.serve_page()
    assert client.outcome() == "200"


@SCENES.scene("--per-source", "1")
def one_for_each_source(device, door):
    first, sock = holder(device, door)
    refused(door, Client(door, REQUEST), "source-limit")
    second = waits(door, source="127.0.0.2")
    let_go(first, sock)
    device.serve_page()
    assert second.outcome() == "200"


@SCENES.scene("--first-byte-timeout", "300ms", "--probe-backoff", "3s..9s",
              "--events", FIFO)
def a_dead_device(device, door):
    events = os.open(FIFO, os.O_RDONLY | os.O_NONBLOCK)
    first, sock = holder(device, door)
    line = [waits(door) for _ in range(5)]
    assert first.outcome() == "504"  # it alone had to wait
    for client in line:
        refused(door, client, "device-down", "Q")
        assert b"\r\nRetry-After: 3\r\n" in client.got, client.got
    refused(door, Client(door, REQUEST), "device-down")
    assert end_seen_by(sock) == "RST"
    device.serve_page()  # the one trial
    until("it is up", lambda: door.find("device up"))
    client = Client(door, REQUEST)
    device.serve_page()
    assert client.outcome() == "200"
    assert os.read(events, 100) == b"down\nup\n"
    os.close(events)


@SCENES.scene("--down-after", "0")
def a_refusal_is_retried_unseen(device, door):
    device.stop()
    client = Client(door, REQUEST)
    until("it is dialled", lambda: door.counters()["slots"] == 1)
    device.listen()
    device.serve_page()
    assert client.outcome() == "200", client.got
    assert int(door.end_of(client)["retries"]) > 0


@SCENES.scene("--down-after", "0", "--connect-retry", "1")
def a_refusal_that_lasts(device, door):
    device.stop()
    client = Client(door, REQUEST)
    assert client.outcome() == "502", client.got
    end = door.end_of(client)
    assert (end["cause"], end["retries"]) == ("connect-refused", "1"), end


def busy_for(gate, greeting):
    @SCENES.scene("--gate", gate, "--queue", "0", "--busy-reply", BUSY,
                  "--first-byte-timeout", "300ms", "--probe", "off",
                  "--probe-backoff", "60s..60s", "--absorb", "64k",
                  "--idle-timeout", "60s")
    def busy(device, door):
        first = Client(door, greeting)
        sock = device.accept()
        full = Client(door, greeting)
        assert full.outcome() == "EOF"
        assert full.got == b"BUSY\0\r\n", full.got
        assert door.end_of(full)["cause"] == "queue-full"
        if gate == "none":
            reset(sock)
            first.outcome()
            return
        assert first.outcome() == "RST"  # a silent device is not "busy"
        down = Client(door, greeting)
        assert down.outcome() == "EOF"
        assert down.got == b"BUSY\0\r\n", down.got
        assert door.end_of(down)["cause"] == "device-down"
    busy.__name__ = "busy_reply_for_gate_" + gate


for kind, first_bytes in (("none", b""), ("data", b"x"), ("line", b"x\n")):
    busy_for(kind, first_bytes)


if __name__ == "__main__":
    sys.exit(SCENES.main())
