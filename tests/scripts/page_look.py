#!/usr/bin/env python3
"""Looks at the page of a proxy with a headless Chromium.

browser.py ADDRESS STATE FOLDER     asserts what a person must see, at two
widths, dark and light, and leaves a screenshot of each in FOLDER.
"""

import asyncio
import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import websockets

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


class Browser:
    """One Chromium, spoken to as its own developer tools do."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
             "--disable-background-networking", "--remote-debugging-port=0",
             f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port_file = pathlib.Path(folder) / "DevToolsActivePort"
        self.number = 0
        self.socket = None

    async def open(self):
        deadline = time.monotonic() + 120
        text = ""
        while text.count("\n") < 1:
            assert self.process.poll() is None, "chromium has ended"
            assert time.monotonic() < deadline, "chromium does not start"
            await asyncio.sleep(0.05)
            if self.port_file.exists():
                text = self.port_file.read_text()
        port, path = text.split("\n")[:2]
        self.socket = await websockets.connect(
            f"ws://127.0.0.1:{port}{path}", max_size=None)
        target = await self.call("Target.createTarget", url="about:blank")
        session = await self.call("Target.attachToTarget",
                                  targetId=target["targetId"], flatten=True)
        self.session = session["sessionId"]

    session = None

    async def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        await self.socket.send(json.dumps(message))
        while True:
            reply = json.loads(await asyncio.wait_for(self.socket.recv(), 60))
            if reply.get("id") == self.number:
                assert "error" not in reply, (method, reply)
                return reply["result"]

    async def evaluate(self, code):
        reply = await self.call("Runtime.evaluate", expression=code)
        return reply["result"].get("value")

    async def show(self, url, size, scheme):
        await self.call("Emulation.setDeviceMetricsOverride", width=size[0],
                        height=size[1], deviceScaleFactor=1, mobile=False)
        await self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])
        await self.call("Emulation.setScrollbarsHidden", hidden=True)
        await self.call("Page.navigate", url=url)
        deadline = time.monotonic() + 60
        while not await self.evaluate(
                'document.readyState == "complete" && '
                '!!document.getElementById("state")'):
            assert time.monotonic() < deadline, "the page does not come"
            await asyncio.sleep(0.05)

    def close(self):
        self.process.terminate()
        self.process.wait(60)


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


async def main():
    address, state, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            await browser.open()
            for size in SIZES:
                for scheme in SCHEMES:
                    await browser.show(f"http://{address}/", size, scheme)
                    seen = json.loads(await browser.evaluate(LOOK))
                    shot = await browser.call("Page.captureScreenshot",
                                              captureBeyondViewport=True)
                    name = f"{state}-{size[0]}-{scheme}.png"
                    (pathlib.Path(folder) / name).write_bytes(
                        base64.b64decode(shot["data"]))
                    check(state, size, seen)
        finally:
            browser.close()


asyncio.run(main())
