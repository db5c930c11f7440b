"""The seventeen scenarios: what happened to the real device, played again.

Each function gets a Stage, does what the clients of that day did, and says
facts with stage.must(fact, holds). The same facts are asked of every front.
"""
import threading
import time

from clients import Client, FAVICON, GET, get, p99, together

ALL = {}


def scenario(title, *device_flags, **options):
    def add(function):
        number = len(ALL) + 1
        ALL["S%d" % number] = (title, device_flags, options, function)
        return function
    return add


def statuses(clients):
    counts = {}
    for c in clients:
        counts[c.result] = counts.get(c.result, 0) + 1
    return ", ".join("%d x %s" % (n, s) for s, n in sorted(counts.items()))


def all_ok(clients):
    return all(c.result == "200" for c in clients)


@scenario("refreshing browsers and a visitor that leaves",
          "--uptime", 100, "--era", "E1", speed=4)
def refreshers(stage):
    total = stage.scale(10000)
    bad = []
    bodies = set()
    lock = threading.Lock()

    def browser(_):
        for n in range(total // 8):
            for request in (GET, FAVICON):
                c = get(stage.address, request)
                with lock:
                    bodies.add(c.got[:60])
                    if c.result != "200":
                        bad.append(c.result)
            if n % 12 == 0:
                Client(stage.address).close()
    together(4, browser)
    stage.must("%d of %d requests answered 200" % (total - len(bad), total),
               not bad)
    stage.must("all heads identical", len(bodies) == 1)
    stage.invariants()


@scenario("an idle connection beside requests", "--uptime", 100)
def idle_beside(stage):
    idle = Client(stage.address)
    replies = [get(stage.address, GET), get(stage.address, FAVICON)]
    stage.wait(5)
    idle.fin()
    replies += [get(stage.address, GET), get(stage.address, FAVICON)]
    stage.must("replies beside it: " + statuses(replies), all_ok(replies))
    stage.must("slowest %d ms, at most 100" % max(c.ms for c in replies),
               max(c.ms for c in replies) <= 100)
    stage.must("device connections %d, of requests 4" % stage.stat("conns"),
               stage.stat("conns") == 4)
    stage.invariants()


@scenario("more idle clients than the device has sockets", "--uptime", 100)
def deaf(stage):
    count = 4 if stage.front.kind == "direct" else 200
    idle = [Client(stage.address) for _ in range(count)]
    replies = []
    for _ in range(20):
        replies.append(get(stage.address))
        time.sleep(0.02)
    stage.must("beside %d idle clients: %s" % (count, statuses(replies)),
               all_ok(replies))
    stage.must("p99 %d ms, at most 100" % p99([c.ms for c in replies]),
               p99([c.ms for c in replies]) <= 100)
    stage.invariants()
    for c in idle:
        c.close()


@scenario("a handshake that hangs", "--uptime", 100)
def stuck(stage):
    idle = [Client(stage.address) for _ in range(3)]
    stage.fault("syn-stuck", "nth:1,ms:forever")
    first = get(stage.address)
    stage.must("the one it meets: %s after %.1f s, wanted 504 at 5" %
               (first.result, first.ms / 1000),
               first.result == "504" and 4500 <= first.ms <= 5600)
    served_s = stage.served_within(8)
    stage.must("next served %.1f s after the request, at most 6.5" %
               (first.ms / 1000 + served_s),
               first.ms / 1000 + served_s <= 6.5)
    for c in idle:
        c.close()


@scenario("the firmware dies before its second reply", "--uptime", 100)
def dead(stage):
    stage.fault("spi-hang", "req:2,write:1")
    began = time.monotonic()
    first = Client(stage.address, GET)
    time.sleep(0.02)
    silent = Client(stage.address)
    time.sleep(0.02)
    third = Client(stage.address, GET)
    third.fin()
    third_result = []
    waiter = threading.Thread(
        target=lambda: third_result.append(third.outcome()))
    waiter.start()
    stage.must("first: " + first.outcome(), first.result == "200")
    waiter.join()
    stage.must("third, half-closed: %s after %.1f s, wanted 504 at 5" %
               (third.result, third.ms / 1000),
               third.result == "504" and 4500 <= third.ms <= 5700)
    conns = stage.stat("conns")
    late = [get(stage.address) for _ in range(10)]
    stage.must("then: %s, slowest %d ms, wanted 503 in 50" %
               (statuses(late), max(c.ms for c in late)),
               all(c.result == "503" and c.ms <= 50 for c in late))
    stage.must("device connections by then %d, wanted 2" % conns, conns == 2)
    silent.outcome()
    stage.must("the silent one: %s after %.1f s, wanted its end at 10" %
               (silent.result, time.monotonic() - began),
               silent.result in ("eof", "408") and
               9000 <= silent.ms <= 11500)
    stage.must("device connections after 10 s: %d, at most 5" %
               stage.stat("conns"), stage.stat("conns") <= 5)


@scenario("power comes back while three browsers wait", "--uptime", 100)
def power_on(stage):
    stage.command("power off")
    began = time.monotonic()
    stage.command("power on")
    tabs = together(3, lambda _: get(stage.address))
    stage.must("three tabs: " + statuses(tabs), all_ok(tabs))
    first_s = min(c.ms for c in tabs) / 1000
    stage.must("first after %.1f s, at most 4" % first_s,
               first_s <= 4 and time.monotonic() - began < 20)
    touched = stage.stat("touched_mask")
    stage.must("slots 2 and 3 untouched (mask %d)" % touched, touched <= 3)


@scenario("the firmware dies within a reply", "--uptime", 100,
          door=["--probe-backoff", "1s..2s"])
def torn(stage):
    stage.fault("spi-hang", "req:1,write:15")
    c = get(stage.address)
    stage.must("the client got %s, wanted 504" % c.result, c.result == "504")
    stage.fault("spi-hang", "off")
    stage.command("power off")
    stage.command("power on")
    served_s = stage.served_within(9)
    stage.must("served %.1f s after power, at most 6.5" % served_s,
               served_s <= 6.5)


@scenario("half a request", "--uptime", 100)
def half_request(stage):
    c = Client(stage.address, GET[:20])
    c.outcome()
    stage.must("ended: %s after %.1f s, wanted 408 or an end at 10" %
               (c.result, c.ms / 1000),
               c.result in ("408", "eof") and 9000 <= c.ms <= 11500)
    stage.must("device connections %d, wanted 0" % stage.stat("conns"),
               stage.stat("conns") == 0)
    stage.invariants()


@scenario("a header without end", "--uptime", 100)
def endless(stage):
    hostile = Client(stage.address, b"GET / HTTP/1.1\r\n")
    stop = threading.Event()

    def flood():
        try:
            while not stop.is_set():
                hostile.sock.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
                time.sleep(0.01)
        except OSError:
            pass
    thread = threading.Thread(target=flood)
    thread.start()
    time.sleep(0.2)
    others = [get(stage.address) for _ in range(20)]
    stop.set()
    thread.join()
    stage.must("others: %s, p99 %d ms, at most 100" %
               (statuses(others), p99([c.ms for c in others])),
               all_ok(others) and p99([c.ms for c in others]) <= 100)
    hostile.sock.settimeout(1)
    hostile.outcome()
    stage.must("the endless one: " + hostile.result,
               hostile.result in ("431", "eof", "reset"))
    stage.invariants()


@scenario("ten kilobytes of NUL", "--uptime", 100)
def nuls(stage):
    c = Client(stage.address, b"\0" * 10240)
    c.sock.settimeout(12)
    c.outcome()
    stage.must("ended: %s, wanted 400 or an end" % c.result,
               c.result in ("400", "431", "eof", "reset"))
    stage.must("device connections %d, wanted 0" % stage.stat("conns"),
               stage.stat("conns") == 0)
    stage.invariants()


@scenario("a client that stays for a day", "--uptime", 100, speed=1000)
def a_day(stage):
    c = Client(stage.address)
    c.sock.settimeout(20)
    c.outcome()
    stage.must("ended: %s after %.1f s, wanted an end at 10" %
               (c.result, c.ms / 1000),
               c.result == "eof" and 9000 <= c.ms <= 11500)
    stage.must("device connections %d, wanted 0" % stage.stat("conns"),
               stage.stat("conns") == 0)


@scenario("connect checks", "--uptime", 100, "--lib", "stock2017")
def connect_checks(stage):
    for _ in range(10):
        c = Client(stage.address)
        time.sleep(0.05)
        c.close()
        time.sleep(0.15)
    zero = stage.stat("zero_byte_conns")
    stage.must("connections without a request: %d, wanted 0" % zero,
               zero == 0)
    c = get(stage.address)
    stage.must("then a request: " + c.result, c.result == "200")
    stage.invariants()


@scenario("a power cut every 20 seconds", "--uptime", 100,
          "--fault", "power-cycle=every:20")
def power_cycle(stage):
    clients = []
    threads = []
    for _ in range(int(stage.scale(100, least=45))):
        def one():
            clients.append(get(stage.address))
        threads.append(threading.Thread(target=one))
        threads[-1].start()
        time.sleep(1)
    for t in threads:
        t.join()
    answered = [c for c in clients if c.result in ("200", "503", "504")]
    stage.must("answered: " + statuses(clients),
               len(answered) == len(clients))
    slowest_s = max(c.ms for c in clients) / 1000
    stage.must("slowest %.1f s, at most 6" % slowest_s, slowest_s <= 6.2)
    good = sum(c.result == "200" for c in clients) / len(clients)
    stage.must("%d %% got 200, at least 75" % (good * 100), good >= 0.75)


@scenario("a client that does not read a long reply", "--uptime", 100,
          "--fault", "reply-size=32768")
def unread(stage):
    slow = Client(stage.address, GET, rcvbuf=1)
    end = time.monotonic() + 10
    while stage.stat("requests") < 1 and time.monotonic() < end:
        time.sleep(0.02)
    freed = stage.becomes("active=0", 6)
    stage.must("the device is %s" % ("free again" if freed else "held"),
               freed)
    own_ms = stage.own_time_ms()
    other = get(stage.address)
    stage.must("another: %s after %d ms, at most 500 beside the device's own "
               "%d" % (other.result, other.ms, own_ms),
               other.result == "200" and other.ms <= 500 + own_ms)
    slow.close()


@scenario("a blank line before the request", "--uptime", 100)
def leading_crlf(stage):
    c = get(stage.address, b"\r\n" + GET)
    stage.must("reply: " + c.result, c.result == "200")
    stage.must("requests %d, wanted 1" % stage.stat("requests"),
               stage.stat("requests") == 1)
    stage.must("the device echoed the request line",
               "GET / HTTP/1.1" in stage.console())
    stage.invariants()


@scenario("clients that close late", "--uptime", 100)
def slow_close(stage):
    clients = [Client(stage.address, GET) for _ in range(3)]
    for c in clients:
        c.outcome(close=False)
    stage.must("replies: " + statuses(clients), all_ok(clients))
    stage.wait(2)
    stage.must("stop() took %d ms, at most 50" % stage.stat("stop_ms_max"),
               stage.stat("stop_ms_max") <= 50)
    stage.must("forced closes %d, wanted 0" % stage.stat("forced_close"),
               stage.stat("forced_close") == 0)
    stage.invariants()
    for c in clients:
        c.close()


@scenario("fifty at once", "--uptime", 100)
def fifty(stage):
    own_ms = stage.own_time_ms(10)
    clients = together(50, lambda _: get(stage.address))
    stage.must("fifty clients: " + statuses(clients), all_ok(clients))
    total_ms = max(c.ms for c in clients)
    stage.must("last after %d ms, at most 1.1 x 50 x %d" %
               (total_ms, own_ms), total_ms <= 1.1 * 50 * own_ms)
    stage.invariants()
