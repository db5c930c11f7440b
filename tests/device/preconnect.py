"""Tabs of a browser that connect to a device in advance, and loads of its page:
for the test and the scenario of it."""
import http.server
import os
import threading

from browser import Browser
from rig import check, check_equal, holds_within

TABS = 4
LOADS = 10
# A socket that a silent client leaves is never free again.
DEVICE = ("--lib", "stock2017", "--uptime", 100)


class Host(http.server.BaseHTTPRequestHandler):
    """Somebody's page, with a hint that the device will be needed soon."""

    def do_GET(self):
        body = ("<!DOCTYPE html><title>host</title><link rel=preconnect "
                "href=%s>" % self.server.wanted).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def open_tabs(browser, url, taken):
    """Tabs of sites of their own: browsers keep those apart, connections
    included. `taken(n)` says that the nth preconnection has arrived."""
    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    host.wanted = url
    threading.Thread(target=host.serve_forever, daemon=True).start()
    for n in range(1, TABS + 1):
        error = browser.tab().go("http://tab%d.test:%d/" %
                                 (n, host.server_address[1]))
        check_equal(error, "", "a tab")
        check(holds_within(30, lambda: taken(n)), "no preconnection", n)
    host.shutdown()


def loads(browser, url):
    """How many of ten loads show the device's page, each in a new tab."""
    good = 0
    for _ in range(LOADS):
        tab = browser.tab()
        error = tab.go(url, 30)
        good += not error and \
            tab.evaluate("document.title") == "Simple Temperature Server"
        check(not error or "REFUSED" in error or "RESET" in error or
              "_RESPONSE" in error or "not loaded" in error, error)
        tab.close()
    return good


def pages(url, taken, opened=bool, closed=bool, picture=None):
    """How many pages load beside the tabs, and how many when they have been
    closed. `opened` and `closed` are called in between; the picture of the page
    is kept in the folder PICTURES, if there is one."""
    good = []
    for tabs in (True, False):
        browser = Browser("--host-resolver-rules=MAP *.test 127.0.0.1",
                          "--window-size=560,300", "--hide-scrollbars")
        if tabs:
            open_tabs(browser, url, taken)
            opened()
        good.append(loads(browser, url))
        if picture and not tabs and "PICTURES" in os.environ:
            tab = browser.tab()
            tab.go(url, 30)
            tab.picture(os.path.join(os.environ["PICTURES"], picture))
        browser.end()
        if tabs:
            closed()
    return good
