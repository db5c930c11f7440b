#!/usr/bin/env python3
"""Proves that `sallyport status --watch` fits a terminal of 80x24 and one of
200x50, follows its size and the proxy's state, survives the proxy's restart,
and leaves the terminal as it was, ended by q, INT or TERM."""
import os
import re
import shlex
import signal
import socket
import sys
import threading

sys.path.insert(0, "tests/lib")
from peer import Client, echoed
from sallyport import (ECHOD, PROGRAM, Listening, folder, needs, own_network,
                       proc, run, until)
from stand import Proxy

needs("tmux")
own_network()
HERE = folder()
CTL, FAKE = HERE + "/lab.ctl", HERE + "/fake.ctl"
SIGNALS = re.compile(r"^SigCgt:\s*(\w+)", re.M)


def term(*words):
    return run("tmux", "-f", "/dev/null", "-S", HERE + "/tmux", *words)


def screen(*options):
    return term("capture-pane", "-p", *options)


def shows(pattern):
    until("the screen shows " + pattern,
          lambda: re.search(pattern, screen(), re.M))


def fits(columns, rows):
    """Lines that the terminal had to wrap come out as one."""
    lines = [line.rstrip() for line in screen("-J").splitlines()]
    assert len(lines) <= rows, lines
    assert all(len(line) <= columns for line in lines), lines


def types(*line):
    term("send-keys", *line)


def runs(ctl):
    types("%s status %s --watch; echo ended $?" % (
        shlex.quote(os.path.abspath(PROGRAM)), ctl), "Enter")


def watch():
    runs(CTL)
    shows("^device up since")


def watcher(ctl):
    """The process that watches."""
    shell = int(term("display", "-p", "#{pane_pid}"))
    return until("it runs", lambda: next(
        (pid for pid in map(int, proc(
            shell, "task/%d/children" % shell).split())
         if ctl in proc(pid, "cmdline")), None))


def left(number):
    """The screen of before is back, with a cursor, and what is typed is seen.
    A prompt stands before an answer if the line was typed before it came."""
    def answers(text):
        return re.search("^(> )*" + text, screen(), re.M)
    until("the terminal is as before", lambda: answers("ended 0") and term(
        "display", "-p", "#{alternate_on} #{cursor_flag}") == "0 1\n")
    types("echo 4%d" % number, "Enter")
    until("what is typed is seen", lambda: answers("4%d" % number))
    assert "echo 4%d" % number in screen(), "the terminal does not echo"
    types("clear", "Enter")
    until("the screen is empty", lambda: not answers("ended"))


def serve(echod):
    return Proxy(echod.listen, "--name", "lab", "--control", CTL, "--gate",
                 "data", "--slots", "1", "--down-after", "100ms",
                 "--connect-retry", "0", profile="raw", single=False)


def sizes_and_states(echod, proxy):
    watch()
    for _ in range(3):
        echoed(proxy)
    shows("^accepted 3, done 3")
    shows("^slots 0 of 1 taken")
    fits(80, 24)
    term("resize-window", "-x", "200", "-y", "50")
    one = Client(proxy, b"foo").expect(b"foo")
    two = Client(proxy, b"foo")
    shows(r"^waiting: 127\.0\.0\.1")
    fits(200, 50)
    term("resize-window", "-x", "40", "-y", "10")
    shows("^device up since")
    fits(40, 10)
    one.fin().ends()
    two.expect(b"foo").fin().ends()
    proxy.terminate()
    shows("not running")
    proxy = serve(echod)
    shows("^device up since")
    types("q")
    left(1)
    watch()
    types("C-c")
    left(2)
    return proxy


class Answers:
    """Answers on a control socket with what it is told to."""

    def __init__(self, text):
        self.text, self.sock = text, socket.socket(socket.AF_UNIX)
        self.sock.bind(FAKE)
        self.sock.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            asker = self.sock.accept()[0]
            asker.recv(99)
            asker.sendall(self.text.encode())
            asker.close()


def odd_answers():
    """A character is a column, whatever its bytes; what a longer line left
    goes; another size is not waited for."""
    fake = Answers("▄" * 60 + "\n")
    runs(FAKE)
    shows("^%s\n%s$" % ("▄" * 40, "▄" * 20))
    fake.text = "short\nlast\n"
    shows("^short$")
    caught = int(SIGNALS.search(proc(watcher(FAKE), "status"))[1], 16)
    assert caught >> (signal.SIGWINCH - 1) & 1, "SIGWINCH is not caught"
    types("q")
    left(4)


def main():
    os.environ["LC_ALL"] = "C.UTF-8"
    echod = Listening(ECHOD, "--fork")
    proxy = serve(echod)
    term("new-session", "-d", "-x", "80", "-y", "24",
         "ENV='' PS1='> ' exec sh")
    try:
        proxy = sizes_and_states(echod, proxy)
        odd_answers()
        watch()
        os.kill(watcher(CTL), signal.SIGTERM)
        left(3)
        proxy.terminate()
    finally:
        term("kill-server")


if __name__ == "__main__":
    main()
