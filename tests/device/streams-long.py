#!/usr/bin/env python3
"""Proves that for ten minutes an MJPEG stream and an event stream live beside
pages: with three slots each goes on without a gap and every page is served, a
viewer that does not read for 20 s harms nobody; with one slot viewer and pages
take turns. The device turns nobody away. Usage: streams-long.py [SECONDS]"""
import socket
import sys
import threading
import time

from before_device import Proxy
from rig import check
from standins import Stand, request

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
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(60)
            try:
                sock.connect(self.proxy.address)
                sock.sendall(request(self.path))
                self.views += 1
                self.take(sock)
            except OSError:
                pass
            sock.close()
            time.sleep(min(3, max(0, left())))  # as a browser does


class Visitor(threading.Thread):
    """Asks for a page every few seconds, and again at once after a 503."""

    def __init__(self, proxy, every_s):
        super().__init__(daemon=True)
        self.proxy, self.every_s = proxy, every_s
        self.pages = self.told = self.lost = self.longest = 0
        self.start()

    def get(self):
        with socket.create_connection(self.proxy.address, 60) as sock:
            sock.sendall(request("/"))
            got = b""
            while more := sock.recv(4096):
                got += more
        return got

    def visit(self):
        while True:
            got = self.get()
            if got.startswith(b"HTTP/1.1 503 "):
                self.told += 1
                time.sleep(1)  # as Retry-After says
                continue
            return b"camera</html>" in got

    def run(self):
        while left() > 60:
            began = time.monotonic()
            try:
                good = self.visit()
            except OSError:
                good = False
            self.pages += good
            self.lost += not good
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(self.every_s)  # its reader reads


def judge(name, dev, proxy, visitor, *viewers):
    visitor.join()
    for v in viewers:
        v.join()
    stat = dev.stat()
    print("%s: %d pages, the longest in %.1f s, %d times told to wait, %d "
          "lost; %s; at most %d device connections, %d turned away" %
          (name, visitor.pages, visitor.longest, visitor.told, visitor.lost,
           ", ".join("%s %d in %d views, longest gap %.1f s, %d pauses" %
                     (v.path, v.marks, v.views, v.longest_gap, v.paused)
                     for v in viewers),
           stat["max_active"], stat["turned_away"]))
    check(visitor.pages > 0 and visitor.lost == 0, name, "a page is lost")
    check(stat["turned_away"] == 0, name, "turned away")
    check(all(v.marks > 0 for v in viewers), name, "a viewer saw nothing")
    bad = [line for line in proxy.lines if "msg=" in line]
    check(not bad, name, bad)
    proxy.stop()


esp = Stand("camera", "--sockets", 3)
esp_proxy = Proxy(esp.address, profile="esp")
single = Stand("camera")
single_proxy = Proxy(single.address, profile="w5500")
esp_people = (Visitor(esp_proxy, 1),
              Viewer(esp_proxy, "/stream", b"--frame", pauses=True),
              Viewer(esp_proxy, "/events", b"event: "))
single_people = (Visitor(single_proxy, 20),
                 Viewer(single_proxy, "/stream", b"--frame", pauses=True))
judge("esp, 3 slots", esp, esp_proxy, *esp_people)
judge("w5500, 1 slot", single, single_proxy, *single_people)
for viewer in esp_people[1:]:
    check(viewer.views == 1, "a stream was ended", viewer.path)
