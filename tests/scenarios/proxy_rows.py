"""What is asked of the proxy alone, beyond the seventeen scenarios."""
import statistics
import threading
import time

from book import ALONE, of_the_proxy, slowest_ms
from clients import Client, GET, get, p99, together

PLACES = 64  # in the proxy's queue, by default
CROWD_S = 13  # beyond the 10 s after which the gate ends its idlers
DRIP_S = 5


@of_the_proxy("fifty at once, with share", "--uptime", 100,
              proxy=("--share", "on"), when=ALONE)
def shared(stage):
    clients = [Client(stage.address, GET) for _ in range(50)]
    together(50, lambda n: clients[n].outcome())
    stage.answers("fifty clients", clients)
    requests = stage.stat("requests_total")
    stage.must("they cost the device %d requests, at most 3" % requests,
               requests <= 3, timed=True)
    stage.invariants()


def drip(clients, stop):
    while not stop.wait(DRIP_S):
        for c in clients:
            try:
                c.sock.send(b"x")
            except OSError:
                pass


@of_the_proxy("crowds that idle, drip and do not read", "--uptime", 100,
              "--fault", "reply-size=4096", when=ALONE)
def crowds(stage):
    own_ms = stage.own_time_ms(20)
    before = stage.stat("requests_total"), stage.stat("conns")
    idle = [Client(stage.address, source="127.0.0.2") for _ in range(200)]
    dripping = [Client(stage.address, b"G", source="127.0.0.3")
                for _ in range(200)]
    unread = [Client(stage.address, GET, rcvbuf=1, source="127.0.0.4")
              for _ in range(50)]
    stop = threading.Event()
    dripper = threading.Thread(target=drip, args=(dripping, stop))
    dripper.start()
    end = time.monotonic() + CROWD_S

    def browser(n):
        replies = []
        while time.monotonic() < end:
            replies.append(get(stage.address, source="127.0.1.%d" % (n + 1)))
        return replies
    good = [c for replies in together(20, browser) for c in replies]
    stop.set()
    dripper.join()
    stage.answers("requests of 20 good clients beside 450 others", good)
    stage.at_most("p99, 2 x %d places x the device's own %.1f ms allowed" %
                  (PLACES, own_ms), p99([c.ms for c in good]),
                  2 * PLACES * own_ms)
    stage.becomes("active=0", 5)
    requests = stage.stat("requests_total") - before[0]
    unread_served = requests - len(good)
    stage.must("the device served %d, the good ones' %d and %d of the 50 who "
               "do not read" % (requests, len(good), unread_served),
               0 < unread_served <= 50)
    stage.must("in %d connections" % (stage.stat("conns") - before[1]),
               stage.stat("conns") - before[1] == requests)
    stage.invariants()
    for c in idle + dripping + unread:
        c.close()


@of_the_proxy("a dead device, and its return", "--uptime", 100,
              "--fault", "spi-hang=req:1,write:1",
              proxy=("--probe-backoff", "1s..2s"))
def dead_and_back(stage):
    victim = Client(stage.address, GET)
    stage.becomes("fw=hung", 5)
    waiting = [Client(stage.address, GET) for _ in range(19)]
    line = [threading.Thread(target=c.outcome) for c in waiting]
    for thread in line:
        thread.start()
    victim.outcome()
    stage.answers("the one served as it died", victim, "504")
    stage.after("it ended", victim.ms / 1000, 4.5, 5.6, "5")
    # The first newcomer waits, at most 1 s, for the probe of a device that was
    # well; whoever comes after its answer is told at once.
    first = get(stage.address)
    stage.answers("the first newcomer", first, "503")
    newcomers = [get(stage.address) for _ in range(20)]
    stage.answers("newcomers, the probe still out", newcomers, "503")
    stage.at_most("slowest of these", slowest_ms(newcomers), 50)
    for thread in line:
        thread.join()
    late = [get(stage.address) for _ in range(20)]
    stage.answers("those in line", waiting, "503")
    # The device has never answered: its probe has the whole
    # first-byte-timeout, for a slow one is not to count as down.
    told_s = [c.ended() - victim.ended() for c in waiting]
    stage.after("the first of them told", min(told_s), 4.5, 5.6, "5")
    stage.at_most("and the last, after that",
                  1000 * (max(told_s) - min(told_s)), 50)
    stage.answers("those who came then", late, "503")
    stage.at_most("slowest of these", slowest_ms(late), 50)
    stage.must("all these with Retry-After", all(
        c.retry_after() for c in newcomers + waiting + late))
    stage.device.fault("spi-hang", "off")
    stage.cycle_power()
    before = stage.stat("requests_total")
    stage.device.wait("fw=loop", 10000)
    stage.at_most("a client is served, after its return and one probe",
                  stage.served_within(5, pause=0.02), 2.1, "s")
    probes = stage.stat("requests_total") - before - 1
    stage.must("probes it served till then %d, wanted 1" % probes,
               probes == 1)


@of_the_proxy("what the proxy adds on an idle device", "--uptime", 100,
              when=ALONE)
def added(stage):
    times = {stage.device.address: [], stage.address: []}
    bad = 0
    for _ in range(stage.scale(200, least=20)):
        for address, found in times.items():
            stage.device.wait("active=0,fw=loop")
            c = get(address)
            found.append(c.ms)
            bad += c.result != "200"
    direct, through = (statistics.median(found) for found in times.values())
    stage.must("of %d requests %d failed" % (2 * len(found), bad), bad == 0)
    stage.at_most("median %.2f ms directly, %.2f ms through the proxy, added" %
                  (direct, through), through - direct, 1.0)
