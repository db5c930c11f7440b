#!/usr/bin/python3
"""Proves of examples/esp-websocket that beside two websockets, with a real
client, the page can still be had from a device with three sockets."""
import asyncio
import urllib.request

from stage import Example, skip, standin

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")

device = standin("esp-async", "192.168.1.50", 80)
proxy = Example("esp-websocket/lamp.conf")
URL = "ws://127.0.0.1:8080/ws"


def page():
    return urllib.request.urlopen("http://127.0.0.1:8080/", timeout=60).read()


async def main():
    async with websockets.connect(URL) as one, websockets.connect(URL) as two:
        for sock in one, two:
            await sock.send("hello")
            assert await sock.recv() == "hello"
        assert b"<html>" in await asyncio.to_thread(page)
        await one.send("again")
        assert await one.recv() == "again"


asyncio.run(main())
