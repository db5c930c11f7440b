#!/usr/bin/env python3
"""Proves that every cell of the table of states and events in doc/design.txt is
what really happens: a connection is brought into the state, the event happens,
and what the log, the client and the device saw is compared with the table."""
import concurrent.futures
import re
import resource
import signal
import sys
import traceback

sys.path.insert(0, "tests/lib")
from peer import PAGE, REQUEST, Client, Device
from sallyport import until
from stand import Proxy

BIG = PAGE + b"x" * 60000
MEMORY = {"--memory": "128k", "--sndbuf": "4k"}
MEMORY_CHUNKS = 32
RESERVED_CHUNKS = 16  # half of them are kept for replies
SHORT = "1s"  # yet longer than a busy machine takes to bring a state about


class Cell:
    """One connection in one state; `end` tells how it ended."""

    def __init__(self, *flags, backlog=64):
        self.others = []
        self.device = Device(backlog)
        self.proxy = Proxy(self.device, *flags)
        self.sock = None  # the device's side of the connection

    def close(self):
        self.proxy.stop()
        self.device.stop()
        for sock in self.others:
            sock.close()

    def in_gate(self):
        self.client = Client(self.proxy, REQUEST[:10])

    def in_queue(self):
        self.first = Client(self.proxy, REQUEST)
        self.first_sock = self.device.take_request()
        self.client = Client(self.proxy, REQUEST)

    def in_connect(self):
        self.others = self.device.fill_backlog()
        self.client = Client(self.proxy, REQUEST)

    def in_relay(self):
        self.client = Client(self.proxy, REQUEST)
        self.sock = self.device.take_request()

    def in_held(self):
        self.in_relay()
        self.sock.sendall(PAGE[:-4])

    in_stream = in_held

    def in_closing(self):
        self.client = Client(self.proxy, REQUEST, rcvbuf=2304)
        self.device.serve_page(BIG)

    # What goes on goes on to a complete reply.
    def finish_gate(self):
        self.client.sendall(REQUEST[10:])
        self.device.serve_page()

    def finish_queue(self):
        self.first_sock.answer()
        self.device.serve_page()

    def finish_connect(self):
        for _ in self.others[:2]:
            self.device.accept().close()
        self.device.serve_page()

    def finish_relay(self, rest=PAGE):
        self.sock.answer(rest)
        self.sock = None

    def finish_held(self):
        self.finish_relay(PAGE[-4:])

    finish_stream = finish_held

    def finish_closing(self):
        pass

    def device_end(self):
        if not self.sock:
            return "-"
        return self.sock.drain()[1].replace("EOF", "FIN")

    def end(self, client=None):
        """Cause, what the client saw, how the device's side was ended."""
        client = client or self.client
        seen = client.outcome()
        if seen == "200" and len(client.got) < len(PAGE):
            seen = "short"
        device = self.device_end()
        return [self.proxy.end_of(client)["cause"], seen, device]


def sight(cell, state):
    """Waits until the proxy has noticed what the test did last."""
    fds = {"gate": 1, "queue": 1, "connect": 2, "relay": 2, "held": 2,
           "stream": 2, "closing": 1}[state]
    base = cell.base + (2 if state == "queue" else 0)
    until("the proxy is in " + state,
          lambda: cell.proxy.descriptors() >= base + fds)


def client_fin(cell, state):
    cell.client.fin()
    if state != "gate":
        getattr(cell, "finish_" + state)()
    return cell.end()


def client_reset(cell, state):
    cell.client.reset()
    end = cell.proxy.end_of(cell.client)
    return [end["cause"], "-", cell.device_end()]


def device_fin(cell, state):
    cell.finish_relay(b"")
    return cell.end()


def device_reset(cell, state):
    cell.sock.reset()
    cell.sock = None
    return cell.end()


def timer(cell, state):
    if state == "closing":
        cell.proxy.end_of(cell.client)
    return cell.end()


def drain(cell, state):
    cell.proxy.signal(signal.SIGTERM)
    if state == "closing":
        until("the proxy ends", cell.proxy.ended)
    return cell.end()


def hold_chunks(cell, count):
    """Clients that fill the gate, one chunk each."""
    before = cell.proxy.descriptors()
    clients = [Client(cell.proxy, REQUEST[:8]) for _ in range(count)]
    until("all fill the gate",
          lambda: cell.proxy.descriptors() >= before + count)
    cell.others += clients
    return clients


