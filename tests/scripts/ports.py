#!/usr/bin/env python3
"""Proves that running out of local ports ends in its own cause, and passes."""
import os
import sys

sys.path.insert(0, "tests/lib")
from peer import Client, Device
from sallyport import folder, own_network, skip, until
from stand import Proxy

own_network(needed=True)
device = Device()
try:
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as ports:
        ports.write("20000 20003\n")
except OSError:
    skip("the port range cannot be changed")

proxy = Proxy(device, "--connect-timeout", "300ms", profile="raw",
              listen=os.path.join(folder(), "proxy"))
proxy.baseline()
clients = [Client(proxy) for _ in range(4)]
socks = [device.accept() for _ in clients]
until("all ports are taken", lambda: proxy.to_device() == ["ESTABLISHED"] * 4)

Client(proxy, b"foo").drain()
end = proxy.logged(1, "cause=no-port state=D")
assert int(end["total_ms"]) >= 300, end

# The device ends one, a port comes free.
socks.pop().close()
assert not proxy.find("cause=done")
for client in clients:
    client.close()
client = Client(proxy, b"foo")
device.accept().expect(b"foo").answer(b"bar")
client.expect(b"bar").ends()
client.close()
for sock in socks:
    sock.close()
proxy.back_to_baseline()
