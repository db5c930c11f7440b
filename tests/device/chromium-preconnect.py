#!/usr/bin/env python3
"""Proves with a real Chromium that four tabs with <link rel=preconnect> take
all slots of the bare device for good, and that through sallyport every page
is served, one device connection at a time. With --pictures DIR it keeps a
picture of both."""
import os
import sys

from before_device import Proxy
from preconnect import DEVICE, LOADS, TABS, browser, loads, open_tabs
from rig import Device, check, check_equal


def keep_picture(browser_, url, name):
    if sys.argv[1:2] == ["--pictures"]:
        tab = browser_.tab()
        tab.go(url, 30)
        tab.picture(os.path.join(sys.argv[2], name))


def play_direct():
    dev = Device(*DEVICE, speed=1)
    url = "http://%s:%d/" % dev.address
    b = browser()
    open_tabs(b, url, lambda n: dev.stat("silent") == n)
    dev.wait("listening=0,all_in_use>0")
    first = loads(b, url)
    # Closing the browser does not help.
    b.end()
    dev.wait(",".join("slot%d=ClsWait" % n for n in range(TABS)))
    b = browser()
    second = loads(b, url)
    keep_picture(b, url, "preconnect-direct.png")
    b.end()
    stat = dev.stat()
    print("direct: %d + %d of %d pages, %d silent connections, %d slots "
          "leaked" % (first, second, 2 * LOADS, stat["conns"],
                      dev.states().count("ClsWait")))
    check_equal((first, second), (0, 0), "pages served")
    check_equal(stat["requests"], 0, "requests")
    check_equal(dev.states(), ["ClsWait"] * TABS, "slots afterwards")
    check(dev.refuses_all(), "the device listens again")


def play_proxied():
    dev = Device(*DEVICE, speed=1)
    proxy = Proxy(dev.address)
    url = proxy.url + "/"
    b = browser()
    open_tabs(b, url, lambda n: proxy.connections() >= n)
    check_equal(dev.stat("conns"), 0, "device connections of preconnects")
    first = loads(b, url)
    b.end()
    b = browser()
    second = loads(b, url)
    keep_picture(b, url, "preconnect-sallyport.png")
    b.end()
    dev.wait("active=0,fw=loop")
    stat = dev.stat()
    print("through sallyport: %d + %d of %d pages, at most %d device "
          "connection at a time, %d without a request" %
          (first, second, 2 * LOADS, stat["max_active"],
           stat["zero_byte_conns"]))
    check_equal((first, second), (LOADS, LOADS), "pages served")
    check_equal(stat["max_active"], 1, "device connections at a time")
    check_equal(stat["zero_byte_conns"], 0, "connections without a request")
    check_equal(stat["all_in_use"], 0, "times that all sockets were in use")
    proxy.stop()


play_direct()
play_proxied()
