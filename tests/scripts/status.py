#!/usr/bin/env python3
"""Proves that the control socket, `sallyport status` and the admin address say
how the device and its clients are, with the numbers of the log, and that
hostile askers get nothing and cost nobody anything."""
import concurrent.futures
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, "tests/lib")
from ask import ask, check_metrics, compare, get
from peer import Client, echoed
from sallyport import (ECHOD, PROGRAM, Listening, Program, Started, folder,
                       own_network, run, until, write)
from stand import Proxy

HAS_NETWORK = own_network()
HERE = folder()
CTL, METRICS = HERE + "/lab.ctl", HERE + "/lab.prom"
MANY = 45
status = functools.partial(run, PROGRAM, "status", CTL)
control = functools.partial(run, PROGRAM, "control", CTL)


def says(text, *patterns):
    for pattern in patterns:
        assert re.search(pattern, text, re.M), (pattern, text)


def comes(pattern, asked):
    until("it says " + pattern, lambda: re.search(pattern, asked(), re.M))


def status_now(ctl=CTL):
    """What it says, with whatever exit status."""
    return subprocess.run([PROGRAM, "status", ctl], capture_output=True,
                          text=True, check=False).stdout


def told(pattern):
    comes(pattern, status_now)


def nobody_at_the_device():
    until("nobody is there", lambda: "\nat the device" not in status_now())


def before_there_is_a_proxy():
    says(status(status=2), "nothing runs there: expected ")
    says(run(PROGRAM, "status", write(CTL + ".conf"), status=2),
         "is no socket: expected ")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(CTL)
        mute.listen()
        asker = Program(PROGRAM, "status", CTL)
        mute.accept()[0].close()
        asker.says("it does not answer")
        asker.finish(2)
    os.unlink(CTL)
    run(PROGRAM, "status", "/" + "0" * 200, status=2)
    says(status("--no", status=64), 'unexpected "--no": expected$')
    says(run(PROGRAM, "control", status=64),
         'missing NAME and WORD after "control": expected$')
    says(control(status=64), r'missing WORD after ".*lab\.ctl": expected$')
    says(run(PROGRAM, "control", "--json", status=64), "missing NAME and WORD")
    says(control("hold", "-x", status=64), 'unexpected "-x": expected$')
    for command in "status", "control":
        says(run(PROGRAM, command, "--help"), "^  sallyport control NAME")


def who_is_there(proxy, admin):
    """Who is at the device, since when, and who waits; each view asks the
    worker by itself. A worker that hangs is said to."""
    for _ in range(3):
        echoed(proxy)
    told("^accepted 3, done 3$")
    says(status(), "^device up since .*: not down so far",
         "^slots 0 of 1 taken, 0 quarantined; 0 of 64 waiting")
    one = Client(proxy)
    comes(r"^127\.0\.0\.1:\d+ +gate ", lambda: control("conns"))
    one.say(b"foo").expect(b"foo")
    comes(r'"at_device":\[{"client":"127\.0\.0\.1:',
          lambda: get(admin, "/status.json").decode())
    assert '"state":"relay"' in control("json", "conns")
    conns = control("--json", "conns")
    assert '"state":"relay"' in conns, conns
    assert not re.search(r'"for_ms":(\d*),"connected_ms":\1,', conns), conns
    told(r"^at the device: 127\.0\.0\.1:\d+ \d+ s")
    two = Client(proxy, b"bar")
    told(r"^waiting: 127\.0\.0\.1:\d+ \d+ s")
    os.kill(proxy.worker(), signal.SIGSTOP)
    told("^no worker: nobody is served; it hangs")
    status(status=1)
    os.kill(proxy.worker(), signal.SIGCONT)
    told("^device up")
    one.fin().ends()
    two.expect(b"bar").fin().ends()
    nobody_at_the_device()


