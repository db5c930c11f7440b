"""The proxies that are compared, and the backend behind them.

Each is started on a loopback port that was free a moment ago, in a process
group of its own, pinned to one processor, and ended with that group. What it
costs is read from /proc for it and its descendants, dead ones included.
Starts it itself: all peers in one way, most of which say nothing when ready.
"""
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
MANY = 9000  # connections that every peer is allowed
# Descriptors or processes limit the crowd of idle connections to a fraction.
COSTLY = {"socket-proxyd": 2, "socat": 20}
NGINX_MODULES = "/usr/lib/nginx/modules"
SOCKET_PROXYD = "/lib/systemd/systemd-socket-proxyd"

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
        location = /small {{ return 200 "a small answer of a small device\\n"; }}
    }}
}}
"""

NGINX_CONF = """
load_module {modules}/ngx_stream_module.so;
daemon off;
worker_processes 1;
user root;
pid {dir}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 20000; }}
stream {{
    server {{
        listen {listen} backlog=4096;
        proxy_pass {device};
    }}
}}
"""

HAPROXY_CONF = """
global
    nbthread 1
    maxconn {many}
defaults
    mode tcp
    timeout connect 5s
    timeout client 10m
    timeout server 10m
listen relay
    bind {listen} backlog 4096
    server device {device}
"""


class Failed(Exception):
    """A peer or a tool is missing or did not do its part."""


def free_address():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % s.getsockname()[1]


def split_address(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


def text_of(path):
    return pathlib.Path(path).read_text(encoding="ascii", errors="replace")


class Process:
    """A child and its descendants on one processor."""

    def __init__(self, name, argv, cpu, directory, env=None, fds=()):
        self.name = name
        self.listen = None
        self.output = f"{directory}/{name}.out"
        with open(self.output, "wb") as out:
            # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=dict(os.environ, **(env or {})), pass_fds=fds,
                preexec_fn=lambda: (os.setpgid(0, 0),
                                    os.sched_setaffinity(0, {cpu})))

    def stop(self):
        try:
            self.child.terminate()
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()

    def pids(self):
        """The child and its living descendants."""
        found, todo = [], [self.child.pid]
        while todo:
            pid = todo.pop()
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    todo += map(int, text_of(
                        f"/proc/{pid}/task/{task}/children").split())
                if ") Z" not in text_of(f"/proc/{pid}/stat"):
                    found.append(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def cpu_seconds(self):
        """To the nanosecond for the living, in clock ticks for the dead."""
        total = 0.0
        for pid in self.pids():
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    total += int(text_of(
                        f"/proc/{pid}/task/{task}/schedstat").split()[0]) / 1e9
                fields = text_of(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
                total += (int(fields[13]) + int(fields[14])) / TICK
            except (FileNotFoundError, ProcessLookupError):
                continue
        return total

    def memory_bytes(self, key):
        """Pss_Anon, Rss, ... summed over all processes."""
        total = 0
        for pid in self.pids():
            try:
                text = text_of(f"/proc/{pid}/smaps_rollup")
            except (FileNotFoundError, ProcessLookupError):
                continue
            found = re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE)
            total += int(found[1]) * 1024 if found else 0
        return total

    def wait_ready(self):
        """It serves when a connection through it is accepted."""
        for _ in range(500):
            if self.child.poll() is not None:
                break
            try:
                socket.create_connection(split_address(self.listen)).close()
                time.sleep(0.2)
                return self
            except ConnectionRefusedError:
                time.sleep(0.02)
        self.stop()
        raise Failed(f"{self.name} does not serve: {text_of(self.output)}")


def start_backend(directory, cpu):
    www = pathlib.Path(directory, "www")
    www.mkdir()
    (www / "mib").write_bytes(os.urandom(1 << 20))
    listen = free_address()
    conf = pathlib.Path(directory, "backend.conf")
    conf.write_text(BACKEND_CONF.format(dir=directory, listen=listen))
    p = Process("backend", ["nginx", "-p", directory, "-c", str(conf),
                            "-e", "stderr"], cpu, directory)
    p.listen = listen
    return p.wait_ready()


def socket_proxyd(listen, device):
    """It wants a listening socket as descriptor 3, as a service manager
    hands one over; until the shell puts it there, it has a higher one. And
    it needs SIGPIPE ignored, as service managers do."""
    with socket.socket() as low:
        s = socket.socket(fileno=fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 10))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(split_address(listen))
    s.listen(4096)
    s.setblocking(False)
    script = (f"trap '' PIPE; exec 3<&{s.fileno()} {s.fileno()}<&-; LISTEN_FDS=1 "
              f"LISTEN_PID=$$ exec {SOCKET_PROXYD} -c {MANY} {device}")
    return ["bash", "-c", script], s


def commands(directory, listen, device):
    """How each peer is started: name -> (program that must exist, argv)."""
    binaries = os.environ.get("BIN", ".")
    build = os.environ.get("BUILD", "build")
    proxy = f"{binaries}/sallyport"
    host, port = split_address(device)

    def conf(name, text):
        path = pathlib.Path(directory, name + ".conf")
        path.write_text(text.format(dir=directory, listen=listen,
                                    device=device, many=MANY,
                                    modules=NGINX_MODULES))
        return str(path)

    return {
        "sallyport": (proxy, lambda: [
            proxy, "--single", "--log-level", "error", listen, device]),
        "sallyport+log": (proxy, lambda: [
            proxy, "--single", "--log", f"{directory}/proxy.log", listen,
            device]),
        "bare": (f"{build}/bench/bare", lambda: [
            f"{build}/bench/bare", listen, device]),
        "haproxy": ("haproxy", lambda: [
            "haproxy", "-q", "-f", conf("haproxy", HAPROXY_CONF)]),
        "nginx": ("nginx", lambda: [
            "nginx", "-p", directory, "-c", conf("nginx", NGINX_CONF),
            "-e", "stderr"]),
        "pen": ("pen", lambda: [
            "pen", "-f", "-r", "-b", "0", "-x", str(MANY), "-c", str(MANY),
            listen, f"{host}:{port}"]),
        "socket-proxyd": (SOCKET_PROXYD,
                          lambda: socket_proxyd(listen, device)),
        "socat": ("socat", lambda: [
            "socat", f"TCP-LISTEN:{split_address(listen)[1]},bind=127.0.0.1,"
            "fork,reuseaddr,backlog=4096", f"TCP:{device}"]),
    }


PEERS = tuple(commands("", "127.0.0.1:0", "127.0.0.1:0"))


def start_peer(name, directory, device, cpu):
    listen = free_address()
    program, make = commands(directory, listen, device)[name]
    if shutil.which(program) is None:
        raise Failed(f"{name}: {program} is not installed")
    argv, sock = make(), None
    if isinstance(argv, tuple):
        argv, sock = argv
    p = Process(name, argv, cpu, directory,
                fds=(sock.fileno(),) if sock else ())
    if sock:
        sock.close()
    p.listen = listen
    return p.wait_ready()
