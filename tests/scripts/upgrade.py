#!/usr/bin/env python3
"""Proves that another program takes over without a lost connection and without
a device connection beyond the slots; that what was known of the device and
the counters go on; and that a program which refuses, dies or hangs changes
nothing.

CHANGES (20) under each load; with HANG one that hangs is waited for."""
import os
import re
import signal
import sys

sys.path.insert(0, "tests/lib")
from load import under_load
from peer import REQUEST, Client, Device, echoed
from sallyport import (ECHOD, PROGRAM, Listening, folder, own_network, proc,
                       run, text, until, write)
from stand import Proxy, Scenes

own_network()
CHANGES = int(os.environ.get("CHANGES", "20"))
BUILT = os.path.abspath(PROGRAM)
ECHO = Listening(ECHOD, "--fork")
SCENES = Scenes()


def upgrade(proxy):
    said = len(proxy.lines)
    proxy.signal(signal.SIGUSR2)
    proxy.says("upgrade: .* serves", since=said)


class Upgraded(Proxy):
    """A keeper, whose program can be another one; from a file of settings."""

    def __init__(self, *settings, device=ECHO, listen="127.0.0.1:0"):
        self.folder = folder()
        self.base = ("device 127.0.0.1:%d" % device.port, "listen " + listen,
                     "listen " + self.path("name.sock"),
                     "control " + self.path("ctl"))
        self.set(*settings)
        self.install(BUILT)
        super().__init__(None, "-c", self.path("conf"), single=False,
                         program=self.path("sallyport"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def set(self, *settings):
        write(self.path("conf"), *self.base, *settings)

    def install(self, program):
        """That is the program on disk from now on. Copied by others: what this
        process has open to write, a child of another scene may have, too."""
        run("cp", program, self.path("next"))
        os.rename(self.path("next"), self.path("sallyport"))

    def install_script(self, *lines):
        os.chmod(write(self.path("script"), "#!/bin/sh", *lines), 0o755)
        self.install(self.path("script"))

    def install_slow(self):
        """One that starts when it is told so, by what is returned."""
        os.mkfifo(self.path("fifo"))
        self.install_script("read -r _ <" + self.path("fifo"),
                            'exec %s "$@"' % BUILT)
        return lambda: os.write(os.open(self.path("fifo"), os.O_RDWR), b"\n")

    def control(self, *words, name="ctl"):
        return run(BUILT, *words[:1], self.path(name), *words[1:])


def has_a_slot_at_rest(proxy):
    return "slots 0 of 1 taken, 1 quarantined" in proxy.control("status")


@SCENES.alone
def whoever_started_it_sees_one_process():
    """So do signals; who is connected stays so; the counters go on."""
    proxy = Upgraded()
    stays = Client(proxy, b"foo").expect(b"foo")
    upgrade(proxy)
    echoed(proxy)
    proxy.signal(signal.SIGHUP)
    proxy.logged(1, "reload: waits until an older worker")
    stays.say(b"bar").expect(b"bar").fin().ends()
    proxy.logged(1, "in=6 out=6 .* cause=done")
    proxy.logged(1, "settings loaded")
    upgrade(proxy)
    echoed(proxy)
    assert proxy.counters()["accepted"] == 3
    proxy.stop()
    again = Upgraded(listen=proxy.listen)
    echoed(again)
    again.terminate()


@SCENES.alone
def orders_reach_those_who_are_still_with_the_program_before():
    """The log is opened again, its level changes, the second TERM ends them."""
    file = os.path.join(folder(), "file")

    def says(pattern):
        until(pattern, lambda: re.search(pattern, text(file)))
    proxy = Upgraded("drain-timeout 10m", "log " + file)
    stays = Client(proxy, b"foo").expect(b"foo")
    proxy.control("control", "upgrade")
    says("upgrade: .* serves")
    os.rename(file, file + ".1")
    proxy.signal(signal.SIGHUP)
    says("reopened")
    proxy.control("control", "log-level", "debug")
    proxy.signal(signal.SIGTERM)
    says("draining")
    proxy.terminate()
    says("cause=forced state=R")
    stays.drain()


@SCENES.alone
def what_is_no_use_changes_nothing():
    """And it is said."""
    proxy = Upgraded()
    proxy.set("slots many")
    proxy.signal(signal.SIGUSR2)
    proxy.logged(1, "upgrade refused: .* ended with status 78")
    echoed(proxy)
    proxy.set()
    for line, how in (("exit 3", "ended with status 3"),
                      ("kill -SEGV $$", "was ended by signal 11")):
        proxy.install_script(line)
        proxy.signal(signal.SIGUSR2)
        proxy.logged(1, "upgrade refused: .* " + how)
    os.remove(proxy.path("sallyport"))
    proxy.signal(signal.SIGUSR2)
    proxy.logged(1, "upgrade refused: .* ended with status 69")
    proxy.install_script("SALLYPORT_UPGRADE=0${SALLYPORT_UPGRADE#?}",
                         'exec %s "$@"' % BUILT)
    proxy.signal(signal.SIGUSR2)
    proxy.logged(2, "upgrade refused: .* ended with status 69")
    assert proxy.find("hands over in another way")
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def one_that_hangs():
    proxy = Upgraded()
    hangs = proxy.path("hangs")
    # Far beyond the test.
    proxy.install_script("echo $$ >" + hangs, "exec sleep 1000")
    worker = proxy.worker()

    def hanging():
        write(hangs)
        proxy.signal(signal.SIGUSR2)
        return int(until("one hangs", lambda: text(hangs).strip()))

    # If it dies it is no different; nobody waits for it meanwhile.
    pid = hanging()
    echoed(proxy)
    os.kill(pid, signal.SIGKILL)
    proxy.logged(1, "upgrade refused: .* was ended by signal 9")
    # A worker that dies meanwhile is not left without a successor.
    hanging()
    os.kill(worker, signal.SIGKILL)
    proxy.logged(2, "upgrade refused: .* was ended by signal 9")
    echoed(proxy)
    if os.environ.get("HANG"):
        hanging()
        until("it is ended", lambda: len(proxy.matching(
            "upgrade refused: .* was ended by signal 9")) == 3, 90)
        echoed(proxy)
    proxy.terminate()


@SCENES.alone
def a_control_socket_that_moves_at_an_upgrade():
    """It leaves nothing behind."""
    proxy = Upgraded("admin 127.0.0.1:0")
    *proxy.base, control = proxy.base
    proxy.set("control " + proxy.path("moved"), "admin 127.0.0.1:0")
    upgrade(proxy)
    proxy.control("status", name="moved")
    assert not os.path.exists(proxy.path("ctl"))
    proxy.set(control)
    upgrade(proxy)
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def what_is_asked_for_while_another_program_starts():
    """It is done by that one: the one before it has neither sockets nor a say
    any more."""
    proxy = Upgraded()
    go = proxy.install_slow()
    proxy.signal(signal.SIGUSR2)
    proxy.says("is started as process")
    proxy.signal(signal.SIGUSR2)
    proxy.signal(signal.SIGHUP)
    proxy.says("reload: waits", 2)
    proxy.install(BUILT)
    go()
    proxy.says("upgrade: .* serves", 2)
    proxy.says("settings loaded")
    echoed(proxy)
    for line in proxy.matching(": ready "):
        assert "on " + proxy.listen in line, line
    Client(proxy.path("name.sock"), b"foo").expect(b"foo").close()
    proxy.control("status")
    proxy.terminate()
    for name in "name.sock", "ctl":
        assert not os.path.exists(proxy.path(name)), name


@SCENES.alone
def term_while_another_program_starts():
    """It ends both, and that is no failure."""
    proxy = Upgraded()
    go = proxy.install_slow()
    proxy.signal(signal.SIGUSR2)
    proxy.says("is started as process")
    proxy.signal(signal.SIGTERM)
    proxy.says("draining: ")
    go()
    proxy.finish()


def upgrade_waits(proxy):
    """The old worker is stopped before it has said what it keeps, and the new
    program waits for that."""
    worker = proxy.worker()
    os.kill(worker, signal.SIGSTOP)
    proxy.signal(signal.SIGUSR2)
    until("another program and its worker sleep", lambda: sorted(
        re.findall(r"State:\t(.)", "".join(
            proc(pid, "status") for pid in proxy.pids()))) == [*"SSST"])
    return lambda: os.kill(worker, signal.SIGCONT)


@SCENES.alone
def term_before_the_old_worker_has_said_what_it_keeps():
    """The new program waits for the old one to leave, which then has both to
    end."""
    proxy = Upgraded()
    go = upgrade_waits(proxy)
    proxy.signal(signal.SIGTERM)
    go()
    proxy.finish()


@SCENES.alone
def the_new_worker_dies_before_the_old_one_has_said_what_it_keeps():
    """The old one cannot be asked to stay: the new program starts another."""
    proxy = Upgraded("slots 1")
    go = upgrade_waits(proxy)
    os.kill(proxy.worker(), signal.SIGKILL)
    proxy.says("another worker is started")
    go()
    proxy.says("upgrade: .* serves")
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def asked_before_the_old_worker_has_said_what_it_keeps():
    """The new program answers, and what it is told holds."""
    proxy = Upgraded("profile w5500")
    go = upgrade_waits(proxy)
    for _ in range(8):
        assert "device up since" in proxy.control("status")
        proxy.control("control", "hold")
        proxy.control("control", "release")
    proxy.control("control", "hold")
    go()
    proxy.says("upgrade: .* serves")
    assert "by order" in run(BUILT, "status", proxy.path("ctl"), status=3)
    proxy.control("control", "release")
    assert "device up" in proxy.control("status")
    proxy.terminate()


@SCENES.alone
def orders_while_another_program_starts():
    """None of them is in its way, and what still matters reaches it."""
    file = os.path.join(folder(), "file")
    proxy = Upgraded("profile w5500", "log " + file)
    go = proxy.install_slow()
    proxy.control("control", "upgrade")
    until("it is started", lambda: "started as process" in text(file))
    proxy.control("control", "hold")
    proxy.signal(signal.SIGHUP)
    until("the log is open", lambda: "log reopened" in text(file))
    proxy.control("control", "log-level", "debug")
    proxy.install(BUILT)
    go()
    until("it serves", lambda: re.search("upgrade: .* serves", text(file)))
    run(BUILT, "status", proxy.path("ctl"), status=3)
    proxy.terminate()


def what_is_known_of_the_device(change):
    """Down stays down, held stays held, slots in quarantine stay there."""
    device = Device(backlog=None)
    proxy = Upgraded("profile w5500", "down-after 1,1ms", "connect-retry 0",
                     "probe-backoff 10m..10m", device=device)

    def is_down():
        client = Client(proxy, REQUEST)
        return client.outcome() == "503" and proxy.end_of(
            client)["cause"] == "device-down"
    until("the device is down", is_down)
    refusals = len(proxy.matching("cause=connect-refused"))
    change(proxy)
    assert is_down()
    proxy.logged(refusals, "cause=connect-refused")
    proxy.control("control", "hold")
    change(proxy)
    run(BUILT, "status", proxy.path("ctl"), status=3)
    proxy.terminate()

    # The device lets a reset pass unheard, so its slot rests.
    device.listen()
    proxy = Upgraded("profile w5500", "device-abort fin", "down-after 0",
                     "first-byte-timeout 200ms", "probe-backoff 10m..10m",
                     device=device)
    Client(proxy, REQUEST).gets("504")
    until("its slot rests", lambda: has_a_slot_at_rest(proxy))
    change(proxy)
    assert has_a_slot_at_rest(proxy)
    proxy.terminate()


def another_device_begins_as_one_that_is_up(change):
    """What is known of the one before is not known of it; but an order to hold
    the device stands."""
    gone, other, third = Device(backlog=None), Device(), Device()

    def settings(device, *more):
        proxy.base = ("device " + device.name, *proxy.base[1:])
        proxy.set("profile w5500", *fragile, *more)
        change(proxy)
        proxy.protects = device

    fragile = ("connect-retry 0", "probe-backoff 10m..10m",
               "down-after 1,1ms")
    proxy = Upgraded("profile w5500", *fragile, device=gone)
    until("the device is down", lambda:
          Client(proxy, REQUEST).drain() and proxy.matching("device down"))
    settings(gone, "drain-timeout 5s")
    Client(proxy, REQUEST).gets("503", cause="device-down", state="G")
    settings(other)
    proxy.serves()
    proxy.control("control", "hold")
    proxy.says("device held")
    settings(third)
    Client(proxy, REQUEST).gets("503", cause="device-held", state="G")
    proxy.control("control", "release")
    proxy.serves()
    proxy.terminate()


@SCENES.alone
def a_reload_knows_the_device():
    what_is_known_of_the_device(Proxy.reload)
    another_device_begins_as_one_that_is_up(Proxy.reload)


@SCENES.alone
def an_upgrade_knows_the_device():
    what_is_known_of_the_device(upgrade)
    another_device_begins_as_one_that_is_up(upgrade)


if __name__ == "__main__":
    if SCENES.main():
        sys.exit(1)
    under_load(upgrade, CHANGES)
    under_load(upgrade, CHANGES, slots=1)
    under_load(upgrade, CHANGES, slots=3)
