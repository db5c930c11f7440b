#!/usr/bin/env python3
"""Proves silence on the wire: a pulled cable, a device without power or in
boot, and a handshake that is stuck answer nothing at all; what was held back
arrives when it is over."""
import select
import socket
import time

from rig import Device, GET, check, check_equal, ready

PATIENCE_S = 20


def begin_connect(dev):
    """A connect under way."""
    sock = socket.socket()
    sock.setblocking(False)
    check(sock.connect_ex(dev.address) == 115, "not under way")
    return sock


def is_decided(sock, seconds):
    return bool(ready(sock, events=select.POLLOUT, within_s=seconds))


def unacked(sock):
    """Bytes that the other side has not acknowledged (TCP_INFO)."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[24:28], "little")


def is_unacked(sock):
    """Whether what was sent stays without an acknowledgement."""
    sock.sendall(b"x")
    time.sleep(0.2)  # an acknowledgement on loopback takes 0.04 s at most
    return unacked(sock) > 0


# A pulled cable: connects wait, bytes are not acknowledged, nobody is told.
dev = Device("--uptime", 100)
inside = dev.connect(then=0.01)
dev.fault("silence")
waiting = begin_connect(dev)
check(not is_decided(waiting, 0.3), "a SYN was answered")
check(is_unacked(inside.sock), "a byte was acknowledged")
dev.advance(3600)
dev.expect(conns=1)
check_equal(dev.states()[0], "Establ", "the slot")
dev.fault("silence", "off")
check(is_decided(waiting, PATIENCE_S), "no answer after the silence")
check_equal(waiting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0,
            "the connect")
dev.wait("conns=2,slot0.rx=1")

# In the middle of a reply: the rest arrives later, the FIN behind it; or, if
# it takes too long, stop() gives up, and a reset is the answer.
for seconds, whole in ((0.2, True), (40, False)):
    dev = Device("--uptime", 100, "--fault", "slow-reply=10")
    client = dev.connect(GET)
    dev.advance_until("fw=send")
    dev.advance(0.1)
    first = client.read_now()
    check(b"HTTP/1.1 200" in first and b"</html>" not in first, first)
    dev.fault("silence")
    dev.advance(seconds)
    check_equal(client.read_now(), b"", "bytes in silence")
    dev.fault("silence", "off")
    if whole:
        dev.advance_until("fw=stop")
        rest = client.read_to_end()
        check(rest.endswith(b"</html>\r\n\r\n"), rest)
        continue
    check_equal(dev.states()[0], "Closed", "the slot")
    client.sock.sendall(b"x")
    try:
        check_equal(client.read_to_end(), b"", "what comes after")
        check(False, "no reset")
    except ConnectionResetError:
        pass

# Off, and in boot until it listens: silent where it is told so, else RST.
dev = Device("--uptime", 100)
dev.command("power off")
check(dev.is_refused(), "a device without power lets a client in")
dev.fault("quiet-off")
waiting = begin_connect(dev)
check(not is_decided(waiting, 0.3), "a SYN was answered without power")
dev.command("power on")
dev.advance(1.2)
check(not is_decided(waiting, 0.1), "a SYN was answered in boot")
dev.advance(0.1)
check(is_decided(waiting, PATIENCE_S), "no answer when it listens")
dev.wait("conns=1")
dev.command("power off")
check(is_unacked(waiting), "a byte was acknowledged without power")
dev.expect(orphans=1)
dev.command("power on")
dev.advance(4)
waiting.settimeout(PATIENCE_S)
try:
    check_equal(waiting.recv(1), b"", "after power on")
    check(False, "no reset after power on")
except ConnectionResetError:
    pass

# A handshake that is stuck, as its client sees it.
dev = Device("--uptime", 100, "--fault", "syn-stuck=nth:1,ms:5000,silent")
stuck = dev.connect()
check_equal(dev.states()[0], "SynRecv", "the slot")
check(is_unacked(stuck.sock), "a byte was acknowledged in 0x16")
dev.advance(6)
check_equal(dev.states()[0], "Closed", "the slot after its time")