def ends_by_order(proxy):
    """Each connection is shown; when one is ended, the next gets its slot."""
    one = Client(proxy, b"foo").expect(b"foo")
    told(r"^at the device: 127\.0\.0\.1:\d+ ")
    two = Client(proxy, b"bar")
    told(r"^waiting: 127\.0\.0\.1:\d+ ")
    says(control("conns"),
         "^client +state +for +connected +bytes in +bytes out$",
         r"^%s +relay +\d+ s +\d+ s +3 +3$" % one.name,
         r"^%s +queue +\d+ s +\d+ s +3 +0$" % two.name)
    says(control("json", "conns"),
         r'^{"conns":\[{"client":"%s","state":"relay",.*"more":0}$' % one.name)
    says(control("end", "127.0.0.1:1", status=1),
         "^error: no connection of that client$")
    says(control("end", "greenhouse", status=1), "^error: end: expected ")
    says(control("end", one.name), "^ok: connections ended: 1$")
    two.expect(b"bar").fin().ends()
    one.ends("RST")
    proxy.logged(1, "client=%s .* cause=forced state=R" % one.name)
    nobody_at_the_device()
    one = Client(proxy, b"foo").expect(b"foo")
    told(r"^at the device: 127\.0\.0\.1:\d+ ")
    says(control("json", "end", "127.0.0.1"),
         '^{"ok":true,"msg":"connections ended: 1"}$')
    one.ends("RST")


def many_wait(proxy):
    """All are shown."""
    one = Client(proxy, b"foo").expect(b"foo")
    with concurrent.futures.ThreadPoolExecutor(MANY) as pool:
        many = [pool.submit(echoed, proxy) for _ in range(MANY)]
        until("all wait", lambda: control("conns").count(" queue ") == MANY)
        one.fin().ends()
    for each in many:
        each.result()


def orders(proxy):
    """They hold before the worker hears of it, and for the next one, too."""
    up, worker = json.loads(status("--json")), proxy.worker()
    os.kill(worker, signal.SIGSTOP)
    control("hold")
    held = status(status=3)
    since = json.loads(status("--json", status=3))
    assert since["since_ms"] < up["since_ms"], "not held since the order"
    os.kill(worker, signal.SIGCONT)
    says(held, "^device held since .*: by order; ")
    advice = re.search(r"sallyport control (\S+) (release)$", held, re.M)
    says(status("--json", status=3), '^{"state":"held","headline":')
    os.kill(worker, signal.SIGKILL)
    told("^device held")
    Client(proxy, b"x").drain()
    proxy.logged(1, " cause=device-held ")
    run(PROGRAM, "control", *advice.groups())
    status()


def goes_down(proxy, admin, echod):
    """It is down since the worker saw it, however late the keeper hears."""
    echod.signal(signal.SIGTERM)
    until("the device has ended", echod.ended)
    proxy.signal(signal.SIGSTOP)

    def is_down():
        Client(proxy, b"x").drain()
        return proxy.find("device down: ")
    until("the device is down", is_down)
    time.sleep(0.3)  # so late
    proxy.signal(signal.SIGCONT)
    told("^device down")
    since = json.loads(status("--json", status=1))
    assert (since["changes"][-1]["at_ms"] + since["since_ms"] <=
            time.time() * 1000 + 50), since
    says(status(status=1),
         "^device down since .*does not accept connections; .*next client")
    says(get(admin, "/").decode(), '<b id="state">down</b>',
         '<td class="held">held<td>by order')


def numbers(proxy, admin):
    """They are those of the log, and the metrics those of the manual."""
    compare(json.loads(control("json", "status")), proxy.lines)
    metrics = get(admin, "/metrics").decode()
    with open("man/sallyport.8", encoding="utf-8") as manual:
        named = re.findall("sallyport_[a-z_]*", manual.read())
    there = [name + "_total" * (kind == "counter") for name, kind in
             re.findall(r"^# TYPE ([a-z_]*) (\w*)", metrics, re.M)]
    assert sorted(named) == sorted(there), set(named) ^ set(there)
    check_metrics(metrics)

    def in_file():
        with open(METRICS, encoding="utf-8") as file:
            return file.read()
    comes('^sallyport_slots{proxy="lab"} 1', in_file)
    check_metrics(in_file())
    # Its lint wants to hear more; what counts is that it can read all.
    if shutil.which("promtool"):
        tool = subprocess.run(["promtool", "check", "metrics"],
                              input=in_file(), text=True, check=False,
                              capture_output=True)
        assert tool.returncode != 1, tool


