#!/usr/bin/env python3
"""Proves that the waiting line is fair and bounded, that a dead device costs
one client its patience, and that every other policy does what it says."""
import os
import resource
import signal
import sys
import tempfile
import time

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
    refused(door, greedy[2], "evicted", "Q")
    refused(door, Client(door, REQUEST), "queue-full")
    let_go(first, sock)
    # The slot came back from the address that holds most: the other is next.
    for client in (modest, greedy[0], greedy[1]):
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


@SCENES.scene("--queue-timeout", "60s")
def a_reset_with_the_request_gets_no_place(device, door):
    first, sock = holder(device, door)
    gone = Client(door)
    until("it is in", lambda: door.counters()["live"] == 2)
    door.signal(signal.SIGSTOP)
    gone.sock.sendall(REQUEST)
    gone.reset()
    door.signal(signal.SIGCONT)
    assert door.end_of(gone)["cause"] == "client-reset"
    let_go(first, sock)
    assert device.nobody_waits(), "the device was asked for nobody"


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


@SCENES.scene("--queue-fin", "drop")
def a_fin_after_the_wait_changes_nothing(device, door):
    first, sock = holder(device, door)
    second = waits(door)
    let_go(first, sock)
    sock = device.take_request()
    second.fin()
    third = waits(door)  # the door has seen that FIN before
    let_go(second, sock)
    device.serve_page()
    assert third.outcome() == "200"
    assert [door.end_of(c)["slot"] for c in (first, second)] == ["0", "0"]


@SCENES.scene("--idle-timeout", "1500ms")
def waiting_is_not_idling(device, door):
    first, sock = holder(device, door)
    second = waits(door)
    began = time.monotonic()
    until("the second has waited long", lambda: sock.send(PAGE[:1]) and
          time.monotonic() - began > 2)  # the first stays active
    sock.close()
    first.outcome()
    device.serve_page()
    assert second.outcome() == "200", second.got


@SCENES.scene("--connect-timeout", "60s")
def a_descriptor_comes_back(device, door):
    client = Client(door, REQUEST[:10])
    until("it is in", lambda: door.counters()["live"] == 1)
    pid = door.process.pid
    was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE,
                     (door.descriptors(), was[1]))
    client.sock.sendall(REQUEST[10:])
    until("it has its slot", lambda: door.counters()["slots"] == 1)
    assert device.nobody_waits()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, was)
    device.serve_page()
    assert client.outcome() == "200", client.got


@SCENES.scene("--memory", "128k", "--sndbuf", "4k")
def who_makes_room_is_not_who_needs_it(device, door):
    """The oldest in the gate is the one that is to be served."""
    oldest = Client(door, REQUEST[:10])
    until("it is in", lambda: door.counters()["chunks"] == 1)
    others = []
    while not door.ends() and len(others) < 15:
        others.append(Client(door, REQUEST[:8]))
        until("it is in",
              lambda: door.counters()["chunks"] == 1 + len(others))
    oldest.sock.sendall(REQUEST[10:])
    device.serve_page()
    assert oldest.outcome() == "200", oldest.got
    end = door.end_of(others[0])
    assert (end["cause"], end["state"]) == ("no-memory", "G"), end
    for client in others:
        client.reset()


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


@SCENES.scene("--max-age", "2s")
def the_longest_life(device, door):
    client, sock = holder(device, door)
    assert client.outcome() == "503", client.got
    end = door.end_of(client)
    assert (end["cause"], end["state"]) == ("max-age", "R"), end
    assert end_seen_by(sock) == "RST"


