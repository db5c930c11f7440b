#!/usr/bin/env python3
"""Records what strangers' programs do, as strace prints it.

    record.py [NAME...]     writes NAME.strace beside this file

Each program serves three connections: a request with FIN and its answer; a
request after which the client resets; an idle connection that the client
closes. Programs that are not installed are left out. What is recorded here
is checked, by hand, once; the verdicts stand in NAME.trace's heading.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import proxy            # noqa: F401  for its path
import relays
import tracegate
from peer import reset
from sallyport import ECHOD, write

CALLS = ('trace=%network,poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,'
         'epoll_pwait2,epoll_ctl,epoll_create,epoll_create1,read,readv,write,'
         'writev,close,close_range,dup,dup2,dup3,fcntl,pipe,pipe2,eventfd2,'
         'timerfd_create,signalfd4,splice,sendfile,clone,clone3,fork,vfork,'
         'execve,exit_group,openat,rt_sigaction,ioctl,io_uring_setup,'
         'io_uring_enter')
PYTHON = os.path.realpath(sys.executable), '-S', '-E'
TIMES = {'connect': '2s', 'idle': '9s'}


def haproxy(threads):
    return lambda d, port, device: relays.haproxy(
        d, f'127.0.0.1:{port}', f'127.0.0.1:{device}', threads, **TIMES)


def nginx(d, port, device):
    return relays.nginx(d, f'127.0.0.1:{port}', f'127.0.0.1:{device}',
                        master='off', half_close='on')


def pen(d, port, device):
    return ['pen', '-f', f'127.0.0.1:{port}', f'127.0.0.1:{device}']


def socat(d, port, device):
    return ['socat', '-t', '10', f'TCP-LISTEN:{port},bind=127.0.0.1,fork,'
            'reuseaddr', f'TCP:127.0.0.1:{device}']


def socket_proxyd(d, port, device):
    return relays.socket_proxyd(f'127.0.0.1:{port}', f'127.0.0.1:{device}')


def redis(d, port, device):
    return ['redis-server', '--port', str(port), '--bind', '127.0.0.1',
            '--save', '', '--dir', d]


def memcached(d, port, device):
    return ['memcached', '-l', '127.0.0.1', '-p', str(port), '-U', '0', '-t',
            '2', '-u', 'root']


def dropbear(d, port, device):
    key = os.path.join(d, 'key')
    subprocess.run(['dropbearkey', '-t', 'ed25519', '-f', key],
                   capture_output=True)
    return ['dropbear', '-F', '-E', '-r', key, '-p', f'127.0.0.1:{port}',
            '-P', os.path.join(d, 'pid')]


def node(d, port, device):
    return ['node', write(d + '/server.js', f"""
require('http').createServer((q, r) => r.end('hello\\n'))
    .listen({port}, '127.0.0.1');
""")]


def asyncio(d, port, device):
    return [*PYTHON, write(d + '/server.py', f"""
import asyncio
async def serve(r, w):
    w.write(await r.read(100))
    await w.drain()
    w.close()
async def main():
    s = await asyncio.start_server(serve, '127.0.0.1', {port})
    await s.serve_forever()
asyncio.run(main())
""")]


def threads(d, port, device):
    return [*PYTHON, write(d + '/server.py', f"""
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(100))
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('127.0.0.1', {port}), Echo).serve_forever()
""")]


def echod(d, port, device):
    return [ECHOD, f'127.0.0.1:{port}']


HTTP = b'GET / HTTP/1.0\r\n\r\n'
# name: command, what a client says, more options of strace
PROGRAMS = {
    'haproxy': (haproxy(1), HTTP, ['-tt']),
    'haproxy-threads': (haproxy(2), HTTP, ['-yy']),
    'nginx': (nginx, HTTP, ['-r', '-T']),
    'pen': (pen, HTTP, ['-ttt', '-x']),
    'socat': (socat, HTTP, ['-y']),
    'socket-proxyd': (socket_proxyd, HTTP, ['-X', 'raw']),
    'redis': (redis, b'PING\r\n', ['-i']),
    'memcached': (memcached, b'version\r\n', ['-n', '-Y']),
    'dropbear': (dropbear, b'SSH-2.0-nobody\r\n', ['-t']),
    'node': (node, HTTP, ['-X', 'verbose']),
    'asyncio': (asyncio, b'hello, world\n', ['-xx']),
    'threads': (threads, b'hello, world\n', []),
    'echod': (echod, b'hello, world\n', ['-k']),
}


class Stranger(tracegate.Daemon):
    def __init__(self, name, directory, device, path):
        self.words = PROGRAMS[name][0](directory, relays.free_port(), device)
        self.strace = ('-s', '64', '-e', CALLS, *PROGRAMS[name][2])
        super().__init__(device, path)

    def command(self):
        return self.words


def serve_device(listener):
    """Answers each request once it ends, or after a while."""
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],),
                             daemon=True).start()


def answer(s):
    with s, contextlib.suppress(OSError):
        if s.recv(100):
            s.sendall(b'answer of the device\n')
            end(s)


def end(s):
    s.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        while s.recv(4096):
            pass
    s.close()


def play(daemon, say):
    def client():
        tracegate.until('', daemon.asleep)
        return socket.create_connection(daemon.address, 5)
    s = client()
    s.sendall(say)
    end(s)
    s = client()
    s.sendall(say)
    s.recv(10)
    reset(s)
    s = client()
    tracegate.until('', daemon.asleep)
    end(s)
    tracegate.until('', daemon.asleep)


def record(name):
    directory = tempfile.mkdtemp(prefix='stranger-')
    listener = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=serve_device, args=(listener,),
                     daemon=True).start()
    path = os.path.join(directory, 'trace')
    daemon = None
    try:
        daemon = Stranger(name, directory, listener.getsockname()[1], path)
        play(daemon, PROGRAMS[name][1])
        try:
            daemon.stop(5)
        except tracegate.Stall:
            pass
        shutil.copy(path, os.path.join(HERE, name + '.strace'))
    finally:
        if daemon:
            daemon.kill()
        listener.close()
        shutil.rmtree(directory, ignore_errors=True)


def main(names):
    for name in names or PROGRAMS:
        start = time.monotonic()
        try:
            record(name)
            print(f'{name}: {time.monotonic() - start:.1f} s')
        except (tracegate.Stall, OSError) as e:
            print(f'{name}: {type(e).__name__}: {e}')


if __name__ == '__main__':
    main(sys.argv[1:])