def words(proxy):
    """Words that are none, and those that workers hear of, as they do of what
    is ended after it."""
    def logs_at(level):
        control("log-level", level)
        control("end", "10.9.9.9", status=1)
        Client(proxy, b"x").drain()
    says(control("holdd", status=1), "^error: not a word known here")
    says(control("hold", "now", status=1), "^error: too many words")
    says(control("log-level", "loud", status=1), "^error: log-level: expected")
    control("log-level", "debug")
    lines = len(proxy.matching(" cause="))
    logs_at("error")
    control("end", "10.9.9.9", status=1)
    assert len(proxy.matching(" cause=")) == lines, "the worker logs as before"
    logs_at("info")
    proxy.logged(lines + 1, " cause=")
    says(control("help"), "^reset-health")


def others():
    """Another user is refused; one of the group may read."""
    def other(group):
        return ("setpriv", "--reuid=65534", "--regid=%d" % group,
                "--clear-groups")
    if os.getuid() != 0 or not shutil.which("setpriv") or subprocess.run(
            [*other(65534), "test", "-x", HERE], check=False).returncode:
        return
    asked = (PROGRAM, "control", CTL)
    says(run(*other(65534), *asked, "status", status=2),
         "Permission denied: expected root")
    run(*other(0), *asked, "status")
    for order in ["hold"], ["end", "127.0.0.1"]:
        says(run(*other(0), *asked, *order, status=1),
             "only root and the user of this proxy")


def hostile_at_the_page(admin):
    """Only what reads, and only by address."""
    def starts(reply, code, what):
        assert reply.startswith(b"HTTP/1.1 %d" % code), (what, reply)
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.", " ",
                 "[::1"):
        starts(get(admin, "/", host=host), 421, host)
    for host in "127.0.0.1", "localhost:80", "[::1]:1", "[fe80::1]":
        starts(get(admin, "/", host=host), 200, host)
    for method in "POST", "PUT", "DELETE", "get", "OPTIONS":
        starts(get(admin, "/", method), 405, method)
    for path in "/", "/metrics", "/status.json", "/none":
        head = get(admin, path).partition(b"\r\n\r\n")[0] + b"\r\n"
        for field in (b"Cache-Control: no-store",
                      b"X-Content-Type-Options: nosniff",
                      b"Content-Security-Policy: default-src 'none'; "
                      b"style-src 'unsafe-inline'"):
            assert b"\r\n" + field + b"\r\n" in head, (path, field, head)
    reply = get(admin, "/metrics", "HEAD")
    starts(reply, 200, "HEAD")
    assert reply.endswith(b"\r\n\r\n"), reply
    starts(get(admin, "/../etc/passwd"), 404, "a path")
    assert b"<script" not in get(admin, "/<script>alert(1)</script>")
    for junk in (b"\n\n", b"GET /\r\n\r\n", b"\0" * 100 + b"\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: 1.2.3.4\r\nHost: 1.2.3.4\r\n\r\n"):
        starts(ask(admin, junk), 400, junk)
    assert ask(admin, b"a" * 100000) == b""
    # Of many silent ones the last are sent away without having asked; who asks
    # is answered all the same.
    silent = [Client(admin) for _ in range(200)]
    starts(get(admin, "/status.json"), 200, "among silent ones")
    with contextlib.suppress(ConnectionResetError):
        assert silent[-1].recv(1) == b""


def hostile_at_the_socket():
    """Two silent ones keep a third waiting for a second, no longer."""
    two = [Client(CTL) for _ in range(2)]
    began = time.monotonic()
    assert ask(CTL, b"status\n").startswith(b"device ")
    assert time.monotonic() - began < 30
    for client in two:
        client.close()
    for junk in b"\n", b"\0\0\n", b"json\n", b"status status\n", b"\xff\n":
        reply = ask(CTL, junk)
        assert reply.startswith((b"error: ", b'{"ok":false')), (junk, reply)
    assert ask(CTL, b"x" * 100000) == b""


