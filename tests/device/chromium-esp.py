#!/usr/bin/env python3
"""Proves with a real Chromium that a page with images, an event stream and a
WebSocket from an ESP8266 with three sockets does not load directly, failures
counted, and that through sallyport all of it does, in ten reloads and in three
tabs, while the device turns nobody away."""
from before_device import Proxy
from browser import Browser
from rig import check, check_equal
from standins import Stand

RELOADS = 10
TABS = 3
IMAGES = "Array.from(document.images)"
COMPLETE = (f'document.title == "complete" && {IMAGES}.length == 4 && '
            f"{IMAGES}.every(i => i.complete && i.naturalWidth > 0)")


def loads(tab, url, seconds):
    """Whether the tab has all of it in time."""
    return not tab.go(url, seconds) and tab.becomes(COMPLETE, seconds)


def complete(url, seconds):
    """How many reloads of one tab, and then how many of three tabs."""
    browser = Browser()
    tab = browser.tab()
    reloads = sum(loads(tab, url, seconds) for _ in range(RELOADS))
    tabs = sum(loads(t, url, seconds)
               for t in [tab] + [browser.tab() for _ in range(TABS - 1)])
    browser.end()
    return reloads, tabs


dev = Stand("esp-async")
good = complete(dev.url + "/", 3)
stat = dev.stat()
print("direct: %d of %d reloads and %d of %d tabs complete, %d connections "
      "turned away" % (good[0], RELOADS, good[1], TABS, stat["turned_away"]))
check(sum(good) < RELOADS + TABS, "the device copes with it directly")
check(stat["turned_away"] > 0, "the device turned nobody away")

dev = Stand("esp-async")
proxy = Proxy(dev.address, profile="esp")
good = complete(proxy.url + "/", 60)
stat = dev.stat()
print("through sallyport: %d of %d reloads and %d of %d tabs complete, at most "
      "%d device connections, %d turned away" %
      (good[0], RELOADS, good[1], TABS, stat["max_active"],
       stat["turned_away"]))
check_equal(good, (RELOADS, TABS), "complete reloads and tabs")
check_equal(stat["turned_away"], 0, "turned away")
check(stat["max_active"] <= 3, "device connections", stat["max_active"])
proxy.stop()
