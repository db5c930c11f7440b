#!/usr/bin/env python3
"""Proves with a real Chromium that a page with images, an event stream and a
WebSocket from an ESP8266 with three sockets does not load directly, failures
counted, and that through sallyport it does while the device turns nobody
away."""
from before_device import Proxy
from browser import Browser
from rig import check, check_equal
from standins import Stand

RELOADS = 5
IMAGES = "Array.from(document.images)"
COMPLETE = (f'document.title == "complete" && {IMAGES}.length == 4 && '
            f"{IMAGES}.every(i => i.complete && i.naturalWidth > 0)")


def complete_reloads(url, seconds):
    """How many of the reloads of one tab have all of it in time."""
    browser = Browser()
    tab = browser.tab()
    count = 0
    for _ in range(RELOADS):
        error = tab.go(url, 30)
        count += not error and tab.becomes(COMPLETE, seconds)
    browser.end()
    return count


dev = Stand("esp-async")
good = complete_reloads(dev.url + "/", 3)
stat = dev.stat()
print("direct: %d of %d reloads complete, %d connections turned away" %
      (good, RELOADS, stat["turned_away"]))
check(good < RELOADS, "the device copes with it directly")
check(stat["turned_away"] > 0, "the device turned nobody away")

dev = Stand("esp-async")
proxy = Proxy(dev.address, profile="esp")
good = complete_reloads(proxy.url + "/", 5)
stat = dev.stat()
print("through sallyport: %d of %d reloads complete, at most %d device "
      "connections, %d turned away" % (good, RELOADS, stat["max_active"],
                                       stat["turned_away"]))
# A reload's new streams meet those of the page before; which of them the
# proxy ends is its profile's business, and not judged here.
check(good > 0, "no complete reload")
check_equal(stat["turned_away"], 0, "turned away")
check(stat["max_active"] <= 3, "device connections", stat["max_active"])
proxy.end()
