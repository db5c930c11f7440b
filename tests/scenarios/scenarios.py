"""The seventeen scenarios: what happened to the real device, played again.

Each function gets a Stage, does what the clients of that day did, and says
facts with stage.must(fact, holds). The same facts are asked of every front.
"""
import re
import threading
import time

import rig
from book import ALONE, BESIDE, all_are, scenario, slowest_ms, statuses
from clients import Client, FAVICON, GET, get, median, p99, together

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
                  median(times) - BROWSERS * own_ms, 10)
    stage.invariants()


@scenario("an idle connection beside requests", "--uptime", 100)
def idle_beside(stage):
    idle = Client(stage.address)
    replies = [get(stage.address, GET), get(stage.address, FAVICON)]
    time.sleep(5)  # it says nothing for so long
    idle.fin()
    replies += [get(stage.address, GET), get(stage.address, FAVICON)]
    stage.must("replies beside it: " + statuses(replies),
               all_are(replies, "200"))
    stage.at_most("slowest", slowest_ms(replies), 100)
    stage.must("device connections %d, of requests 4" % stage.stat("conns"),
               stage.stat("conns") == 4)
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
    stage.must("the one it meets: %s, wanted 504" % first.result,
               first.result == "504")
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
    stage.must("first: " + first.outcome(), first.result == "200")
    waiters[1].join()
    stage.must("third, half-closed: %s, wanted 504" % third.result,
               third.result == "504")
    stage.after("it ended", third.ms / 1000, 4.5, 5.7, "5")
    conns = stage.stat("conns")
    # A proxy that probes does so at this moment.
    stage.must("device connections by then %d, wanted 2 and a probe" % conns,
               conns in (2, 3))
    late = [get(stage.address) for _ in range(4)]
    stage.must("then: %s, wanted 503 with Retry-After" % statuses(late),
               all(c.result == "503" and c.header("Retry-After")
                   for c in late))
    # Who comes while a probe that may yet pass is young waits for it: it is
    # given up after 1 s, twice the device's first byte being less.
    stage.at_most("first of these, a probe", late[0].ms, 1100)
    stage.at_most("slowest of the others", slowest_ms(late[1:]), 50)
    waiters[0].join()
    stage.must("the silent one: %s, wanted 408 or an end" % silent.result,
               silent.result in ("eof", "408"))
    stage.after("it ended", silent.ms / 1000, 9, 11.5, "10")
    stage.must("device connections after 10 s: %d, at most 5" %
               stage.stat("conns"), stage.stat("conns") <= 5)


@scenario("power comes back while three browsers wait", "--uptime", 100)
def power_on(stage):
    stage.device.command("power off")
    stage.device.command("power on")
    tabs = together(3, lambda _: get(stage.address))
    stage.must("three tabs: " + statuses(tabs), all_are(tabs, "200"))
    stage.at_most("first after", min(c.ms for c in tabs) / 1000, 4, "s")
    touched = stage.stat("touched_mask")
    stage.must("slots 2 and 3 untouched (mask %d)" % touched, touched <= 3)


@scenario("the firmware dies within a reply", "--uptime", 100,
          proxy=["--probe-backoff", "1s..2s"])
def torn(stage):
    stage.device.fault("spi-hang", "req:1,write:15")
    c = get(stage.address)
    stage.must("the client got %s, wanted 504" % c.result, c.result == "504")
    stage.device.fault("spi-hang", "off")
    stage.device.command("power off")
    stage.device.command("power on")
    stage.at_most("served after power", stage.served_within(9), 6.5, "s")


@scenario("half a request", "--uptime", 100)
def half_request(stage):
    c = Client(stage.address, GET[:20])
    c.outcome()
    stage.must("it got %s, wanted 408 or an end" % c.result,
               c.result in ("408", "eof"))
    stage.after("it ended", c.ms / 1000, 9, 11.5, "10")
    stage.must("device connections %d, wanted 0" % stage.stat("conns"),
               stage.stat("conns") == 0)
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
    stage.must("the endless one: " + hostile.result,
               hostile.result in ("431", "eof", "reset"))
    stage.invariants()


