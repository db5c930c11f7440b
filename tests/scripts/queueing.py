#!/usr/bin/env python3
"""Proves that the waiting line is fair and bounded, that a dead device costs
one client its patience, and that every other policy does what it says."""
import os
import resource
import signal
import sys
import tempfile
import time

sys.path.insert(0, "tests/lib")
from stand import (Client, PAGE, REQUEST, Scenes, end_seen_by, reset, until)

SCENES = Scenes()
TMP = tempfile.TemporaryDirectory(prefix="line.")
BUSY = os.path.join(TMP.name, "busy")
with open(BUSY, "wb") as f:
    f.write(b"BUSY\0\r\n")


def holder(device, proxy):
    """A client that has the only slot, and the device's side of it."""
    client = Client(proxy, REQUEST)
    return client, device.take_request()


def let_go(client, sock):
    sock.answer()
    client.gets("200")


def waits(proxy, **how):
    """A client in the line."""
    before = proxy.counters()["queue"]
    client = Client(proxy, REQUEST, **how)
    proxy.counts(queue=before + 1)
    return client


def refused(proxy, client, cause, state="G"):
    client.gets("503")
    assert b"\r\nRetry-After: " in client.got, client.got
    proxy.end_of(client, cause=cause, state=state)


@SCENES.scene("--queue", "2")
def a_full_line(device, proxy):
    first, sock = holder(device, proxy)
    line = [waits(proxy), waits(proxy)]
    refused(proxy, Client(proxy, REQUEST), "queue-full")
    let_go(first, sock)
    for client in line:
        device.serve_page()
        client.gets("200")


@SCENES.scene("--queue", "0")
def no_line(device, proxy):
    first, sock = holder(device, proxy)
    refused(proxy, Client(proxy, REQUEST), "queue-full")
    let_go(first, sock)


@SCENES.scene("--queue-timeout", "200ms")
def a_wait_that_is_over(device, proxy):
    first, sock = holder(device, proxy)
    refused(proxy, Client(proxy, REQUEST), "queue-timeout", "Q")
    let_go(first, sock)


@SCENES.scene("--queue", "3")
def who_holds_most_is_evicted(device, proxy):
    first, sock = holder(device, proxy)
    greedy = [waits(proxy) for _ in range(3)]
    modest = Client(proxy, REQUEST, source="127.0.0.2")
    refused(proxy, greedy[2], "evicted", "Q")
    refused(proxy, Client(proxy, REQUEST), "queue-full")
    let_go(first, sock)
    # The slot came back from the address that holds most: the other is next.
    for client in (modest, greedy[0], greedy[1]):
        device.serve_page()
        client.gets("200")


@SCENES.scene()
def a_reset_leaves_the_line(device, proxy):
    first, sock = holder(device, proxy)
    gone, stays = waits(proxy), waits(proxy)
    gone.reset()
    proxy.end_of(gone, cause="client-reset")
    let_go(first, sock)
    device.serve_page()
    stays.gets("200")
    assert device.nobody_waits()


@SCENES.scene("--queue-timeout", "60s")
def a_reset_with_the_request_gets_no_place(device, proxy):
    first, sock = holder(device, proxy)
    gone = Client(proxy)
    proxy.counts(live=2)
    proxy.signal(signal.SIGSTOP)
    gone.sendall(REQUEST)
    gone.reset()
    proxy.signal(signal.SIGCONT)
    proxy.end_of(gone, cause="client-reset")
    let_go(first, sock)
    assert device.nobody_waits(), "the device was asked for nobody"


@SCENES.scene("--queue-fin", "drop")
def a_fin_with_the_request_gives_up_the_place(device, proxy):
    first, sock = holder(device, proxy)
    client = Client(proxy)
    proxy.signal(signal.SIGSTOP)
    client.sendall(REQUEST)
    client.fin()
    proxy.signal(signal.SIGCONT)
    proxy.end_of(client, cause="client-left")
    let_go(first, sock)
    assert device.nobody_waits(), "the device was asked for nobody"


