#!/usr/bin/env python3
"""Proves that the page answers, in a browser, at 360 and 1280 pixels, dark and
light: is the device up, since when, why was it down, who waits, what is
slow. With SHOTS=FOLDER the screenshots stay there."""
import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys

sys.path[:0] = ["tests/lib", "tests/device"]
from browser import Browser
from peer import REQUEST, Client
from sallyport import (PROGRAM, TEMPDEV, Listening, folder, own_network, run,
                       until)
from stand import Proxy

own_network()
HERE = folder()
CTL = HERE + "/greenhouse.ctl"
SHOTS = os.environ.get("SHOTS") or HERE + "/shots"
SIZES = (360, 740), (1280, 800)
SCHEMES = "light", "dark"

# What is there and where, and how well it can be read.
LOOK = """(() => {
  const at = id => { const e = document.getElementById(id);
    return e && {text: e.innerText, bottom: e.getBoundingClientRect().bottom,
      top: e.getBoundingClientRect().top}; };
  const light = c => { const v = c.match(/[0-9.]+/g).slice(0, 3).map(x => {
      x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
    }); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const ground = e => { for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (c !== "rgba(0, 0, 0, 0)" && c !== "transparent") return c; }
    return "rgb(255, 255, 255)"; };
  let worst = [99, ""];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim()) continue;
    const a = light(getComputedStyle(e).color), b = light(ground(e));
    const c = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (c < worst[0]) worst = [c, e.outerHTML.slice(0, 200)];
  }
  const wide = [...document.body.querySelectorAll("*")].filter(
    e => e.getBoundingClientRect().right > innerWidth).map(
    e => e.outerHTML.slice(0, 100));
  const all = {};
  for (const id of ["state", "since", "why", "outage", "advice", "slots",
      "queue", "slowest", "holders", "waiting", "delays", "strip", "changes",
      "causes", "ends"]) all[id] = at(id);
  return JSON.stringify({all, worst, wide, title: document.title,
    height: innerHeight, width: innerWidth,
    overflow: document.documentElement.scrollWidth - innerWidth,
    scripts: document.scripts.length}); })()"""


def show(tab, url, size, scheme):
    tab.send("Emulation.setDeviceMetricsOverride", width=size[0],
             height=size[1], deviceScaleFactor=1, mobile=False)
    tab.send("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": scheme}])
    tab.send("Emulation.setScrollbarsHidden", hidden=True)
    assert not tab.go(url), "the page does not come"
    assert tab.becomes('!!document.getElementById("state")', 60), "no state"
    tab.send("Fetch.enable")  # it stays: what it loads anew is not answered


# What is seen at once, without a move of the hand; and what one text says.
FIRST = {"up": ["outage", "slots", "queue"], "busy": ["queue", "slowest"],
         "stuck": ["advice"]}
SAYS = {
    "up": ("outage", "last down at"),
    "busy": ("waiting", "3"),
    "down": ("why", "next"),
    "stuck": ("advice", "hold"),
    "held": ("why", "release"),
}


def check(state, size, seen):
    """Is it up, since when, why was it down, who waits, what is slow?"""
    every, word = seen["all"], "up" if state == "busy" else state
    assert every["state"]["text"] == word, every["state"]
    assert seen["title"].startswith(word + ": "), seen["title"]
    assert seen["scripts"] == 0
    assert seen["width"] == size[0], seen["width"]
    assert seen["overflow"] <= 0 and not seen["wide"], seen
    assert seen["worst"][0] >= 4.5, seen["worst"]
    first = ["state", "since", "why"] + FIRST.get(state, [])
    if size[0] > 1000:
        first += ["holders", "waiting", "delays"]
    for name in first:
        assert every[name], (state, "not there", name)
        assert every[name]["top"] < size[1] - 40, (state, size, name, every)
    for name in "delays", "strip", "changes", "causes":
        assert every[name]["text"], name
    name, text = SAYS[state]
    assert text in every[name]["text"], (state, every[name])


def seen_and_shot(tab):
    """Nothing, if the page was about to come anew."""
    with contextlib.suppress(AssertionError):
        seen = json.loads(tab.evaluate(LOOK))
        return seen, tab.send("Page.captureScreenshot",
                              captureBeyondViewport=True)["data"]


def look(browser, proxy, state):
    for size in SIZES:
        for scheme in SCHEMES:
            tab = browser.tab()
            show(tab, "http://%s/" % proxy.admin(), size, scheme)
            seen, shot = until("it is seen", lambda: seen_and_shot(tab))
            name = "%s/%s-%d-%s.png" % (SHOTS, state, size[0], scheme)
            with open(name, "wb") as file:
                file.write(base64.b64decode(shot))
            check(state, size, seen)


def told(pattern):
    until("it says " + pattern, lambda: re.search(pattern, subprocess.run(
        [PROGRAM, "status", CTL], capture_output=True, text=True,
        check=False).stdout, re.M))


def serve(device, *flags):
    return Proxy(device.listen, "--name", "greenhouse", "--control", CTL,
                 "--admin", "127.0.0.1:0", *flags, single=False)


def get(proxy, **how):
    assert Client(proxy, REQUEST, **how).outcome() == "200", "no page"


def busy_and_held(browser, device):
    """One client is served, three of two addresses wait."""
    proxy = serve(device, "--first-byte-timeout", "10m", "--queue-timeout",
                  "10m", "--idle-timeout", "10m")
    for _ in range(8):
        get(proxy)
    Client(proxy, REQUEST.replace(b"GET", b"DELETE")).outcome()
    device.signal(signal.SIGSTOP)
    clients = [Client(proxy, REQUEST, source="127.0.0.%d" % number)
               for number in (2, 3, 3, 4)]
    told("3 of 64 waiting")
    look(browser, proxy, "busy")
    run(PROGRAM, "control", CTL, "hold")
    look(browser, proxy, "held")
    device.signal(signal.SIGCONT)
    proxy.terminate()
    for client in clients:
        client.close()


def down_and_up(browser, device):
    """It stops answering; a probe finds that out, and later that it is
    stuck."""
    proxy = serve(device, "--first-byte-timeout", "300ms", "--probe-backoff",
                  "1h..1h")
    get(proxy)
    device.signal(signal.SIGSTOP)
    Client(proxy, REQUEST).outcome()
    told("^device down since")
    look(browser, proxy, "down")
    proxy.terminate()
    proxy = serve(device, "--first-byte-timeout", "300ms", "--probe-backoff",
                  "100ms..200ms")
    Client(proxy, REQUEST).outcome()
    told("^device stuck since")
    look(browser, proxy, "stuck")
    device.signal(signal.SIGCONT)
    told("^device up since")
    for number in 2, 3, 4:
        get(proxy, source="127.0.0.%d" % number)
    look(browser, proxy, "up")
    proxy.terminate()


def main():
    os.makedirs(SHOTS, exist_ok=True)
    device = Listening(TEMPDEV, "--listen", "127.0.0.1:0", "--console",
                       HERE + "/console")
    browser = Browser()
    busy_and_held(browser, device)
    down_and_up(browser, device)


if __name__ == "__main__":
    main()
