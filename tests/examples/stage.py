"""A machine of its own for the test of an example, on which the files of
examples/ are used as they are, ports, addresses and paths included: a network
namespace with the device's address, and an /etc and a /run of which nothing
stays."""
import atexit
import os
import socket
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import (PROGRAM, TEMPDEV, Listening, Started, folder, needs,
                       own_network, run, skip)
from stand import Proxy

own_network(needed=True)
STAGE = folder()


def mount(*words):
    return subprocess.run(["mount", "-t", *words],
                          capture_output=True).returncode == 0


if not mount("tmpfs", "none", STAGE):
    skip("no tmpfs here")
os.mkdir(STAGE + "/etc")
os.mkdir(STAGE + "/work")
if not mount("overlay", "overlay", "-o", "lowerdir=/etc,upperdir=%s/etc,"
             "workdir=%s/work" % (STAGE, STAGE), "/etc"):
    skip("no overlay of directories here")
assert mount("tmpfs", "tmpfs", "/run")
os.mkdir("/run/lock")
atexit.register(subprocess.run, ["umount", "-l", "/run", "/etc", STAGE])


def network(address):
    """One behind this machine, where a device has this address."""
    if subprocess.run(["ip", "netns", "add", "device"],
                      capture_output=True).returncode:
        skip("no second network here")
    for words in ("link add lan type veth peer name eth0 netns device",
                  "address add 192.168.1.1/24 dev lan", "link set lan up",
                  "-n device address add %s/24 dev eth0" % address,
                  "-n device link set eth0 up"):
        run("ip", *words.split())


def device_at(address, *command):
    network(address)
    return Listening("ip", "netns", "exec", "device", *command,
                     stdout=subprocess.PIPE)


def tempdev():
    """The emulated temperature server."""
    return device_at("192.168.1.10", TEMPDEV, "--era", "E1", "--speed", "20",
                     "--listen", "192.168.1.10:80")


def standin(kind, address, port, *args):
    """One of contrib/devices."""
    return device_at(address, sys.executable, "contrib/devices/%s.py" % kind,
                     "--listen", "%s:%d" % (address, port), *args)


class Example(Proxy):
    """The proxy, with this file of examples/, which has to be without a
    fault."""

    def __init__(self, path, **options):
        run(PROGRAM, "-t", "-c", "examples/" + path)
        Started.__init__(self, "--single", "-c", "examples/" + path, **options)


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def certificate(path):
    """Key and certificate in one file."""
    needs("openssl")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "2", "-subj", "/CN=greenhouse", "-keyout", path, "-out",
        STAGE + "/certificate")
    with open(path, "a") as both, open(STAGE + "/certificate") as other:
        both.write(other.read())


def code_of(url):
    return run("curl", "--silent", "--insecure", "--max-time", "60",
               "--output", "/dev/null", "--write-out", "%{http_code}", url)


def page_from(address, url, *args):
    """The page arrives at a client of that address."""
    page = run("curl", "--silent", "--show-error", "--insecure", "--max-time",
               "60", "--interface", address, url, *args)
    assert "Temperature Server" in page, page
