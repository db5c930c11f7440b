#!/usr/bin/python3
"""Proves that with upgrade on a real WebSocket client and server talk through
the proxy, beyond reply-timeout, and that without it one request stays one."""
import asyncio
import socket
import sys

sys.path.insert(0, "tests/lib")
from peer import PAGE, Client
from sallyport import ready, until
from stand import Scenes

try:
    import websockets
except ImportError:
    print("python3-websockets is not installed")
    sys.exit(77)

SCENES = Scenes()
ASK = (b"GET / HTTP/1.1\r\nHost: proxy\r\nUpgrade: any\r\n"
       b"Connection: Upgrade\r\n\r\n")
AGREED = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: any\r\n"
          b"Connection: Upgrade\r\n\r\n")


async def echo(ws, _path=None):
    async for message in ws:
        await ws.send(message)


async def talk(device, proxy):
    device.listener.setblocking(False)
    async with websockets.serve(echo, sock=device.listener.dup()):
        url = "ws://127.0.0.1:%d/" % proxy.port
        async with websockets.connect(url, max_size=None) as ws:
            for size in (0, 1, 125, 70000, 1 << 20):
                await ws.send(b"x" * size)
                assert len(await ws.recv()) == size
            await asyncio.sleep(0.4)  # beyond reply-timeout
            await ws.send("still here")
            assert await ws.recv() == "still here"


@SCENES.scene("--upgrade", "on", "--reply-timeout", "200ms")
def a_real_websocket(device, proxy):
    asyncio.run(asyncio.wait_for(talk(device, proxy), 60))
    until("it has ended", lambda: proxy.find("cause=done"))


@SCENES.scene("--upgrade", "on")
def bytes_behind_the_request_follow_the_101(device, proxy):
    early = b"".join(b"early %d," % n for n in range(1200))  # some chunks
    client = Client(proxy, ASK + early)
    sock = device.accept().expect_only(ASK)  # and no early bytes before the 101
    sock.sendall(AGREED + b"welcome")
    sock.expect_only(early)
    client.fin()
    assert sock.recv(1) == b""
    sock.close()
    client.outcome()
    assert client.got == AGREED + b"welcome", client.got


@SCENES.scene("--upgrade", "on", "--body-limit", "5m", "--user-timeout", "60s",
              "--first-byte-timeout", "60s")
def a_101_that_comes_before_the_whole_request(device, proxy):
    device.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    ask = ASK[:-2] + b"Content-Length: 4000000\r\n\r\n" + b"x" * 4000000
    client = Client(proxy, ask + b"early")
    sock = device.accept()
    sock.sendall(AGREED)
    client.expect_only(AGREED)
    sock.expect_only(ask + b"early")
    client.fin()
    assert sock.recv(1) == b""
    sock.close()
    client.outcome()


@SCENES.scene("--upgrade", "on")
def bytes_behind_a_request_that_is_not_granted(device, proxy):
    client = Client(proxy, ASK + b"early")
    device.accept().expect_only(ASK).answer()
    client.gets("200")
    assert client.got == PAGE


@SCENES.scene()
def off_means_off(device, proxy):
    """The device is not even asked: Upgrade and its word are taken out."""
    client = Client(proxy, ASK + b"early")
    sock = device.accept()
    asked = sock.recv(4096)
    assert asked.startswith(b"GET / HTTP/1.1\r\nHost: proxy\r\n"), asked
    assert b"pgrade" not in asked and asked.endswith(b"\r\n\r\n"), asked
    sock.sendall(AGREED)
    if ready(sock, within_s=0.2):
        assert not sock.recv(10), "early bytes were passed on"
    sock.close()
    client.outcome()
    assert client.got == AGREED


sys.exit(SCENES.main())
