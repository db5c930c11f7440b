"""A stand for the tests: a proxy whose peers they play, and scenes with both.
"""
import concurrent.futures
import re
import signal
import sys
import time
import traceback

from peer import REQUEST, Client, Device
from sallyport import (WAIT_S, Started, assert_idle, descriptors,
                       end_at_once, sockets, until)

# On a busy machine a scene's device takes longer than these profiles allow.
IMPATIENT = "w5500", "modbus"
PATIENCE = "--first-byte-timeout", "%ds" % WAIT_S
ASK_AGAIN_S = 5  # a log that is not read in time loses lines


class Proxy(Started):
    """A proxy before `device`, a Device or an address; or None: a file among
    the flags says all. One process, unless `single` is False: a keeper with
    its worker."""

    def __init__(self, device, *flags, profile="w5500", host="127.0.0.1",
                 listen="127.0.0.1:0", single=True, **options):
        self.protects = device
        if not isinstance(device, (str, type(None))):
            device = "%s:%d" % (host, device.port)
        if device:
            flags = "--profile", profile, *flags, listen, device
        super().__init__(*["--single"] * single, *flags, **options)
        self.device = device

    def counters(self):
        """What SIGUSR1 makes it say, as a dictionary of numbers."""
        said = len(self.lines)
        asked_s = time.monotonic() - 2 * ASK_AGAIN_S

        def answer():
            nonlocal asked_s
            if time.monotonic() - asked_s > ASK_AGAIN_S:
                self.signal(signal.SIGUSR1)
                asked_s = time.monotonic()
            return next((c for c in self.lines[said:] if "accepted=" in c),
                        None)
        line = until("the proxy counts", answer)
        return {name: int(number) for name, number in
                re.findall(r"(\w+)=(\d+)", line[line.index("accepted="):])}

    def counts(self, **numbers):
        """Waits until its counters are these."""
        until("it counts %s" % numbers, lambda:
              numbers.items() <= self.counters().items())

    def exchange(self, request=REQUEST, **how):
        """A client, and the device's side, which has read its request."""
        return Client(self, request, **how), self.protects.take_request()

    def serves(self, request=REQUEST, **how):
        """Who asks now gets the page."""
        client = Client(self, request, **how)
        self.protects.serve_page()
        return client.gets("200")

    def admin(self):
        """The address of its page, once it is there."""
        return re.search("admin on ([0-9.:]+)", self.says("admin on "))[1]

    def reload(self):
        said = len(self.lines)
        self.signal(signal.SIGHUP)
        self.says("settings loaded", since=said)

    def baseline(self):
        self.base = descriptors(self.pid)

    def back_to_baseline(self):
        """What was opened since is closed again, and nobody is served."""
        until("all is given back", lambda: self.is_at_rest() and
              descriptors(self.pid) == self.base)

    def is_at_rest(self):
        return not any(number for name, number in self.counters().items()
                       if name != "accepted")

    def assert_idle(self, what):
        assert_idle(self.worker(), what)

    def states(self, field, address):
        return [each["state"] for each in sockets(self.worker())
                if each.get(field) == address and each["state"] != "LISTEN"]

    def to_client(self):
        """The states of its sockets towards clients."""
        return self.states("local", self.listen)

    def to_device(self):
        return self.states("peer", self.device)

    def ends(self):
        """The connections that have ended, as dictionaries of their lines."""
        return [dict(field.split("=", 1) for field in line.split())
                for line in list(self.lines)
                if re.match(r"time=\S+ client=", line)]

    def end_of(self, client, **fields):
        """The end of `client`, once it has come; it has these fields."""
        end = until("the line of " + client.name, lambda: next(
            (e for e in self.ends() if e["client"] == client.name), None))
        assert fields.items() <= end.items(), (fields, end)
        return end

    def logged(self, count, pattern):
        """So many connections' lines match, soon; returns the last's fields."""
        line = self.says(pattern, count)
        had = len(self.matching(pattern))
        assert had == count, "%d lines with %r, not %d" % (had, pattern, count)
        return dict(re.findall(r"(\S+?)=(\S*)", line))

    def refuses(self):
        """Nobody listens any more."""
        try:
            Client(self).close()
        except ConnectionRefusedError:
            return True
        return False

    def descriptors(self):
        return len(descriptors(self.pid)[0])


class Scenes:
    """The scenes of one test. Each is a function of a device and a proxy with
    the scene's own flags; when it has played, the proxy must have given back
    all it took. Marked twice, it is played twice: what is named is passed on.
    A scene that is `alone` starts what it needs itself."""

    def __init__(self, *flags, profile="w5500", host="127.0.0.1", single=True):
        self.flags = flags
        self.host = host
        self.profile = profile
        self.single = single
        self.all = []

    def scene(self, *flags, profile=None, **case):
        def mark(play):
            self.all.append((play, flags, profile or self.profile, case))
            return play
        return mark

    def alone(self, play):
        self.all.append((play, None, None, None))
        return play

    def _judge(self, scene):
        play, flags, profile, case = scene
        proxy = device = None
        try:
            if profile is None:
                play()
                return None
            device = Device()
            flags = *self.flags, *flags
            if profile in IMPATIENT and PATIENCE[0] not in flags:
                flags += PATIENCE
            proxy = Proxy(device, *flags, profile=profile,
                          host=self.host, single=self.single)
            proxy.baseline()
            play(device, proxy, **case)
            if not proxy.ended():
                proxy.back_to_baseline()
                proxy.process.terminate()
            status = proxy.process.wait(WAIT_S)
            assert status in (0, -signal.SIGKILL), "it ended with %d" % status
            return None
        except Exception:  # a thread's failure belongs to its scene
            return "%s %s:\n%s\nthe proxy said:\n%s" % (
                play.__name__, case or "", traceback.format_exc(),
                "\n".join(proxy.lines[-12:]) if proxy else "nothing")
        finally:
            if proxy:
                proxy.stop()
            if device:
                device.stop()

    def main(self, at_once=4):
        """Plays all, or those whose names begin with an argument."""
        names = tuple(sys.argv[1:]) or ("",)
        self.all = [s for s in self.all if s[0].__name__.startswith(names)]
        assert self.all, "no scene begins with " + " or ".join(names)
        pool = concurrent.futures.ThreadPoolExecutor(at_once)
        try:
            bad = [b for b in pool.map(self._judge, self.all) if b]
        except SystemExit:  # a signal: nobody waits for scenes under way
            end_at_once()
        print("\n".join(bad))
        print("%d scenes, %d wrong" % (len(self.all), len(bad)))
        return 1 if bad else 0
