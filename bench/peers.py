"""The proxies that are compared, and the backend behind them.

Each is started on a loopback port that was free a moment ago, in a process
group of its own, pinned to one processor, and ended with that group. What it
costs is read from /proc for it and its descendants, dead ones included.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, "tests/lib")
from relays import (MANY, SOCKET_PROXYD, free_address, haproxy,
                    nginx, socket_proxyd)
from sallyport import BUILD, PROGRAM, Program, proc, write

TICK = os.sysconf("SC_CLK_TCK")
# Descriptors or processes limit the crowd of idle connections to a fraction.
COSTLY = {"socket-proxyd": 2, "socat": 20}
ENDED = FileNotFoundError, ProcessLookupError

BACKEND_CONF = """
daemon off;
worker_processes 1;
user root;
pid {dir}/backend.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 15000; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    server {{
        listen {listen} backlog=4096;
        root {dir}/www;
        location = /small {{
            return 200 "a small answer of a small device\\n";
        }}
    }}
}}
"""


class Failed(Exception):
    """A peer or a tool is missing or did not do its part."""


def split_address(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class Process(Program):
    """A child and its descendants on one processor."""

    def __init__(self, name, listen, argv, cpu):
        super().__init__(*argv, under=("taskset", "-c", str(cpu)),
                         start_new_session=True)
        self.name, self.listen = name, listen

    def stop(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        super().stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu_seconds(self):
        """To the nanosecond for the living, in clock ticks for the dead."""
        total = 0.0
        for pid in self.pids():
            with contextlib.suppress(*ENDED):
                for task in os.listdir(f"/proc/{pid}/task"):
                    total += int(proc(
                        pid, f"task/{task}/schedstat").split()[0]) / 1e9
                fields = proc(pid, "stat").rsplit(")", 1)[1].split()
                total += (int(fields[13]) + int(fields[14])) / TICK
        return total

    def memory_bytes(self, key):
        """Pss_Anon, Rss, ... summed over all processes."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(*ENDED):
                found = re.search(rf"^{key}:\s+(\d+) kB$",
                                  proc(pid, "smaps_rollup"), re.MULTILINE)
                total += int(found[1]) * 1024 if found else 0
        return total

    def wait_ready(self):
        """It serves when a connection through it is accepted."""
        for _ in range(500):
            if self.ended():
                break
            try:
                socket.create_connection(split_address(self.listen)).close()
                time.sleep(0.2)
                return self
            except ConnectionRefusedError:
                time.sleep(0.02)
        said = self.lines
        self.stop()
        raise Failed(f"{self.name} does not serve: {said}")


def start_backend(directory, cpu):
    www = pathlib.Path(directory, "www")
    www.mkdir()
    (www / "mib").write_bytes(os.urandom(1 << 20))
    listen = free_address()
    conf = write(directory + "/backend.conf",
                 BACKEND_CONF.format(dir=directory, listen=listen))
    return Process("backend", listen, [
        "nginx", "-p", directory, "-c", conf, "-e", "stderr"],
        cpu).wait_ready()


def command(name, directory, listen, device):
    """How a peer is started."""
    port = split_address(listen)[1]
    return {
        "sallyport": lambda: [
            PROGRAM, "--single", "--log-level", "error", listen, device],
        "sallyport+log": lambda: [
            PROGRAM, "--single", "--log", f"{directory}/proxy.log", listen,
            device],
        "bare": lambda: [f"{BUILD}/bench/bare", listen, device],
        "haproxy": lambda: haproxy(directory, listen, device),
        "nginx": lambda: nginx(directory, listen, device),
        "pen": lambda: ["pen", "-f", "-r", "-b", "0", "-x", str(MANY), "-c",
                        str(MANY), listen, device],
        "socket-proxyd": lambda: socket_proxyd(listen, device, "-c",
                                               str(MANY)),
        "socat": lambda: [
            "socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,"
            "backlog=4096", f"TCP:{device}"],
    }[name]()


PEERS = ("sallyport", "sallyport+log", "bare", "haproxy", "nginx", "pen",
         "socket-proxyd", "socat")


def start_peer(name, directory, device, cpu):
    listen = free_address()
    argv = command(name, directory, listen, device)
    needed = SOCKET_PROXYD if name == "socket-proxyd" else argv[0]
    if shutil.which(needed) is None:
        raise Failed(f"{name}: {needed} is not installed")
    return Process(name, listen, argv, cpu).wait_ready()
