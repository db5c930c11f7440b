#!/usr/bin/env python3
"""Makes many connections of many kinds: mixed.py ADDRESS COUNT SEED."""

import asyncio
import random
import socket
import struct
import sys

AT_A_TIME = 60
RESET = struct.pack("ii", 1, 0)


async def visit(host, port, kind, rng):
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return
    try:
        if kind == "served":
            writer.write(b"foo" * rng.randrange(1, 200))
            writer.write_eof()
            await reader.read()
        elif kind == "leaves":
            pass
        elif kind == "silent":
            await reader.read()
        elif kind == "resets":
            writer.write(b"foo")
            await reader.read(1)
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            writer.write(b"foo")
            await asyncio.wait_for(reader.read(), 0.3)
    except (OSError, asyncio.TimeoutError):
        pass
    writer.transport.abort() if kind == "resets" else writer.close()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    rng = random.Random(int(sys.argv[3]))
    places = asyncio.Semaphore(AT_A_TIME)
    kinds = ["served"] * 6 + ["leaves", "resets", "stays", "silent"]

    async def one():
        async with places:
            await asyncio.wait_for(
                visit(host, int(port), rng.choice(kinds), rng), 300)

    await asyncio.gather(*[one() for _ in range(int(sys.argv[2]))])


asyncio.run(main())
