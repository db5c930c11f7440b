#!/usr/bin/env python3
"""Proves with a real Chromium what its tabs do to a device, directly and
through sallyport. With PICTURES=FOLDER it keeps a picture of both."""
import preconnect
from browser import Browser
from preconnect import LOADS, TABS
from rig import Device, Stand, before, check, check_equal, main

RELOADS = 10
ESP_TABS = 3
IMAGES = "Array.from(document.images)"
COMPLETE = (f'document.title == "complete" && {IMAGES}.length == 4 && '
            f"{IMAGES}.every(i => i.complete && i.naturalWidth > 0)")


def test_preconnect():
    """Four tabs with <link rel=preconnect> take all slots of the bare device
    for good; through sallyport every page is served, one device connection at
    a time."""
    half_closed = ",".join("slot%d=ClsWait" % n for n in range(TABS))
    dev = Device(*preconnect.DEVICE, speed=1)
    good = preconnect.pages(
        "http://%s:%d/" % dev.address, lambda n: dev.stat("silent") == n,
        # Closing the browser does not help.
        opened=lambda: dev.wait("listening=0,all_in_use>0"),
        closed=lambda: dev.wait(half_closed), picture="preconnect-direct.png")
    print("directly: %d + %d of %d pages" % (*good, 2 * LOADS))
    check_equal(good, [0, 0], "pages served")
    dev.expect(requests=0)
    check_equal(dev.states(), ["ClsWait"] * TABS, "slots afterwards")
    check(dev.refuses_all(), "the device listens again")

    dev = Device(*preconnect.DEVICE, speed=1)
    proxy = before(dev)
    good = preconnect.pages(
        "http://%s/" % proxy.listen, lambda n: len(proxy.to_client()) >= n,
        opened=lambda: dev.expect(conns=0), picture="preconnect-sallyport.png")
    print("through sallyport: %d + %d of %d pages" % (*good, 2 * LOADS))
    check_equal(good, [LOADS, LOADS], "pages served")
    dev.wait("active=0,fw=loop")
    dev.expect(max_active=1, zero_byte_conns=0, all_in_use=0)
    proxy.stop()


def complete(url, seconds):
    """How many reloads of one tab have all of the page in time, and then how
    many of three tabs."""
    def loads(tab):
        return not tab.go(url, seconds) and tab.becomes(COMPLETE, seconds)
    browser = Browser()
    tab = browser.tab()
    good = (sum(loads(tab) for _ in range(RELOADS)),
            sum(loads(t) for t in
                [tab] + [browser.tab() for _ in range(ESP_TABS - 1)]))
    browser.end()
    return good


def test_esp():
    """A page with images, an event stream and a WebSocket from an ESP8266 with
    three sockets does not load directly, and through sallyport all of it does,
    in ten reloads and in three tabs, while the device turns nobody away."""
    dev = Stand("esp-async")
    good = complete(dev.url + "/", 3)
    print("directly: %d reloads, %d tabs, %d connections turned away" %
          (*good, dev.stat("turned_away")))
    check(sum(good) < RELOADS + ESP_TABS, "the device copes with it directly")
    check(dev.stat("turned_away") > 0, "the device turned nobody away")

    dev = Stand("esp-async")
    proxy = before(dev, profile="esp")
    good = complete("http://%s/" % proxy.listen, 60)
    print("through sallyport: %d reloads, %d tabs, at most %d device "
          "connections" % (*good, dev.stat("max_active")))
    check_equal(good, (RELOADS, ESP_TABS), "complete reloads and tabs")
    dev.expect(turned_away=0)
    check(dev.stat("max_active") <= 3, "device connections")
    proxy.stop()


main()
