"""Clients that lose no connection, and a device that counts its own, while the
proxy between them is changed. CONNECTIONS of them, within LOAD_PATIENCE_S."""
import asyncio
import contextlib
import os
import socket
import threading
import time

from crowd_device import is_open
from sallyport import WAIT_S, until
from stand import Proxy

CONNECTIONS = int(os.environ.get("CONNECTIONS", "4000"))
PATIENCE_S = int(os.environ.get("LOAD_PATIENCE_S", "120"))
AT_ONCE = 50
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
ASKED = b"GET / HTTP/1.1\r\nHost: device\r\n\r\n"


class Load:
    """With `slots` a request each, answered and closed; without three bytes
    there and back."""

    def __init__(self, slots):
        self.slots = slots
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.begun = self.served = self.most = 0
        self.failed = []
        self.socks = set()

    async def device(self, reader, writer):
        sock = writer.get_extra_info("socket")
        self.socks.add(sock)
        self.most = max(self.most, sum(map(is_open, self.socks)))
        try:
            if asked := await reader.read(4096):
                writer.write(REPLY if self.slots else asked)
                await writer.drain()
                if not self.slots:
                    await reader.read(1)
        except (ConnectionError, asyncio.CancelledError):
            pass
        # Counted until it is closed on this side, as a small device would.
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.socks.discard(sock)

    async def ask(self, address):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(ASKED if self.slots else b"foo")
        got = await (reader.read(-1) if self.slots else reader.readexactly(3))
        writer.close()
        if got != (REPLY if self.slots else b"foo"):
            raise ValueError(got)

    async def client(self, address):
        """Begins anew as soon as it is served."""
        while self.begun < CONNECTIONS:
            self.begun += 1
            try:
                await asyncio.wait_for(self.ask(address), WAIT_S)
                self.served += 1
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as e:
                self.failed.append(repr(e))

    async def play(self, address):
        await asyncio.start_server(self.device, sock=self.listener)
        await asyncio.gather(*(self.client(address) for _ in range(AT_ONCE)))


def under_load(change, times, slots=0, **options):
    """Changes a proxy so many times, in equal steps of the load. No client is
    refused, reset or lost, and the device never has more connections than
    slots."""
    load = Load(slots)
    # On a busy machine 50 may wait for longer than the 10 s of the profile.
    flags = ["--queue", "100", "--queue-timeout", "50s", "--slots",
             str(slots)] if slots else []
    proxy = Proxy(load, *flags, profile="w5500" if slots else "raw",
                  single=False, **options)
    began_s = time.monotonic()
    thread = threading.Thread(target=asyncio.run, daemon=True,
                              args=[load.play(proxy.address)])
    thread.start()
    for i in range(1, times + 1):
        until("step %d" % i, lambda: load.begun >= i * CONNECTIONS // times)
        change(proxy)
    thread.join(PATIENCE_S)
    print("%d slots: %d times, %d served, %d failed, most %d, %.0f/s %s" % (
        slots, times, load.served, len(load.failed), load.most,
        load.served / (time.monotonic() - began_s), load.failed[:3]))
    assert load.served == CONNECTIONS and not load.failed
    assert not slots or load.most <= slots
    proxy.terminate()
