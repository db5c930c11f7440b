#!/usr/bin/env python3
"""Proves that for ten minutes an MJPEG stream and an event stream live beside
pages: with three slots each goes on without a gap and every page is served, a
viewer that does not read for 20 s harms nobody; with one slot viewer and pages
take turns. The device turns nobody away. Usage: streams-long.py [SECONDS]"""
import contextlib
import sys
import threading
import time

from rig import Stand, before, check, check_equal, dial, request

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
PAUSE_S = 20
END = time.monotonic() + SECONDS


def left():
    return END - time.monotonic()


class Viewer(threading.Thread):
    """Looks at a stream, again after 3 s if it ends, and counts `mark`s.
    `pauses`: it does not read for 20 s of each two minutes."""

    def __init__(self, proxy, path, mark, pauses=False):
        super().__init__(daemon=True)
        self.proxy, self.path, self.mark = proxy, path, mark
        self.pauses = pauses
        self.marks = self.views = self.longest_gap = self.paused = 0
        self.start()

    def take(self, sock):
        tail = b""
        seen = time.monotonic()
        pause_at = seen + 10
        while left() > 0:
            if self.pauses and time.monotonic() > pause_at:
                time.sleep(PAUSE_S)  # it does not read
                pause_at += 120
                self.paused += 1
                seen = time.monotonic()
            more = sock.recv(4096)
            if not more:
                return
            found = (tail + more).count(self.mark)
            tail = (tail + more)[-len(self.mark) + 1:]
            if found:
                self.longest_gap = max(self.longest_gap,
                                       time.monotonic() - seen)
                seen = time.monotonic()
            self.marks += found

    def run(self):
        while left() > 0:
            with contextlib.suppress(OSError):
                with dial(self.proxy, request(self.path), rcvbuf=4096) as sock:
                    self.views += 1
                    self.take(sock)
            time.sleep(min(3, max(0, left())))  # as a browser does


class Visitor(threading.Thread):
    """Asks for a page every few seconds, and again at once after a 503."""

    def __init__(self, proxy, every_s):
        super().__init__(daemon=True)
        self.proxy, self.every_s = proxy, every_s
        self.pages = self.told = self.longest = 0
        self.good = True
        self.start()

    def visit(self):
        client = dial(self.proxy, request("/"))
        while client.outcome() == "503":
            self.told += 1
            time.sleep(1)  # as Retry-After says
            client = dial(self.proxy, request("/"))
        return b"camera</html>" in client.got

    def run(self):
        while left() > 60:
            began = time.monotonic()
            good = False
            with contextlib.suppress(OSError):
                good = self.visit()
            self.pages += good
            self.good = self.good and good
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(self.every_s)  # its reader reads


def judge(name, dev, proxy, visitor, *viewers):
    visitor.join()
    for v in viewers:
        v.join()
    print("%s: %d pages, the longest in %.1f s, %d times told to wait; %s" %
          (name, visitor.pages, visitor.longest, visitor.told,
           ", ".join("%s %d in %d views, longest gap %.1f s, %d pauses" %
                     (v.path, v.marks, v.views, v.longest_gap, v.paused)
                     for v in viewers)))
    check(visitor.pages > 0 and visitor.good, name, "a page is lost")
    dev.expect(turned_away=0)
    check(all(v.marks > 0 for v in viewers), name, "a viewer saw nothing")
    check_equal(proxy.matching("msg="), [], name)
    proxy.stop()


esp = Stand("camera", "--sockets", 3)
esp_proxy = before(esp, profile="esp")
single = Stand("camera")
single_proxy = before(single, profile="w5500")
esp_people = (Visitor(esp_proxy, 1),
              Viewer(esp_proxy, "/stream", b"--frame", pauses=True),
              Viewer(esp_proxy, "/events", b"event: "))
single_people = (Visitor(single_proxy, 20),
                 Viewer(single_proxy, "/stream", b"--frame", pauses=True))
judge("esp, 3 slots", esp, esp_proxy, *esp_people)
judge("w5500, 1 slot", single, single_proxy, *single_people)
for viewer in esp_people[1:]:
    check(viewer.views == 1, "a stream was ended", viewer.path)