def the_lab():
    before_there_is_a_proxy()
    echod = Listening(ECHOD, "--fork")
    proxy = Proxy(
        echod.listen, "--name", "lab", "--control", CTL, "--admin",
        "127.0.0.1:0", "--metrics-file", METRICS, "--gate", "data", "--slots",
        "1", "--down-after", "100ms", "--connect-retry", "0",
        "--probe-backoff", "2s..1h", profile="raw", single=False)
    admin = proxy.admin()
    who_is_there(proxy, admin)
    ends_by_order(proxy)
    many_wait(proxy)
    orders(proxy)
    goes_down(proxy, admin, echod)
    numbers(proxy, admin)
    words(proxy)
    others()
    hostile_at_the_page(admin)
    hostile_at_the_socket()
    status(status=1)
    proxy.terminate()
    assert not os.path.exists(CTL), "the socket's name is left"
    status(status=2)
    os.unlink(METRICS)


def reload():
    """It moves what has another address, and keeps what cannot be moved."""
    conf, moved = HERE + "/moved.conf", HERE + "/moved.ctl"

    def write_conf(metrics=METRICS, ctl=CTL, admin="127.0.0.1:0"):
        return write(conf, "name lab", "listen 127.0.0.1:0",
                     "device 127.0.0.1:9", "control " + ctl, "admin " + admin,
                     "metrics-file " + metrics)
    proxy = Started("-c", write_conf(HERE + "/none/lab.prom"))
    proxy.says("metrics-file: .*none/lab.prom.* cannot be written: No such")
    proxy.terminate()
    os.mkdir(METRICS)
    proxy = Started("-c", write_conf())
    proxy.says("metrics-file: .*lab.prom.* cannot be written: Is a directory")
    proxy.says("admin on")
    write_conf(ctl=moved, admin="off")
    control("reload")
    until("it has moved", lambda: os.path.exists(moved))
    comes("^device ", lambda: status_now(moved))
    assert not os.path.exists(CTL), "the old socket is left"
    proxy.says("admin off")
    assert not os.path.exists(METRICS + ".new"), "a half-made file is left"
    write_conf(ctl=moved, admin="nowhere")
    proxy.signal(signal.SIGHUP)
    comes("^lab: .*; the last reload or upgrade was refused",
          lambda: status_now(moved))
    write_conf(ctl=HERE + "/none/lab.ctl", admin="off")
    proxy.signal(signal.SIGHUP)
    proxy.says("none/lab.ctl.*: expected a directory that exists; control "
               "stays as it was")
    comes("^lab: [^;]*$", lambda: status_now(moved))
    run(PROGRAM, "status", moved)
    says(run(PROGRAM, "control", moved, "hold", status=1),
         "^error: these settings only relay")
    proxy.terminate()


def names():
    """Where a package puts control sockets a name is enough, and the only one
    needs none."""
    if not HAS_NETWORK or subprocess.run(
            ["mount", "-t", "tmpfs", "none", "/run"], check=False).returncode:
        return
    says(run(PROGRAM, "status", status=2),
         "no proxy has a control socket in /run/sallyport/: expected one")
    os.mkdir("/run/sallyport")
    proxy = Started("--control", "/run/sallyport/lab.ctl", "127.0.0.1:0",
                    "127.0.0.1:9")
    write("/run/sallyport/README")
    for name in [], ["lab"], ["lab.ctl"]:
        run(PROGRAM, "status", *name)
    write("/run/sallyport/den.ctl")
    says(run(PROGRAM, "status", status=64),
         r"several proxies, name one: [a-z]*\.ctl [a-z]*\.ctl$")
    proxy.terminate()


def one_process():
    """It has no keeper that could answer."""
    proxy = Proxy("127.0.0.1:9", "--control", CTL, profile="raw")
    proxy.says("^sallyport: --single: there is no keeper")
    proxy.terminate()


if __name__ == "__main__":
    the_lab()
    reload()
    names()
    one_process()