@SCENES.scene("--preempt-idle", "200ms", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
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
              "400ms", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
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


@SCENES.scene("--device-abort", "fin", "--first-byte-timeout", "2s",
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


def speaks(device, word):
    """A client that has said `word`; the device's side of it."""
    sock = device.accept()
    assert sock.recv(10) == word
    return sock


@SCENES.scene("--preempt-idle", "300ms", "--slots", "2", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
def who_is_idle_longest_gives_way(device, door):
    """The older connection has spoken last."""
    old, young = Client(door, b"old"), None
    old_sock = speaks(device, b"old")
    young = Client(door, b"young")
    young_sock = speaks(device, b"young")
    young_sock.sendall(b"answer")
    assert young.sock.recv(10) == b"answer"
    spoke = time.monotonic()
    until("the door's clock goes on", lambda: time.monotonic() - spoke > 0.02)
    old_sock.sendall(b"answer")
    assert old.sock.recv(10) == b"answer"
    third = Client(door, b"third")
    assert door.end_of(young)["cause"] == "preempted"
    speaks(device, b"third").close()
    assert third.outcome() == "EOF"
    old_sock.sendall(b"more")
    assert old.sock.recv(10) == b"more"
    old_sock.close()
    old.outcome()


@SCENES.scene("--preempt-idle", "300ms", "--slots", "2", "--device-abort",
              "fin", "--first-byte-timeout", "300ms", "--down-after", "0",
              "--probe-backoff", "60s..60s", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
def of_two_delays_the_nearer_counts(device, door):
    """One slot is a ghost for a minute; the other's holder is idle, and need
    not wait for that minute."""
    silent = Client(door, b"silent")
    gone = speaks(device, b"silent")
    assert door.end_of(silent)["cause"] == "device-silent"
    assert end_seen_by(gone) == "FIN"
    idle = Client(door, b"idle")
    sock = speaks(device, b"idle")
    sock.sendall(b"answer")
    assert idle.sock.recv(10) == b"answer"
    third = waits(door)
    assert door.end_of(idle)["cause"] == "preempted"
    third.reset()
    assert end_seen_by(sock) == "FIN"


@SCENES.scene()
def nobody_overtakes_the_line(device, door):
    """The slot comes back in the same turn in which a newcomer asks."""
    first, sock = holder(device, door)
    second = waits(door)
    newcomer = Client(door)
    until("it is in", lambda: door.counters()["live"] == 3)
    door.signal(signal.SIGSTOP)
    sock.sendall(PAGE)
    sock.close()
    newcomer.sock.sendall(REQUEST.replace(b"/page", b"/new"))
    door.signal(signal.SIGCONT)
    for client, target in (second, b"/page"), (newcomer, b"/new"):
        sock = device.accept()
        got = sock.recv(4096)
        assert got.split()[1] == target, got
        let_go(client, sock)
    assert first.outcome() == "200"


@SCENES.scene("--first-byte-timeout", "300ms", "--probe-backoff",
              "100ms..100ms", "--drain-timeout", "60s")
def no_trial_in_a_drain(device, door):
    stays = Client(door, b"GET")
    until("it is in", lambda: door.counters()["live"] == 1)
    first, _ = holder(device, door)
    assert first.outcome() == "504", first.got
    door.signal(signal.SIGTERM)
    until("it drains", lambda: door.find("draining"))

    def trials_are_over():
        while not device.nobody_waits():
            device.accept().close()
        return door.counters()["slots"] == 0
    until("trials are over", trials_are_over)
    ended = time.monotonic()
    until("another is due", lambda: time.monotonic() - ended > 0.5)
    assert device.nobody_waits(), "the device was tried"
    stays.reset()
    assert door.process.wait(30) == 0


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


@SCENES.scene("--first-byte-timeout", "3s", "--probe-backoff", "3s..9s",
              "--events", FIFO)
def a_dead_device(device, door):
    events = os.open(FIFO, os.O_RDONLY | os.O_NONBLOCK)
    first, sock = holder(device, door)
    line = [waits(door) for _ in range(5)]
    assert first.outcome() == "504"  # it alone had to wait
    assert end_seen_by(sock) == "RST"
    probe = device.take_request()  # at once; it decides
    line.append(waits(door))  # the grace, 250 ms from then on
    time.sleep(0.3)
    refused(door, Client(door, REQUEST), "device-suspected")
    assert not any(client.ended() for client in line)
    for client in line:
        refused(door, client, "device-down", "Q")
        assert b"\r\nRetry-After: 3\r\n" in client.got, client.got
    refused(door, Client(door, REQUEST), "device-down")
    assert end_seen_by(probe) == "RST"
    device.serve_page()  # the next probe
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
                  "--first-byte-timeout", "2s", "--probe", "off",
                  "--probe-backoff", "60s..60s", "--reply-buffer", "64k",
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
        # One silence may be the request's fault; without a probe another
        # address's decides.
        other = Client(door, greeting, source="127.0.0.2")
        silent = device.accept()
        assert other.outcome() == "RST"
        down = Client(door, greeting)
        assert down.outcome() == "EOF"
        assert down.got == b"BUSY\0\r\n", down.got
        assert door.end_of(down)["cause"] == "device-down"
    busy.__name__ = "busy_reply_for_gate_" + gate


for kind, first_bytes in (("none", b""), ("data", b"x"), ("line", b"x\n")):
    busy_for(kind, first_bytes)


if __name__ == "__main__":
    sys.exit(SCENES.main())
