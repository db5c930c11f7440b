#!/usr/bin/env python3
"""Looks at the page of a proxy with a headless Chromium.

page_look.py ADDRESS STATE FOLDER     asserts what a person must see, at two
widths, dark and light, and leaves a screenshot of each in FOLDER.
"""

import base64
import json
import pathlib
import sys

sys.path.insert(0, "tests/device")
from browser import Browser  # noqa: E402

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


WANTED = {
    "up": r"up", "busy": r"up", "down": r"down", "stuck": r"stuck",
    "held": r"held",
}


def check(state, size, seen):
    """Is it up, since when, why was it down, who waits, what is slow?"""
    every = seen["all"]
    assert every["state"]["text"] == WANTED[state], every["state"]
    assert seen["title"].startswith(WANTED[state] + ": "), seen["title"]
    assert seen["scripts"] == 0
    assert seen["width"] == size[0], seen["width"]
    assert seen["overflow"] <= 0 and not seen["wide"], seen
    assert seen["worst"][0] >= 4.5, seen["worst"]
    # At once, without a move of the hand.
    first = ["state", "since", "why"]
    first += {"up": ["outage", "slots", "queue"], "busy": ["queue", "slowest"],
              "stuck": ["advice"]}.get(state, [])
    if size[0] > 1000:
        first += ["holders", "waiting", "delays"]
    for name in first:
        assert every[name], (state, "not there", name)
        assert every[name]["top"] < size[1] - 40, (state, size, name, every)
    for name in "delays", "strip", "changes", "causes":
        assert every[name]["text"], name
    says = {
        "up": ("outage", "last down at"),
        "busy": ("waiting", "3"),
        "down": ("why", "next"),
        "stuck": ("advice", "hold"),
        "held": ("why", "release"),
    }[state]
    assert says[1] in every[says[0]]["text"], (state, every[says[0]])


def main():
    address, state, folder = sys.argv[1:]
    tab = Browser().tab()
    for size in SIZES:
        for scheme in SCHEMES:
            show(tab, f"http://{address}/", size, scheme)
            seen = json.loads(tab.evaluate(LOOK))
            shot = tab.send("Page.captureScreenshot",
                            captureBeyondViewport=True)
            name = f"{state}-{size[0]}-{scheme}.png"
            (pathlib.Path(folder) / name).write_bytes(
                base64.b64decode(shot["data"]))
            check(state, size, seen)


main()