@scenario("ten kilobytes of NUL", "--uptime", 100)
def nuls(stage):
    c = Client(stage.address, b"\0" * 10240)
    c.outcome()
    stage.must("ended: %s, wanted 400 or an end" % c.result,
               c.result in ("400", "431", "eof", "reset"))
    stage.must("device connections %d, wanted 0" % stage.stat("conns"),
               stage.stat("conns") == 0)
    stage.invariants()


@scenario("a client that stays for a day", "--uptime", 100, speed=1000)
def a_day(stage):
    c = Client(stage.address)
    c.outcome()
    stage.must("it got %s, wanted an end" % c.result, c.result == "eof")
    stage.after("it ended", c.ms / 1000, 9, 11.5, "10")
    stage.must("device connections %d, wanted 0" % stage.stat("conns"),
               stage.stat("conns") == 0)


@scenario("connect checks", "--uptime", 100, "--lib", "stock2017")
def connect_checks(stage):
    for _ in range(10):
        c = Client(stage.address)
        time.sleep(0.05)
        c.close()
        time.sleep(0.15)  # between two checks
    zero = stage.stat("zero_byte_conns")
    stage.must("connections without a request: %d, wanted 0" % zero,
               zero == 0)
    c = get(stage.address)
    stage.must("then a request: " + c.result, c.result == "200")
    stage.invariants()


@scenario("a power cut every 20 seconds", "--uptime", 100,
          "--fault", "power-cycle=every:20", when=BESIDE, limit=345)
def power_cycle(stage):
    clients = []
    threads = []
    for _ in range(stage.scale(300, least=45)):
        def one():
            clients.append(get(stage.address))
        threads.append(threading.Thread(target=one))
        threads[-1].start()
        time.sleep(1)  # one a second
    for t in threads:
        t.join()
    answered = [c for c in clients if c.result in ("200", "503", "504")]
    stage.must("answered: " + statuses(clients),
               len(answered) == len(clients))
    stage.at_most("slowest", slowest_ms(clients) / 1000, 6.2, "s")
    good = sum(c.result == "200" for c in clients) / len(clients)
    stage.must("%d %% got 200, at least 75" % (good * 100), good >= 0.75)
    stage.must("the front's descriptors are back to %d" %
               stage.front.base_fds, rig.holds_within(
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
    stage.must("another: " + other.result, other.result == "200")
    stage.at_most("it waited, beyond the device's own %d ms" % own_ms,
                  other.ms - own_ms, 500)
    slow.close()


@scenario("a blank line before the request", "--uptime", 100)
def leading_crlf(stage):
    c = get(stage.address, b"\r\n" + GET)
    stage.must("reply: " + c.result, c.result == "200")
    stage.must("requests %d, wanted 1" % stage.stat("requests_total"),
               stage.stat("requests_total") == 1)
    stage.must("the device echoed the request line",
               "GET / HTTP/1.1" in stage.device.console())
    stage.invariants()


@scenario("clients that close late", "--uptime", 100)
def slow_close(stage):
    clients = [Client(stage.address, GET) for _ in range(3)]
    for c in clients:
        c.outcome(close=False)
    stage.must("replies: " + statuses(clients), all_are(clients, "200"))
    stage.becomes("active=0", 5)
    stage.at_most("stop() took", stage.stat("stop_ms_max"), 50)
    stage.must("forced closes %d, wanted 0" % stage.stat("forced_close"),
               stage.stat("forced_close") == 0)
    stage.invariants()
    for c in clients:
        c.close()


@scenario("fifty at once", "--uptime", 100, when=ALONE)
def fifty(stage):
    own_ms = stage.own_time_ms(50)
    clients = together(50, lambda _: get(stage.address))
    stage.must("fifty clients: " + statuses(clients),
               all_are(clients, "200"))
    stage.at_most("the last, 1.1 x 50 x the own %.1f ms allowed" % own_ms,
                  slowest_ms(clients), 1.1 * 50 * own_ms)
    stage.invariants()
