#!/usr/bin/env python3
"""Proves what happens to the bare device in each of the scenarios S1 to S17.
`s1-s17.py s9` plays S9 alone; tests/scenarios plays them before fronts."""
import concurrent.futures
import contextlib
import errno
import re
import select
import socket
import threading
import time

from rig import (FAVICON, GET, IS_LONG, OK, Client, Device, check, check_equal,
                 main, ready)

PAGE_END = b"</html>\r\n\r\n"


def test_s1_refreshers():
    """Browsers refreshing beside connect checks are all served by the fork of
    the log (what the stock library does is S12). In check-long ten thousand
    requests beside a hundred checks."""
    requests, check_every = (10000, 100) if IS_LONG else (1000, 10)
    browsers = 4
    dev = Device("--uptime", 10, "--era", "E1", "--instant",
                 "--refuse", "accept-rst", speed=1)
    control = threading.Lock()  # of the one control connection

    def insist(visit):
        """Tries until it succeeds: it may find no slot."""
        while True:
            with contextlib.suppress(ConnectionRefusedError,
                                     ConnectionResetError, BrokenPipeError):
                if visit():
                    return
            time.sleep(0.001)

    def request(data):
        client = Client(dev)
        dev.clients.remove(client)
        with client.sock:
            client.sock.sendall(data)
            return client.read_to_end().endswith(b"</html>\r\n")

    def connect_check():
        """It ends without a byte once the listener has moved on."""
        with control:
            wait = f"wait conns>{dev.conns()},listening=1 200"
            client = Client(dev)
            dev.clients.remove(client)
            taken_in = dev.try_command(wait)["ok"]
            client.sock.close()
        return taken_in

    def browse(_):
        for n in range(requests // browsers):
            if n % check_every == 0:
                insist(connect_check)
            insist(lambda: request(FAVICON if n % 2 else GET))

    with concurrent.futures.ThreadPoolExecutor(browsers) as pool:
        list(pool.map(browse, range(browsers)))
    dev.expect(timeouts=0)
    check(dev.stat("requests") >= requests, "the device counted fewer")
    tables = re.findall(r"(?: +Socket.*\n){8}", dev.console())
    half_closed = max(t.count("0x1c") for t in tables)
    check(1 <= half_closed <= 3, half_closed, "slots were seen half-closed")


def test_s2_idle_beside():
    """An idle client keeps its slot while others are served, and leaves it
    half-closed for good."""
    dev = Device("--uptime", 6440, "--era", "E2")
    idle = dev.connect(then=0.1)
    check(dev.get().endswith(PAGE_END), "no page beside the idle client")
    check_equal(dev.states()[0], "Establ", "slot 0 during the first request")
    dev.advance(5)
    check(dev.get(FAVICON).startswith(OK), "no favicon")
    idle.fin()
    dev.wait("slot0=ClsWait")
    dev.get()
    check("    Socket(0) SnSr = 0x1c   SnMR = TCP\n" in dev.console(),
          "the table does not show 0x1c")
    dev.advance(60)
    dev.get(FAVICON)
    check_equal(dev.states()[0], "ClsWait", "slot 0 a minute after the FIN")


def test_s3_slots_taken():
    """Four idle clients take all slots: every connect is refused at once and
    the library says that all sockets are in use."""
    dev = Device("--uptime", 135581, "--era", "E3")
    idle = [dev.connect(then=0.02) for _ in range(4)]
    durations = []
    for _ in range(20):
        before = time.monotonic()
        check(dev.is_refused(), "a fifth client is taken in")
        durations.append(time.monotonic() - before)
        dev.advance(3)
    check(min(durations) <= 0.010, "refusals are slow:", durations)
    flood = dev.console().count("All 4 Sockets in use")
    check(flood > 1000, "no flood:", flood)
    dev.expect(conns=4, all_in_use=flood)
    check_equal(dev.states(), ["Establ"] * 4, "slots")

    # One idle client less, and the device hears again.
    idle[2].reset()
    dev.advance(0.02)
    check(dev.get().startswith(OK), "still refused")


def test_s4_stuck():
    """A handshake that hangs holds its slot for 31.8 s; with two idle clients
    beside it one request at a time is served and a second refused."""
    dev = Device("--uptime", 177100, "--era", "E3")
    dev.fault("syn-stuck", "nth:3")
    stuck = [dev.connect(then=0.02) for _ in range(3)][2]
    check_equal(dev.states(), ["Establ", "Establ", "SynRecv", "Listen"],
                "slots")
    stuck.sock.sendall(b"unheard")
    for _ in range(5):
        client = dev.connect()
        check(dev.refuses_all(), "a second client found a slot")
        check(dev.serve(client).startswith(OK), "not served")
    check("    Socket(2) SnSr = 0x16   SnMR = TCP\n" in dev.console(),
          "no 0x16")
    dev.advance_until("slot2=Closed", 60)
    at = {e["to"]: e["t"] for e in dev.events() if e["slot"] == 2}
    lasted = at["Closed"] - at["SynRecv"]
    check(31.3 <= lasted <= 32.3, f"stuck for {lasted} s")
    check(dev.command("slots")[2]["ir"] & 0x08, "no TIMEOUT interrupt")

    # A reset frees the slot at once; end:establ makes a connection of it.
    dev = Device("--uptime", 100)
    dev.fault("syn-stuck", "nth:1,ms:forever")
    stuck = dev.connect()
    dev.advance(86400)
    check_equal(dev.states()[0], "SynRecv", "stuck for ever")
    stuck.reset()
    check_equal(dev.states()[0], "Closed", "after the reset")
    dev.fault("syn-stuck", "nth:1,ms:500,end:establ")
    late = dev.connect()
    late.sock.sendall(GET)
    dev.advance(0.4)
    dev.expect(requests=0)
    dev.advance_until("requests=1,fw=stop")
    check(late.read_to_end().startswith(OK), "late, but not served")


def test_s5_dead():
    """Three connections at once and a bus that hangs before the second reply:
    one more connect succeeds, then none, and the console is silent."""
    dev = Device("--uptime", 73544)
    dev.fault("spi-hang", "req:2,write:1")
    first, second, third = [dev.connect(then=0.02) for _ in range(3)]
    third.send(FAVICON)
    third.fin()
    dev.wait("slot2=ClsWait")
    reply = dev.serve(first, then="fw=hung")
    check(reply.endswith(PAGE_END), "the first is not served")
    console = dev.console()
    check(console.endswith("Socket(3) SnSr = Listen SnMR = TCP\n"),
          console[-200:])
    dev.command("key s")
    dev.advance(3600)
    connected = 0
    for _ in range(10):
        connected += not dev.is_refused()
        dev.advance(1)
    check(connected <= 1, f"{connected} connects succeeded")
    check(dev.refuses_all(), "the dead firmware opened a slot")
    check_equal(dev.console(), console, "the console")
    check_equal((second.read_now(), third.read_now()), (b"", b""), "bytes")

    # Only a reset brings it back.
    dev.command("reset")
    dev.advance(4)
    check(dev.get().startswith(OK), "not back after the reset")


def test_s6_power_on():
    """Tabs that wait for the power find refusals for 1.25 s, then take slots 0
    to 2 with one request between them."""
    dev = Device()
    for moment in (0.4, 0.8, 1.2):
        dev.advance(0.4)
        check(dev.refuses_all(), f"listens at {moment} s")
    dev.advance_until("slot0=Listen")
    tab = dev.connect()
    check(dev.refuses_all(), "a second slot listens before the loop runs")
    dev.advance(2.1)
    for _ in range(2):
        dev.connect(then=0.01)
    check_equal(dev.states(), ["Establ", "Establ", "Establ", "Listen"],
                "slots")
    check(dev.serve(tab).startswith(OK), "the first tab is not served")
    check(dev.advance(0) <= 4, "the first reply came late")
    check_equal(dev.states(), ["Closed", "Establ", "Establ", "Listen"],
                "slots")
    check_equal(dev.console().split("\n")[2], "689 msec to start serial",
                "the third line")


def test_s7_torn_reply():
    """A bus that hangs after the first line of the page leaves the client with
    149 bytes of a 200 and silence."""
    dev = Device("--uptime", 154844)
    dev.fault("spi-hang", "req:1,write:15")
    client = dev.connect(GET)
    dev.advance_until("fw=hung")
    got = b""
    while len(got) < 149:
        got += client.sock.recv(4096)
    check_equal(len(got), 149, "bytes")
    check(got.startswith(b"HTTP/1.1 200 OK\r\n"), got)
    check(dev.console().endswith("Sent 17\n"), dev.console()[-80:])
    dev.advance(86400)
    check_equal(client.read_now(), b"", "bytes a day later")
    check_equal(dev.states()[0], "Establ", "the slot a day later")


def test_s8_half_request():
    """Half a request costs everyone the 1000 ms of the read limit and the 1000
    ms of stop()."""
    dev = Device("--uptime", 100)
    half, other = [dev.connect(then=0.01) for _ in range(2)]
    half.send(GET[:20])
    start = dev.advance_until("fw=read")
    other.send(GET)
    lasted = dev.advance_until("fw=stop") - start
    check(1.0 <= lasted <= 1.01, f"it waited {lasted} s for the other half")
    outage = dev.advance_until("requests=1", 10) - start
    check(1.0 <= outage <= 2.1, f"an outage of {outage} s")
    dev.expect(timeouts=1, forced_close=1, orphans=1)
    check("!Error! Break out of waiting for request to finish\n" in
          dev.console(), "no error line")
    dev.advance_until("fw=stop")
    check(other.read_to_end().startswith(OK), "the other")


def test_s9_endless_head():
    """A header without end holds the device for as long as it comes, and no
    timeout counts it."""
    full = 2048
    dev = Device("--uptime", 100)
    client, other = dev.connect(then=0.01), dev.connect()
    start = dev.advance(0)
    other.send(GET)
    client.sock.sendall(b"GET / HTTP/1.1\r\n")
    total = 0
    while dev.advance(0) < start + 10:
        rx = dev.command("slots")[0]["rx"]
        client.sock.sendall(b"a" * (full - rx))
        total += full - rx
        dev.wait(f"slot0.rx={full}")
        dev.advance(0.02)
        dev.expect(fw="read")
    check(total >= 400000, f"only {total} bytes in 10 s")
    dev.expect(timeouts=0, requests=0)
    check_equal(other.read_now(), b"", "bytes for the other client")
    check("!" not in dev.console(), "it waited for a byte")

    # Where a byte costs no time at all, the socket for commands is still heard.
    dev = Device("--uptime", 100, "--instant")
    client = dev.connect()
    stopped = threading.Event()

    def send_for_ever():
        with contextlib.suppress(ConnectionError):
            while not stopped.is_set():
                client.sock.sendall(b"a" * 65536)

    sender = threading.Thread(target=send_for_ever)
    sender.start()
    dev.wait("fw=read")
    for _ in range(100):
        dev.expect(requests=0)
    stopped.set()
    dev.try_command("quit")
    sender.join()


def test_s10_nuls():
    """A flood of NULs is read to its end, waited for, and given up."""
    dev = Device("--uptime", 100)
    client = dev.connect()
    for _ in range(10):
        client.send(b"\0" * 1024)
        dev.advance_until("slot0.rx=0")
    dev.expect(fw="read")
    dev.advance_until("fw=stop")
    dev.advance_until("fw=loop")
    dev.expect(timeouts=1, requests=0)
    console = dev.console()
    check_equal(console.count("\0"), 10240, "NULs on the console")
    check(console.count("!") > 50, "no flood of '!'")
    check("0 http requests, 0.00 per sec, 1 timeouts\n" in console, "counters")


def test_s11_held_a_day():
    """A client that never speaks holds its slot for a day."""
    dev = Device("--uptime", 100)
    client = dev.connect()
    dev.advance(86400)
    slot = dev.command("slots")[0]
    check_equal((slot["sr"], slot["age_ms"]), ("Establ", 86400000), "the slot")
    check_equal(len([e for e in dev.events() if e["slot"] == 0]), 4, "changes")
    check(dev.get().startswith(OK), "the other slots do not serve")
    check_equal(client.read_now(), b"", "bytes for the idle client")


def test_s12_connect_check():
    """A health check that only connects, each 2 s, takes all slots of the stock
    library after four; the fork and version 2 reclaim the slots."""
    for lib, passes, half_closed in (("stock2017", 4, 4), ("systronix", 10, 3),
                                     ("v2", 10, 0)):
        dev = Device("--uptime", 100, "--lib", lib)
        passed = 0
        for _ in range(10):
            if not dev.refuses_all():
                client = dev.connect(then=0.05)
                client.close()
                passed += 1
            dev.advance(1.95)
        check_equal(passed, passes, f"checks that passed with {lib}")
        check_equal(dev.states().count("ClsWait"), half_closed, "half-closed")
        dev.expect(zero_byte_conns=passes - half_closed)
        dev.advance(86400)
        check_equal(dev.refuses_all(), lib == "stock2017", "a day later")
        reclaims = lib == "systronix"
        check_equal("W5000socket step3\n" in dev.console(), reclaims, "step3")
        check_equal("W5000socket step3\nW5000socket close\n" in dev.console(),
                    reclaims, "close behind it")


def test_s13_power_cycle():
    """A device that is switched off and on leaves its connections silent; the
    next byte on one is answered with a reset."""
    dev = Device("--fault", "power-cycle=every:20")
    dev.advance(4.5)
    served = refused = 0
    held, boots = None, 0
    for _ in range(300):
        if held is not None and dev.stat("boots") > boots:
            check_equal(held.read_now(), b"", "bytes after the power cycle")
            orphans = dev.stat("orphans")
            held.sock.sendall(b"hello?")
            dev.wait(f"orphans={orphans - 1}")
            check_equal(held.outcome(), (b"", "reset"), "the answer")
            held = None
        if dev.refuses_all():
            refused += 1
        else:
            check(dev.get().startswith(OK), "not served")
            served += 1
        if held is None and not dev.refuses_all():
            held, boots = dev.connect(), dev.stat("boots")
        dev.advance(1)
    check_equal(served + refused, 300, "tries")
    check(served >= 225, f"only {served} of 300 served")
    check(dev.stat("boots") >= 15, "boots")
    dev.expect(requests_total=served)


def test_s14_unread_reply():
    """A client that reads nothing of a long reply stops the firmware in its
    send for ever, and all others with it."""
    dev = Device("--uptime", 100, "--fault", "reply-size=32768")
    client = Client(dev, rcvbuf=1)
    dev.wait("conns=1")
    dev.advance(0.002)
    client.send(GET)
    dev.advance(1)
    dev.expect(fw="send")
    other = dev.connect()
    other.sock.sendall(GET)
    dev.advance(120)
    dev.expect(fw="send", requests=1)
    check_equal(dev.states()[:2], ["Establ", "Establ"], "a closed window")
    check_equal(other.read_now(), b"", "bytes for the other client")
    check(dev.refuses_all(), "a slot listens")
    check("done" not in dev.console(), "the reply is done")

    # It goes on as soon as the client is gone.
    client.reset()
    dev.advance_until("requests=2")


def test_s15_leading_crlf():
    """An empty first line is a request; what follows is ignored."""
    dev = Device("--uptime", 100)
    reply = dev.serve(dev.connect(), b"\r\n" + GET)
    check(reply.endswith(PAGE_END), "torn by what was left unread")
    dev.expect(requests=1, timeouts=0)
    check("GET" not in dev.console(), "the second line was read")
    check(dev.get().startswith(OK), "the next request")
    dev.expect(requests=2)


def test_s16_slow_close():
    """A client that closes late costs 1000 ms of stop() and a forced close each
    time; a prompt one costs nothing."""
    dev = Device("--uptime", 100)
    for n in range(1, 4):
        client = dev.connect(GET)
        start = dev.advance_until(f"requests={n},fw=stop")
        client.read_to_end()
        lasted = dev.advance_until("fw=loop") - start
        check(1.0 <= lasted <= 1.002, f"stop() took {lasted} s")
        dev.expect(forced_close=n)
        dev.advance(10)
        # The late FIN meets a chip that has forgotten the connection.
        client.sock.close()
        dev.wait("orphans=0")
    dev.expect(stop_ms_p99=1000)

    dev = Device("--uptime", 100)
    for _ in range(10):
        dev.get()
    dev.expect(forced_close=0)
    check(dev.stat("stop_ms_max") <= 1, "a prompt client waits")


def test_s17_crowd():
    """Of fifty clients at once at most two are served."""
    dev = Device("--uptime", 100)
    crowd = []
    for _ in range(50):
        s = socket.socket()
        s.setblocking(False)
        check(s.connect_ex(dev.address) in (0, errno.EINPROGRESS), "connect")
        crowd.append(s)
    dev.wait("conns>=1")
    for s in crowd:
        # Nothing arrives on a connection that hangs, refused ones end here.
        writable = ready(s, events=select.POLLOUT)
        if writable and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            with contextlib.suppress(OSError):
                s.sendall(GET)
                continue
        s.close()
    dev.wait("slot0.rx>0")
    dev.advance(5)
    served = 0
    for s in crowd:
        with contextlib.suppress(OSError):
            served += s.recv(65536).startswith(OK)
    check(1 <= served <= 2, f"{served} of 50 served")
    dev.expect(requests=served)


main()
