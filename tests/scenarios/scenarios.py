"""The seventeen scenarios: what happened to the real device, played again.

Each function gets a Stage, does what the clients of that day did, and says
facts with stage.must(fact, holds). The same facts are asked of every front.
"""
import re
import statistics
import threading
import time

from book import ALONE, BESIDE, scenario, slowest_ms
from clients import Client, FAVICON, GET, get, p99, together
from rig import holds_within

BROWSERS = 4
REFRESHING_S = 100


@scenario("refreshing browsers and a visitor that leaves",
          "--uptime", 100, "--era", "E1", speed=4, when=ALONE,
          limit=REFRESHING_S + 40)
def refreshers(stage):
    own_ms = stage.own_time_ms(50)
    total = stage.scale(10000, least=8) // 8 * 8
    end = time.monotonic() + REFRESHING_S
    began = time.monotonic()
    shapes = set()

    def browser(_):
        times = []
        good = 0
        while len(times) < total // BROWSERS and time.monotonic() < end:
            if len(times) % 100 == 0:
                Client(stage.address).close()
            for request in (GET, FAVICON):
                c = get(stage.address, request)
                times.append(c.ms)
                good += c.result == "200"
                shapes.add(re.sub(rb"[0-9.]+", b"#", c.got))
        return times, good
    found = together(BROWSERS, browser)
    times = [ms for each, _ in found for ms in each]
    good = sum(good for _, good in found)
    stage.must("%d of %d asked in %d s, %d answered 200" %
               (len(times), total, time.monotonic() - began, good),
               good == total)
    stage.must("replies identical but for their numbers", len(shapes) == 1)
    stage.at_most("median reply, beyond four turns of the device's own "
                  "%.1f ms" % own_ms,
                  statistics.median(times) - BROWSERS * own_ms, 10)
    stage.invariants()


@scenario("an idle connection beside requests", "--uptime", 100)
def idle_beside(stage):
    idle = Client(stage.address)
    replies = [get(stage.address, GET), get(stage.address, FAVICON)]
    time.sleep(5)  # it says nothing for so long
    idle.fin()
    replies += [get(stage.address, GET), get(stage.address, FAVICON)]
    stage.answers("replies beside it", replies)
    stage.at_most("slowest", slowest_ms(replies), 100)
    stage.count("conns", 4)
    stage.invariants()


@scenario("more idle clients than the device has sockets", "--uptime", 100,
          when=ALONE)
def no_reader(stage):
    count = 4 if stage.front.kind == "direct" else 200
    idle = [Client(stage.address) for _ in range(count)]
    replies = stage.ask(20, 20, "beside %d idle clients" % count, pause=0.02)
    stage.at_most("p99", p99([c.ms for c in replies]), 100)
    stage.invariants()
    for c in idle:
        c.close()


@scenario("a handshake that hangs", "--uptime", 100)
def stuck(stage):
    idle = [Client(stage.address) for _ in range(3)]
    stage.device.fault("syn-stuck", "nth:1,ms:forever")
    first = get(stage.address)
    stage.answers("the one it meets", first, "504")
    stage.after("it ended", first.ms / 1000, 4.5, 5.6, "5")
    served_s = first.ms / 1000 + stage.served_within(8)
    stage.at_most("next served, from its request on", served_s, 6.5, "s")
    for c in idle:
        c.close()


@scenario("the firmware dies before its second reply", "--uptime", 100)
def dead(stage):
    stage.device.fault("spi-hang", "req:2,write:1")
    first = Client(stage.address, GET)
    time.sleep(0.02)
    silent = Client(stage.address)
    time.sleep(0.02)
    third = Client(stage.address, GET)
    third.fin()
    waiters = [threading.Thread(target=c.outcome) for c in (silent, third)]
    for w in waiters:
        w.start()
    first.outcome()
    stage.answers("first", first)
    waiters[1].join()
    stage.answers("third, half-closed", third, "504")
    stage.after("it ended", third.ms / 1000, 4.5, 5.7, "5")
    # A proxy that probes does so at this moment.
    stage.count("conns", 2, 3)
    late = [get(stage.address) for _ in range(4)]
    stage.answers("then", late, "503")
    stage.must("with Retry-After", all(c.retry_after() for c in late))
    # Who comes while a probe that may yet pass is young waits for it: it is
    # given up after 1 s, twice the device's first byte being less.
    stage.at_most("first of these, a probe", late[0].ms, 1100)
    stage.at_most("slowest of the others", slowest_ms(late[1:]), 50)
    waiters[0].join()
    stage.answers("the silent one", silent, "eof", "408")
    stage.after("it ended", silent.ms / 1000, 9, 11.5, "10")
    stage.count("conns", 0, 5)


@scenario("power comes back while three browsers wait", "--uptime", 100)
def power_on(stage):
    stage.cycle_power()
    tabs = together(3, lambda _: get(stage.address))
    stage.answers("three tabs", tabs)
    stage.at_most("first after", min(c.ms for c in tabs) / 1000, 4, "s")
    touched = stage.stat("touched_mask")
    stage.must("slots 2 and 3 untouched (mask %d)" % touched, touched <= 3)


