"""Starts programs for the tests and waits for conditions: the one place that
knows the line a program writes when it is ready. What was started ends with the
test, and nothing else does. Ports are the kernel's choice; times are compared
only as deadlines far beyond what a busy machine needs.
"""
import atexit
import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

WAIT_S = 60
BIN = os.environ.get("BIN", ".")
BUILD = os.environ.get("BUILD", "build")
PROGRAM = os.path.join(BIN, "sallyport")
ECHOD = os.path.join(BIN, "contrib/echod/echod")
TEMPDEV = os.path.join(BIN, "contrib/tempdev/tempdev")
SOCKS = os.path.join(BIN, "contrib/debug/socks")
READY = ": ready on "
_started = []
_folders = []


@atexit.register
def _end_all():
    for program in _started:
        if not program.ended():  # nginx leaves its workers
            for pid in program.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    for program in _started:
        program.process.wait()
        if not program.log.closed:
            program.log.close()
    for path in _folders:
        shutil.rmtree(path, ignore_errors=True)


def end_at_once():
    """Ends what was started, and the test, which waits for no thread."""
    sys.stdout.flush()
    _end_all()
    os._exit(1)


def _tell_why(*error):
    """A test that fails shows what its programs said last."""
    sys.__excepthook__(*error)
    for program in _started:
        if program.process.poll() != 0 and not program.log.closed:
            print("---", *program.process.args[:2], file=sys.stderr)
            print(*program.lines[-12:], sep="\n", file=sys.stderr)


sys.excepthook = _tell_why

for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(_number, lambda number, frame: sys.exit(1))


def skip(reason):
    """Ends the test, whose subject this machine cannot show."""
    print(reason, flush=True)
    sys.exit(77)


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(program + " is not installed")


def works(*command):
    """Can this be run here?"""
    return not subprocess.run(command, capture_output=True,
                              check=False).returncode


def own_network(needed=False):
    """Runs the test from its start in network and mount namespaces of its own,
    where that is allowed: ports that others have used a moment ago may refuse a
    connection. `needed`: there is no test without. Has it got them?"""
    if os.environ.get("OWN_NETWORK") == str(os.getpid()):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    for rights in ([], ["--map-root-user"]) if needed else ([],):
        spaces = ["unshare", "--net", "--mount", *rights]
        if works(*spaces, "true"):
            os.environ["OWN_NETWORK"] = str(os.getpid())
            sys.stdout.flush()
            os.execvp("unshare", [*spaces, sys.executable, *sys.argv])
    if needed:
        skip("no right to make a network namespace")
    return False


def hosts(*lines):
    """The names that this machine knows, in mounts of the test's own; what is
    written into the returned file changes them."""
    names = write(os.path.join(folder(), "hosts"), *lines)
    if not works("mount", "--bind", names, "/etc/hosts"):
        skip("no right to mount")
    return names


def needs_ipv6():
    with open("/proc/net/if_inet6") as file:
        if not re.search("^0{31}1 ", file.read(), re.M):
            skip("this machine has no ::1")


def folder():
    """A folder of the test's own, which goes with it; others may enter it."""
    path = tempfile.mkdtemp(prefix="sallyport.")
    os.chmod(path, 0o711)
    _folders.append(path)
    return path


def write(path, *lines):
    """A file of these lines, whole from the moment it has its name."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
    os.rename(path + ".new", path)
    return path


class Fifo:
    """A FIFO that nobody reads but the test, when it likes."""

    def __init__(self, name="fifo"):
        self.path = os.path.join(folder(), name)
        os.mkfifo(self.path, 0o600)
        self.open()

    def open(self):
        self.end = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.closed = False

    def read(self):
        """What has come since."""
        got = b""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.end, 65536):
                got += piece
        return got.decode()

    def close(self):
        os.close(self.end)
        self.closed = True


def text(path):
    """What a file holds by now; nothing if there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def until(what, condition, within_s=WAIT_S):
    """Waits until condition() is true and returns what it gave."""
    end = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain until " + what)
        time.sleep(0.005)


def ready(*files, events=select.POLLIN, within_s=0):
    """Which of these can be read, or are at an end; `events`: or what else is
    asked. Unlike select() it knows descriptors above 1023."""
    poll = select.poll()
    for file in files:
        poll.register(file, events)
    seen = {fd for fd, _ in poll.poll(within_s * 1000)}
    return [file for file in files
            if (file if isinstance(file, int) else file.fileno()) in seen]


