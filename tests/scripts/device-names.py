#!/usr/bin/env python3
"""Proves that a name which does not resolve ends nothing: the proxy starts,
says so, asks again, and from the answer on serves; and that other addresses
are used from the next connection on."""
import os
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client, echoed
from sallyport import (ECHOD, Listening, folder, hosts, own_network, until,
                       works, write)
from stand import Proxy

own_network(needed=True)
HOSTS = hosts()
works("mount", "--bind", write(folder() + "/nsswitch", "hosts: files"),
      "/etc/nsswitch.conf")
ECHO = Listening(ECHOD, "--fork", "127.0.0.2:0")
DEVICE = "device.test:%d" % ECHO.port


def start(*flags, profile="raw"):
    return Proxy(DEVICE, *flags, profile=profile, single=False)


def names(*addresses):
    """What the system knows of the device."""
    with open(HOSTS, "w") as file:
        for address in addresses:
            file.write(address + " device.test\n")


def finds_the_device(proxy):
    return proxy.find("is now 127.0.0.2:%d" % ECHO.port)


def fails(proxy, count, cause):
    """A client is not served, the proxy's `count`th."""
    Client(proxy).drain()
    proxy.logged(count, "cause=" + cause)


proxy = start()
proxy.says("does not resolve")
fails(proxy, 1, "unreachable")
names("127.0.0.2")
until("it has the address", lambda: finds_the_device(proxy))
echoed(proxy)
proxy.terminate()

# It moves; who was connected stays.
names("127.0.0.9")
proxy = start("--resolve-every", "200ms")
fails(proxy, 1, "connect-refused")
names("127.0.0.2")
until("it has the address", lambda: finds_the_device(proxy))
stays = Client(proxy, b"foo").expect(b"foo")
names("127.0.0.9", "127.0.0.8")
proxy.says("is now 127.0.0.[89]:%d, and 1 more" % ECHO.port)
stays.say(b"bar").expect(b"bar").fin().ends()
fails(proxy, 2, "connect-refused")

# Gone altogether: the last known are kept, and said once a try. A reload does
# not make it forget them.
names()
proxy.says("known so far are kept")
proxy.reload()
fails(proxy, 3, "connect-refused")
proxy.terminate()

# A failed probe has it looked up, however rarely that is due.
names("127.0.0.9")
proxy = start("--resolve-every", "1h", "--probe-backoff", "50ms..100ms",
              "--down-after", "1,1ms", "--connect-retry", "0", profile="w5500")
names("127.0.0.2")
until("it has the address", lambda: Client(proxy, REQUEST).drain() and
      finds_the_device(proxy))
proxy.terminate()

# Another device: who waits in the worker before still gets to that worker's.
CONF = os.path.join(folder(), "conf")


def settings(device):
    write(CONF, "listen 127.0.0.1:0", "device " + device, "slots 1",
          "queue-timeout 10m", "drain-timeout 10m", "resolve-every 200ms")


names("127.0.0.2")
settings(DEVICE)
proxy = Proxy(None, "-c", CONF, single=False)
stays = Client(proxy, b"foo").expect(b"foo")
waits = Client(proxy, b"foo")
proxy.counts(queue=1)
settings("device.test:1")
proxy.reload()
names("127.0.0.9")
proxy.says("is now 127.0.0.9:1, ")
stays.close()
waits.expect(b"foo").close()
proxy.terminate()