@scenario("the firmware dies within a reply", "--uptime", 100,
          proxy=["--probe-backoff", "1s..2s"])
def torn(stage):
    stage.device.fault("spi-hang", "req:1,write:15")
    c = get(stage.address)
    stage.answers("the client got", c, "504")
    stage.device.fault("spi-hang", "off")
    stage.cycle_power()
    stage.at_most("served after power", stage.served_within(9), 6.5, "s")


@scenario("half a request", "--uptime", 100)
def half_request(stage):
    c = Client(stage.address, GET[:20])
    c.outcome()
    stage.answers("it got", c, "408", "eof")
    stage.after("it ended", c.ms / 1000, 9, 11.5, "10")
    stage.count("conns", 0)
    stage.invariants()


@scenario("a header without end", "--uptime", 100, when=ALONE)
def endless(stage):
    hostile = Client(stage.address, b"GET / HTTP/1.1\r\n")
    begun, stop = threading.Event(), threading.Event()

    def flood():
        try:
            while not stop.is_set():
                hostile.sock.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
                begun.set()
                time.sleep(0.01)
        except OSError:
            pass
    thread = threading.Thread(target=flood)
    thread.start()
    begun.wait(5)
    others = stage.ask(20, 20, "beside it")
    stop.set()
    thread.join()
    stage.at_most("p99", p99([c.ms for c in others]), 100)
    hostile.sock.settimeout(1)
    hostile.outcome()
    stage.answers("the endless one", hostile, "431", "eof", "reset")
    stage.invariants()


@scenario("ten kilobytes of NUL", "--uptime", 100)
def nuls(stage):
    c = Client(stage.address, b"\0" * 10240)
    c.outcome()
    stage.answers("ended", c, "400", "431", "eof", "reset")
    stage.count("conns", 0)
    stage.invariants()


@scenario("a client that stays for a day", "--uptime", 100, speed=1000)
def a_day(stage):
    c = Client(stage.address)
    c.outcome()
    stage.answers("it got", c, "eof")
    stage.after("it ended", c.ms / 1000, 9, 11.5, "10")
    stage.count("conns", 0)


@scenario("connect checks", "--uptime", 100, "--lib", "stock2017")
def connect_checks(stage):
    for _ in range(10):
        c = Client(stage.address)
        time.sleep(0.05)
        c.close()
        time.sleep(0.15)  # between two checks
    stage.count("zero_byte_conns", 0)
    c = get(stage.address)
    stage.answers("then a request", c)
    stage.invariants()


@scenario("a power cut every 20 seconds", "--uptime", 100,
          "--fault", "power-cycle=every:20", when=BESIDE, limit=345)
def power_cycle(stage):
    def one(number):
        time.sleep(number)  # one a second
        return get(stage.address)
    clients = together(stage.scale(300, least=45), one)
    stage.answers("answered", clients, "200", "503", "504")
    stage.at_most("slowest", slowest_ms(clients) / 1000, 6.2, "s")
    good = sum(c.result == "200" for c in clients) / len(clients)
    stage.must("%d %% got 200, at least 75" % (good * 100), good >= 0.75)
    stage.must("the front's descriptors are back to %d" %
               stage.front.base_fds, holds_within(
                   5, lambda: stage.front.fds() <= stage.front.base_fds))


@scenario("a client that does not read a long reply", "--uptime", 100,
          "--fault", "reply-size=32768", when=ALONE)
def unread(stage):
    own_ms = stage.own_time_ms()
    served = stage.device.stat("requests_total")
    slow = Client(stage.address, GET, rcvbuf=1)
    stage.becomes("requests_total>%d" % served, 10)
    freed = stage.becomes("active=0", 6)
    stage.must("the device is %s" % ("free again" if freed else "held"),
               freed)
    other = get(stage.address)
    stage.answers("another", other)
    stage.at_most("it waited, beyond the device's own %d ms" % own_ms,
                  other.ms - own_ms, 500)
    slow.close()


@scenario("a blank line before the request", "--uptime", 100)
def leading_crlf(stage):
    c = get(stage.address, b"\r\n" + GET)
    stage.answers("reply", c)
    stage.count("requests_total", 1)
    stage.must("the device echoed the request line",
               "GET / HTTP/1.1" in stage.device.console())
    stage.invariants()


@scenario("clients that close late", "--uptime", 100)
def slow_close(stage):
    clients = [Client(stage.address, GET) for _ in range(3)]
    for c in clients:
        c.outcome(close=False)
    stage.answers("replies", clients)
    stage.becomes("active=0", 5)
    stage.at_most("stop() took", stage.stat("stop_ms_max"), 50)
    stage.count("forced_close", 0)
    stage.invariants()
    for c in clients:
        c.close()


@scenario("fifty at once", "--uptime", 100, when=ALONE)
def fifty(stage):
    own_ms = stage.own_time_ms(50)
    clients = together(50, lambda _: get(stage.address))
    stage.answers("fifty clients", clients)
    stage.at_most("the last, 1.1 x 50 x the own %.1f ms allowed" % own_ms,
                  slowest_ms(clients), 1.1 * 50 * own_ms)
    stage.invariants()