def run(*command, status=0, within_s=WAIT_S, **options):
    """What a command says, both streams in one; it must end with `status`, or
    fail if that is None."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          errors="replace", stderr=subprocess.STDOUT,
                          timeout=within_s, check=False, **options)
    ended = done.returncode
    assert ended if status is None else ended == status, \
        "%s ended with %d: %s" % (command, ended, done.stdout)
    return done.stdout


class Program:
    """A program in the background; `under` is a command that runs it and keeps
    its process number. What it writes on its standard error is read as it
    comes."""

    def __init__(self, *command, under=(), **options):
        self.log = tempfile.NamedTemporaryFile("r", errors="replace")
        self._lines, self._rest, self._lock = [], "", threading.Lock()
        with open(self.log.name, "a") as stderr:
            self.process = subprocess.Popen([*under, *command], **{
                "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                "stderr": stderr, **options})
        self.pid = self.process.pid
        _started.append(self)

    @property
    def lines(self):
        """What it has written so far."""
        with self._lock:
            *whole, self._rest = (self._rest + self.log.read()).split("\n")
            self._lines += whole
            return self._lines

    def find(self, text):
        return next((line for line in self.lines if text in line), None)

    def matching(self, pattern, since=0):
        return [line for line in self.lines[since:] if re.search(pattern, line)]

    def says(self, pattern, count=1, since=0):
        """Waits for `count` lines behind the first `since`; returns the last of
        them."""
        found = []

        def enough():
            found[:] = self.matching(pattern, since)
            return len(found) >= count
        try:
            until("", enough)
        except AssertionError:
            raise AssertionError("%d lines with %r wanted, %d found" % (
                count, pattern, len(found))) from None
        return found[count - 1]

    def terminate(self, number=signal.SIGTERM):
        """Ends it as an init system would; it must end well."""
        self.signal(number)
        self.finish()

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self):
        return self.process.poll() is not None

    def finish(self, status=0):
        """Waits for its end, which must be with `status`."""
        had = self.process.wait(WAIT_S)
        assert had == status, "%s ended with %d:\n%s" % (
            self.process.args, had, "\n".join(self.lines[-12:]))

    def pids(self):
        """It, and the processes it has started."""
        pids = [self.pid]
        for pid in pids:
            pids += map(int, proc(pid, "task/%d/children" % pid).split())
        return pids

    def worker(self):
        """The process that serves: the last child, if there is any."""
        return self.pids()[-1]

    def stop(self):
        if not self.ended():
            self.process.kill()
        self.process.wait()
        self.log.close()


def address_of(listen):
    """As a socket takes it: a path, or a host and a port."""
    if "/" in listen:
        return listen
    host, port = listen.rsplit(":", 1)
    return host.strip("[]"), int(port)


class Listening(Program):
    """A program that is ready. Its first address is `listen`."""

    def __init__(self, *command, **options):
        super().__init__(*command, **options)
        until("it is ready", lambda: self.find(READY) or self.ended())
        line = self.find(READY)
        assert line, "%s did not start: %s" % (self.process.args, self.lines)
        listens = line.split(READY)[1].split(", device ")[0]
        self.listens = listens.split(", ")
        self.listen = self.listens[0]

    @property
    def port(self):
        return self.address[1]

    @property
    def address(self):
        return address_of(self.listen)


class Started(Listening):
    """A proxy that is ready."""

    def __init__(self, *args, program=PROGRAM, **options):
        super().__init__(program, *args, **options)


def proc(pid, name):
    return text("/proc/%d/%s" % (pid, name))


def has_ended(pid):
    """It may be that nobody has reaped it."""
    return not re.search(r"^State:\t[^ZX]", proc(pid, "status"), re.M)


def memory_kb(pid, field="VmRSS"):
    return int(re.search(field + r":\s*(\d+) kB", proc(pid, "status"))[1])


def run_time_ns(pid):
    """Unchanged means that not one instruction ran."""
    return int(proc(pid, "schedstat").split()[0])


def is_at_rest(pid):
    """It sleeps, and goes on sleeping for a moment. One that waits for a
    processor does not run either, so its state is asked for, too."""
    def sleeps():
        return "\nState:\tS" in proc(pid, "status")
    ran_ns = run_time_ns(pid)
    if not sleeps():
        return False
    time.sleep(0.1)  # the moment
    return sleeps() and run_time_ns(pid) == ran_ns


def assert_idle(pid, what):
    """It comes to rest, then does nothing at all for longer than any
    once-a-second habit. What a slow peer still sends wakes it rightly: then it
    has to come to rest anew, but a habit never lets it."""
    def idles():
        if not is_at_rest(pid):
            return False
        rested_ns = run_time_ns(pid)
        time.sleep(1.2)  # so long
        return run_time_ns(pid) == rested_ns
    until("it idles: " + what, idles)


def assert_calm(pid, what):
    """In a second, or what a busy machine makes of it, it runs for less than a
    tenth of the time."""
    ran_ns, began_ns = run_time_ns(pid), time.monotonic_ns()
    time.sleep(1)  # the second
    ran_ns = run_time_ns(pid) - ran_ns
    took_ns = time.monotonic_ns() - began_ns
    assert ran_ns < took_ns / 10, "ran for %d of %d ms: %s" % (
        ran_ns / 1e6, took_ns / 1e6, what)


def sockets(pid):
    """Its sockets: a dictionary of the fields of each."""
    return [dict(field.split("=", 1) for field in line.split() if "=" in field)
            for line in run(SOCKS, "--machine", str(pid)).splitlines()
            if line.startswith("socket")]


def descriptors(pid):
    """Every descriptor, with every socket's addresses and state. Pipes are
    left out: those for splice stay in a pool of bounded size."""
    links = []
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            links.append(name + " " +
                         os.readlink("/proc/%d/fd/%s" % (pid, name)))
        except FileNotFoundError:
            continue
    return sorted(link for link in links if "pipe:" not in link), [
        line for line in run(SOCKS, "--machine", str(pid)).splitlines()
        if line.startswith("socket")]


def contains(program, symbol):
    with open(program, "rb") as file:
        return symbol.encode() in file.read()


def is_sanitized(program=PROGRAM):
    return contains(program, "__asan_init")
