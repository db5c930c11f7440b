"""A device that counts its own connections, and clients that lose none, while
a proxy between them is reloaded.

    handover.py CLIENTS CONNECTIONS STEPS MODE

Serves on a port of its own, whose number is the first line; then reads the
proxy's address from stdin. MODE is http (a request each, answered and closed)
or raw (three bytes there and back). Prints a line for each of so many equal
STEPS on the way, and one at the end: connections served, those that failed,
the most the device has had at a time, and how many a second there were.
"""

import asyncio
import sys
import time

REPLY = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'
ASKED = b'GET / HTTP/1.1\r\nHost: device\r\n\r\n'


class Device:
    def __init__(self):
        self.now = self.most = 0

    async def serve(self, reader, writer):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            asked = await reader.read(4096)
            if asked:
                writer.write(REPLY if asked.startswith(b'GET') else asked)
                await writer.drain()
                if not asked.startswith(b'GET'):
                    await reader.read(1)
        except ConnectionError:
            pass
        # Counted until it is closed on this side, as a small device would.
        self.now -= 1
        writer.close()


class Clients:
    def __init__(self, address, mode, count, steps):
        self.address, self.http, self.left = address, mode == 'http', count
        self.served, self.failed = 0, []
        self.step = max(1, count // steps)

    async def one(self):
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(ASKED if self.http else b'foo')
        got = await (reader.read(-1) if self.http else reader.readexactly(3))
        writer.close()
        good = got.endswith(b'ok') and b' 200 ' in got if self.http \
            else got == b'foo'
        if not good:
            raise ValueError(got)

    async def run(self):
        while self.left > 0:
            self.left -= 1
            if self.left % self.step == 0:
                print('step', flush=True)
            try:
                await asyncio.wait_for(self.one(), 60)
                self.served += 1
            except (OSError, EOFError, ValueError,
                    asyncio.TimeoutError) as e:
                self.failed.append(repr(e))


async def main():
    crowd, count, steps = map(int, sys.argv[1:4])
    device = Device()
    server = await asyncio.start_server(device.serve, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    line = await asyncio.get_running_loop().run_in_executor(
        None, sys.stdin.readline)
    host, port = line.strip().rsplit(':', 1)
    clients = Clients((host, int(port)), sys.argv[4], count, steps)
    began = time.monotonic()
    await asyncio.gather(*(clients.run() for _ in range(crowd)))
    rate = count / (time.monotonic() - began)
    print(f'served={clients.served} failed={len(clients.failed)} '
          f'most={device.most} rate={rate:.0f}/s {clients.failed[:3]}',
          flush=True)


asyncio.run(main())