@SCENES.scene("--queue-fin", "drop")
def a_fin_leaves_the_line_with_drop(device, proxy):
    first, sock = holder(device, proxy)
    gone = waits(proxy)
    gone.fin()
    proxy.end_of(gone, cause="client-left", state="Q")
    let_go(first, sock)
    assert device.nobody_waits()


@SCENES.scene("--queue-fin", "drop")
def a_fin_after_the_wait_changes_nothing(device, proxy):
    first, sock = holder(device, proxy)
    second = waits(proxy)
    let_go(first, sock)
    sock = device.take_request()
    second.fin()
    third = waits(proxy)  # the proxy has seen that FIN before
    let_go(second, sock)
    device.serve_page()
    third.gets("200")
    assert [proxy.end_of(c)["slot"] for c in (first, second)] == ["0", "0"]


@SCENES.scene("--idle-timeout", "1500ms")
def waiting_is_not_idling(device, proxy):
    first, sock = holder(device, proxy)
    second = waits(proxy)
    began = time.monotonic()
    until("the second has waited long", lambda: sock.send(PAGE[:1]) and
          time.monotonic() - began > 2)  # the first stays active
    sock.close()
    first.outcome()
    device.serve_page()
    second.gets("200")


@SCENES.scene("--connect-timeout", "60s")
def a_descriptor_comes_back(device, proxy):
    client = Client(proxy, REQUEST[:10])
    proxy.counts(live=1)
    pid = proxy.worker()
    was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = set(os.listdir("/proc/%d/fd" % pid))
    free = next(n for n in range(len(used) + 1) if str(n) not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, was[1]))
    client.sendall(REQUEST[10:])
    proxy.counts(slots=1)
    assert device.nobody_waits()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, was)
    device.serve_page()
    client.gets("200")


@SCENES.scene("--memory", "128k", "--sndbuf", "4k")
def who_makes_room_is_not_who_needs_it(device, proxy):
    """The oldest in the gate is the one that is to be served."""
    oldest = Client(proxy, REQUEST[:10])
    proxy.counts(chunks=1)
    others = []
    while not proxy.ends() and len(others) < 15:
        others.append(Client(proxy, REQUEST[:8]))
        proxy.counts(chunks=1 + len(others))
    oldest.sendall(REQUEST[10:])
    device.serve_page()
    oldest.gets("200")
    proxy.end_of(others[0], cause="no-memory", state="G")
    for client in others:
        client.reset()


@SCENES.scene("--connect-gap", "300ms")
def a_gap_before_the_next_dial(device, proxy):
    first, sock = holder(device, proxy)
    second = waits(proxy)
    let_go(first, sock)
    device.serve_page()
    second.gets("200")
    ends = proxy.end_of(first), proxy.end_of(second)
    assert int(ends[1]["queue_ms"]) >= 300, ends