def no_chunk(cell, state):
    if state in ("gate", "connect"):  # the oldest in the gate makes room
        fillers = hold_chunks(cell, MEMORY_CHUNKS - RESERVED_CHUNKS -
                              (state == "connect"))
        cell.client = Client(cell.proxy, REQUEST)
        cell.device.serve_page()
        fillers[0].gets("503", cause="no-memory")
        return cell.end()
    if state == "closing":  # of those fed, who progressed last is chance
        fed = {}
        while not cell.proxy.ends():  # how much the kernel takes is its affair
            fed[cell.client.name] = cell.client
            cell.in_closing()
        fed[cell.client.name] = cell.client
        return cell.end(fed[cell.proxy.ends()[0]["client"]])
    hold_chunks(cell, MEMORY_CHUNKS - RESERVED_CHUNKS - 2)
    getattr(cell, "finish_" + state)()
    return cell.end()


def no_descriptor(cell, state):
    was = resource.prlimit(cell.proxy.pid, resource.RLIMIT_NOFILE)
    few = cell.proxy.descriptors()
    resource.prlimit(cell.proxy.pid, resource.RLIMIT_NOFILE, (few, was[1]))
    if state == "gate":  # waits in the kernel's backlog
        cell.client = Client(cell.proxy, REQUEST)
        cell.proxy.says("Too many open")
        resource.prlimit(cell.proxy.pid, resource.RLIMIT_NOFILE, was)
        cell.device.serve_page()
    elif state == "connect":
        cell.client.sendall(REQUEST[10:])
    else:
        getattr(cell, "finish_" + state)()
    return cell.end()


EVENTS = {
    "client FIN": client_fin, "client reset": client_reset,
    "device FIN": device_fin, "device reset": device_reset,
    "timer": timer, "drain": drain, "no chunk": no_chunk,
    "no descriptor": no_descriptor,
}
TIMERS = {
    "gate": "--gate-timeout", "queue": "--queue-timeout",
    "connect": "--connect-timeout", "relay": "--first-byte-timeout",
    "held": "--reply-timeout", "stream": "--reply-timeout",
    "closing": "--send-timeout",
}


def flags_for(state, event):
    """Long clocks all, but the one that is the event."""
    flags = {"--idle-timeout": "60s", "--first-byte-timeout": "60s",
             "--reply-timeout": "60s", "--connect-timeout": "60s",
             "--gate-timeout": "60s", "--queue-timeout": "60s",
             "--reply": "stream" if state == "stream" else "hold"}
    if state == "closing" or event == "no chunk":
        flags.update(MEMORY)
    if state == "connect" and event == "no descriptor":
        flags["--connect-timeout"] = "1s"
    if event == "timer":
        flags[TIMERS[state]] = SHORT
    if event == "drain":
        flags["--drain-timeout"] = SHORT
    return [word for pair in flags.items() for word in pair]


def play(state, event):
    lacks = event in ("no chunk", "no descriptor")
    backlog = 0 if state == "connect" and not lacks else 64
    cell = Cell(*flags_for(state, event), backlog=backlog)
    try:
        cell.base = cell.proxy.descriptors()
        if (state, event) == ("connect", "no descriptor"):
            cell.in_gate()
            sight(cell, "gate")
        elif not lacks or state not in ("gate", "connect"):
            getattr(cell, "in_" + state)()
            if event != "timer":  # which comes whether seen or not
                sight(cell, state)
        return " ".join(EVENTS[event](cell, state))
    finally:
        cell.close()


def table(path):
    """The rows `state, event, cause client device` of the document."""
    row = re.compile(r"^  (gate|queue|connect|relay|held|stream|closing) +"
                     r"(%s) +(\S+) +(\S+) +(\S+)$" % "|".join(EVENTS))
    with open(path) as text:
        rows = [row.match(line.rstrip("\n")) for line in text]
    return {(m[1], m[2]): " ".join(m.group(3, 4, 5)) for m in rows if m}


def judge(cell):
    try:
        return play(*cell)
    except Exception:  # a thread's failure belongs to its cell
        return traceback.format_exc()


def main(path):
    want = table(path)
    missing = {(s, e) for s in TIMERS for e in EVENTS} - set(want)
    impossible = {("gate", "device FIN"), ("gate", "device reset"),
                  ("queue", "device FIN"), ("queue", "device reset"),
                  ("connect", "device FIN"), ("connect", "device reset"),
                  ("closing", "device FIN"), ("closing", "device reset")}
    bad = sorted(missing - impossible)
    for cell in bad:
        print("%s: %s has no row" % cell)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for cell, got in zip(want, pool.map(judge, want)):
            if got != want[cell]:
                bad.append(cell)
                print("%s, %s: the table says \"%s\", seen \"%s\"" %
                      (*cell, want[cell], got))
    print("%d cells, %d wrong" % (len(want), len(bad)))
    return 1 if bad else 0


sys.exit(main("doc/design.txt"))
