#!/usr/bin/env python3
"""Proves that the proxy listens on and connects to IPv4, IPv6 and Unix sockets,
on several at once, by number or by name, from flags or from a file."""
import os
import signal
import stat
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import (ECHOD, PROGRAM, Listening, Started, folder, needs_ipv6,
                       own_network, run, write)
from stand import Proxy, Scenes

own_network()
needs_ipv6()
SCENES = Scenes()
TMP = folder()
ECHO = Listening(ECHOD, "--fork")
# A single process that is confined cannot remove the name of its socket.
SINGLE = "KEEPER" not in os.environ


def path(name):
    return os.path.join(TMP, name)


def raw(listen, device=ECHO.listen, *flags, **options):
    return Proxy(device, *flags, listen=listen, profile="raw", single=SINGLE,
                 **options)


def serves_on(address):
    if isinstance(address, str) and ":" in address:
        host, port = address.rsplit(":", 1)
        address = host.strip("[]"), int(port)
    client = Client(address, b"hello").fin()
    client.expect(b"hello").ends("EOF").close()


@SCENES.alone
def several_listeners():
    unix = path("several")
    proxy = raw("127.0.0.1:0", ECHO.listen, "--listen", "[::1]:0", "--listen",
                unix)
    proxy.baseline()
    assert sorted(each.rstrip("0123456789") for each in proxy.listens) == [
        unix, "127.0.0.1:", "[::1]:"], proxy.listens
    for address in proxy.listens:
        serves_on(address)
    proxy.logged(2, r"client=(127\.0\.0\.1|\[::1\]):\d+ in=5 out=5 .*=done")
    proxy.logged(1, "client=unix in=5 out=5 .* cause=done")
    proxy.back_to_baseline()
    proxy.terminate()
    assert not os.path.exists(unix), "the Unix socket is left behind"


@SCENES.alone
def who_may_connect_to_a_unix_socket():
    group = os.getgid() or 12
    for unix, flags, mode, owner in (
            (path("plain"), [], 0o640, os.getgid()),
            (path("listen-mode"), ["--listen-mode", "0606", "--listen-group",
                                   str(group)], 0o606, group)):
        proxy = raw(unix, ECHO.listen, *flags, umask=0o027)
        had = os.stat(unix)
        assert (stat.S_IMODE(had.st_mode), had.st_gid) == (mode, owner), had
        serves_on(unix)
        proxy.terminate()


@SCENES.alone
def a_unix_socket_left_by_one_that_was_killed_is_no_hindrance():
    """One that another proxy serves is."""
    unix = path("left")
    proxy = raw(unix)
    proxy.signal(signal.SIGKILL)
    proxy.finish(-signal.SIGKILL)
    proxy = raw(unix)
    serves_on(unix)
    assert unix in run(PROGRAM, unix, ECHO.listen, status=71)
    serves_on(unix)
    proxy.terminate()


@SCENES.alone
def what_is_no_socket_is_refused_and_stays():
    write(path("file"), "kept")
    os.mkfifo(path("fifo"))
    os.symlink(path("file"), path("link"))
    for name, is_kind in (("file", stat.S_ISREG), ("fifo", stat.S_ISFIFO),
                          ("link", stat.S_ISLNK)):
        assert path(name) in run(PROGRAM, path(name), ECHO.listen, status=71)
        assert is_kind(os.lstat(path(name)).st_mode), name


@SCENES.alone
def a_bare_port_is_every_address_of_this_machine():
    proxy = raw("0", str(ECHO.port))
    serves_on(("127.0.0.1", proxy.port))
    serves_on(("::1", proxy.port))
    proxy.logged(1, r"client=127\.0\.0\.1:")
    proxy.terminate()


@SCENES.alone
def devices_by_name_from_a_chosen_source_and_over_ipv6():
    ipv6 = Listening(ECHOD, "[::1]:0")
    for device, flags in (("localhost:%d" % ECHO.port, []),
                          (ECHO.listen, ["--local-address", "127.0.0.5"]),
                          (ipv6.listen, [])):
        proxy = raw("127.0.0.1:0", device, *flags)
        serves_on(proxy.address)
        proxy.terminate()
    ECHO.says(r"serves 127\.0\.0\.5:")


@SCENES.alone
def from_a_file_and_flags_win():
    conf = write(path("conf"), "# a comment", "listen 127.0.0.1:0", "",
                 "device 127.0.0.1:9   # nobody", "idle-timeout 5m")
    args = ["-c", conf, "--device", ECHO.listen]
    proxy = Started(*["--single"] * SINGLE, *args)
    serves_on(proxy.address)
    proxy.signal(signal.SIGTERM)
    proxy.finish()
    shown = run(PROGRAM, "--show-config", *args)
    for line in "device " + ECHO.listen, "idle-timeout 5m", "fin-timeout 1m":
        assert "\n%s\n" % line in "\n" + shown, (line, shown)
    # It is itself a file that says the same.
    again = write(path("shown"), *shown.splitlines())
    assert run(PROGRAM, "--show-config", "-c", again) == shown


if __name__ == "__main__":
    sys.exit(SCENES.main())