@SCENES.scene("--settle", "300ms")
def a_pause_before_the_first_byte(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    let_go(client, sock)
    assert int(proxy.end_of(client)["first_ms"]) >= 300


@SCENES.scene("--max-age", "2s")
def the_longest_life(device, proxy):
    client, sock = holder(device, proxy)
    client.gets("503", cause="max-age", state="R")
    assert end_seen_by(sock) == "RST"


@SCENES.scene("--preempt-idle", "200ms", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
def the_idle_give_way(device, proxy):
    idle = Client(proxy, b"ask")
    sock = device.accept()
    assert sock.recv(10) == b"ask"
    other = Client(proxy, b"me too")
    proxy.end_of(idle, cause="preempted")
    assert end_seen_by(sock) == "RST"
    sock = device.accept()
    assert sock.recv(10) == b"me too"
    other.reset()
    assert end_seen_by(sock) == "RST"


@SCENES.scene("--preempt-idle", "50ms", "--slots", "2", "--connect-gap",
              "400ms", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
def nobody_gives_way_to_a_pause(device, proxy):
    """A third client waits for connect-gap alone: a slot is free."""
    idle = Client(proxy, b"ask")
    served = device.accept()
    for _ in range(2):
        client = Client(proxy, b"ask")
        with device.accept() as sock:
            assert sock.recv(10) == b"ask"
        client.gets("EOF", cause="done")
    assert served.recv(10) == b"ask"
    served.sendall(b"answer")
    assert idle.recv(10) == b"answer"
    served.close()
    idle.outcome()


@SCENES.scene("--device-abort", "fin", "--first-byte-timeout", "2s",
              "--down-after", "0", "--probe-backoff", "500ms..500ms")
def a_fin_alone_frees_no_slot(device, proxy):
    """The device has not ended: its slot stays taken for a while."""
    first, sock = holder(device, proxy)
    second = waits(proxy)
    first.gets("504")
    device.serve_page()
    second.gets("200")
    assert int(proxy.end_of(second)["queue_ms"]) >= 500
    assert end_seen_by(sock) == "FIN"


def speaks(device, word):
    """A client that has said `word`; the device's side of it."""
    sock = device.accept()
    assert sock.recv(10) == word
    return sock


@SCENES.scene("--preempt-idle", "300ms", "--slots", "2", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
def who_is_idle_longest_gives_way(device, proxy):
    """The older connection has spoken last."""
    old, young = Client(proxy, b"old"), None
    old_sock = speaks(device, b"old")
    young = Client(proxy, b"young")
    young_sock = speaks(device, b"young")
    young_sock.sendall(b"answer")
    assert young.recv(10) == b"answer"
    spoke = time.monotonic()
    until("the proxy's clock goes on", lambda: time.monotonic() - spoke > 0.02)
    old_sock.sendall(b"answer")
    assert old.recv(10) == b"answer"
    third = Client(proxy, b"third")
    proxy.end_of(young, cause="preempted")
    speaks(device, b"third").close()
    third.gets("EOF")
    old_sock.sendall(b"more")
    assert old.recv(10) == b"more"
    old_sock.close()
    old.outcome()


@SCENES.scene("--preempt-idle", "300ms", "--slots", "2", "--device-abort",
              "fin", "--first-byte-timeout", "300ms", "--down-after", "0",
              "--probe-backoff", "60s..60s", "--gate", "data",
              "--shared-connection", "off", profile="modbus")
def of_two_delays_the_nearer_counts(device, proxy):
    """One slot is quarantined for a minute; the other's holder is idle, and need
    not wait for that minute."""
    silent = Client(proxy, b"silent")
    gone = speaks(device, b"silent")
    proxy.end_of(silent, cause="device-silent")
    assert end_seen_by(gone) == "FIN"
    idle = Client(proxy, b"idle")
    sock = speaks(device, b"idle")
    sock.sendall(b"answer")
    assert idle.recv(10) == b"answer"
    third = waits(proxy)
    proxy.end_of(idle, cause="preempted")
    third.reset()
    assert end_seen_by(sock) == "FIN"


@SCENES.scene()
def nobody_overtakes_the_line(device, proxy):
    """The slot comes back in the same turn in which a newcomer asks."""
    first, sock = holder(device, proxy)
    second = waits(proxy)
    newcomer = Client(proxy)
    proxy.counts(live=3)
    proxy.signal(signal.SIGSTOP)
    sock.answer()
    newcomer.sendall(REQUEST.replace(b"/page", b"/new"))
    proxy.signal(signal.SIGCONT)
    for client, target in (second, b"/page"), (newcomer, b"/new"):
        sock = device.accept()
        got = sock.recv(4096)
        assert got.split()[1] == target, got
        let_go(client, sock)
    first.gets("200")


@SCENES.scene("--first-byte-timeout", "300ms", "--probe-backoff",
              "100ms..100ms", "--drain-timeout", "60s")
def no_trial_in_a_drain(device, proxy):
    stays = Client(proxy, b"GET")
    proxy.counts(live=1)
    first, _ = holder(device, proxy)
    first.gets("504")
    proxy.signal(signal.SIGTERM)
    until("it drains", lambda: proxy.find("draining"))

    def trials_are_over():
        while not device.nobody_waits():
            device.accept().close()
        return proxy.counters()["slots"] == 0
    until("trials are over", trials_are_over)
    ended = time.monotonic()
    until("another is due", lambda: time.monotonic() - ended > 0.5)
    assert device.nobody_waits(), "the device was tried"
    stays.reset()
    assert proxy.process.wait(30) == 0


@SCENES.scene("--drain-timeout", "60s")
def a_drain_lets_all_finish(device, proxy):
    first, sock = holder(device, proxy)
    second = waits(proxy)
    proxy.signal(signal.SIGTERM)
    until("it drains", lambda: proxy.find("draining"))
    let_go(first, sock)
    device.serve_page()
    second.gets("200")
    assert proxy.process.wait(30) == 0


@SCENES.scene("--deny", "127.0.0.3", "--allow", "127.0.0.2/31")
def who_may_come_in(device, proxy):
    for source in ("127.0.0.1", "127.0.0.3"):
        client = Client(proxy, source=source)
        assert client.outcome() in ("EOF", "RST"), client.got
        proxy.end_of(client, cause="denied")
    proxy.serves(source="127.0.0.2")


@SCENES.scene("--per-source", "1")
def one_for_each_source(device, proxy):
    first, sock = holder(device, proxy)
    refused(proxy, Client(proxy, REQUEST), "source-limit")
    second = waits(proxy, source="127.0.0.2")
    let_go(first, sock)
    device.serve_page()
    second.gets("200")


@SCENES.scene("--first-byte-timeout", "3s", "--probe-backoff", "3s..9s")
def a_dead_device(device, proxy):
    first, sock = holder(device, proxy)
    line = [waits(proxy) for _ in range(5)]
    assert first.outcome() == "504"  # it alone had to wait
    assert end_seen_by(sock) == "RST"
    probe = device.take_request()  # at once; it decides
    line.append(waits(proxy))  # the grace, 250 ms from then on
    time.sleep(0.3)  # until it is over
    refused(proxy, Client(proxy, REQUEST), "device-suspected")
    assert not any(client.ended() for client in line)
    for client in line:
        refused(proxy, client, "device-down", "Q")
        assert b"\r\nRetry-After: 3\r\n" in client.got, client.got
    refused(proxy, Client(proxy, REQUEST), "device-down")
    assert end_seen_by(probe) == "RST"
    device.serve_page()  # the next probe
    until("it is up", lambda: proxy.find("device up"))
    proxy.serves()


@SCENES.scene("--down-after", "0")
def a_refusal_is_retried_unseen(device, proxy):
    device.stop()
    client = Client(proxy, REQUEST)
    proxy.counts(slots=1)
    device.listen()
    device.serve_page()
    client.gets("200")
    assert int(proxy.end_of(client)["retries"]) > 0


@SCENES.scene("--down-after", "0", "--connect-retry", "1")
def a_refusal_that_lasts(device, proxy):
    device.stop()
    client = Client(proxy, REQUEST)
    client.gets("502", cause="connect-refused", retries="1")


def busy_for(gate, greeting):
    @SCENES.scene("--gate", gate, "--queue", "0", "--busy-reply", BUSY,
                  "--first-byte-timeout", "2s", "--probe", "off",
                  "--probe-backoff", "60s..60s", "--reply-buffer", "64k",
                  "--idle-timeout", "60s")
    def busy(device, proxy):
        first = Client(proxy, greeting)
        sock = device.accept()
        full = Client(proxy, greeting)
        full.gets("EOF")
        assert full.got == b"BUSY\0\r\n", full.got
        proxy.end_of(full, cause="queue-full")
        if gate == "none":
            reset(sock)
            first.outcome()
            return
        assert first.outcome() == "RST"  # a silent device is not "busy"
        # One silence may be the request's fault; without a probe another
        # address's decides.
        other = Client(proxy, greeting, source="127.0.0.2")
        silent = device.accept()
        other.gets("RST")
        down = Client(proxy, greeting)
        down.gets("EOF")
        assert down.got == b"BUSY\0\r\n", down.got
        proxy.end_of(down, cause="device-down")
    busy.__name__ = "busy_reply_for_gate_" + gate


for kind, first_bytes in (("none", b""), ("data", b"x"), ("line", b"x\n")):
    busy_for(kind, first_bytes)


sys.exit(SCENES.main())
