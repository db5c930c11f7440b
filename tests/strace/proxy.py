"""How the suite starts the proxy: the one place that knows its command line
and the line it writes when it is ready."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'contrib', 'trace'))

import tracegate                        # noqa: E402
from tracepeers import Stage            # noqa: E402

BIN = os.environ.get('BIN', '.')
PROGRAM = os.path.join(BIN, 'sallyport')
READY_TEXT = 'ready on'
READY = re.compile(rb'ready on ([0-9.]+):(\d+)')
# What its address space may grow by after READY: as good as nothing.
GROW_BYTES = 1 << 20


class Proxy(tracegate.Daemon):
    ready = READY_TEXT
    environment = {'ASAN_OPTIONS': 'detect_leaks=0'}

    def __init__(self, settings, device, trace_path, inject=(),
                 grow_bytes=GROW_BYTES):
        self.settings = settings
        super().__init__(device, trace_path, inject)
        if grow_bytes is not None:
            self.cap_memory(grow_bytes)

    def command(self):
        return [PROGRAM, *self.settings, '127.0.0.1:0',
                f'127.0.0.1:{self.device}']

    def front(self):
        m = READY.search(self.err)
        return (m[1].decode(), int(m[2])) if m else None

    def asleep(self):
        return tracegate.state(self.pid, self.pid) == 'S' and \
            tracegate.call_of(self.pid, self.pid) in tracegate.EPOLL_CALLS


def stage(gate, directory, settings, inject=(), grow_bytes=GROW_BYTES,
          **options):
    """A Stage with the proxy on it."""
    return Stage(gate, directory, lambda device, path: Proxy(
        settings, device, path, inject, grow_bytes), **options)
