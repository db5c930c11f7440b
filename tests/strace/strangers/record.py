#!/usr/bin/env python3
"""Records what strangers' programs do, as strace prints it.

    record.py [NAME...]     writes NAME.strace beside this file

Each program serves three connections: a request with FIN and its answer; a
request after which the client resets; an idle connection that the client
closes. Programs that are not installed are left out. What is recorded here
is checked, by hand, once; the verdicts stand in NAME.trace's heading.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import proxy            # noqa: E402, F401  for its path
import tracegate        # noqa: E402

CALLS = ('trace=%network,poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,'
         'epoll_pwait2,epoll_ctl,epoll_create,epoll_create1,read,readv,write,'
         'writev,close,close_range,dup,dup2,dup3,fcntl,pipe,pipe2,eventfd2,'
         'timerfd_create,signalfd4,splice,sendfile,clone,clone3,fork,vfork,'
         'execve,exit_group,openat,rt_sigaction,ioctl,io_uring_setup,io_uring_enter')
RESET = struct.pack('ii', 1, 0)
PYTHON = os.path.realpath(sys.executable)


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, 'w') as f:
        f.write(text)
    return path


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def haproxy(threads):
    def command(d, port, device):
        return ['haproxy', '-f', write(d, 'haproxy.cfg', f'''
global
    nbthread {threads}
    maxconn 100
defaults
    mode tcp
    timeout connect 2s
    timeout client 9s
    timeout server 9s
listen a
    bind 127.0.0.1:{port}
    server s 127.0.0.1:{device}
''')]
    return command


def nginx(d, port, device):
    return ['nginx', '-c', write(d, 'nginx.conf', f'''
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process off;
pid {d}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
stream {{ server {{ listen 127.0.0.1:{port}; proxy_half_close on;
    proxy_pass 127.0.0.1:{device}; }} }}
'''), '-p', d]


def pen(d, port, device):
    return ['pen', '-f', f'127.0.0.1:{port}', f'127.0.0.1:{device}']


def socat(d, port, device):
    return ['socat', '-t', '10', f'TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr',
            f'TCP:127.0.0.1:{device}']


ACTIVATE = """
import os, socket, sys
s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def socket_proxyd(d, port, device):
    return [PYTHON, '-S', '-E', '-c', ACTIVATE, str(port),
            '/lib/systemd/systemd-socket-proxyd', f'127.0.0.1:{device}']


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
    return ['node', write(d, 'server.js', f'''
require('http').createServer((q, r) => r.end('hello\\n'))
    .listen({port}, '127.0.0.1');
''')]


def asyncio(d, port, device):
    return [PYTHON, '-S', '-E', write(d, 'server.py', f'''
import asyncio
async def serve(r, w):
    w.write(await r.read(100))
    await w.drain()
    w.close()
async def main():
    s = await asyncio.start_server(serve, '127.0.0.1', {port})
    await s.serve_forever()
asyncio.run(main())
''')]


def threads(d, port, device):
    return [PYTHON, '-S', '-E', write(d, 'server.py', f'''
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(100))
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('127.0.0.1', {port}), Echo).serve_forever()
''')]


def echod(d, port, device):
    return [proxy.ECHOD,
            f'127.0.0.1:{port}']


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
        self.words = PROGRAMS[name][0](directory, free_port(), device)
        self.strace = ('-s', '64', '-e', CALLS, *PROGRAMS[name][2])
        super().__init__(device, path)

    def command(self):
        return self.words


def serve_device(listener):
    """Answers each request once it ends, or after a while."""
    while True:
        try:
            s, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(s,), daemon=True).start()


def answer(s):
    try:
        if s.recv(100):
            s.sendall(b'answer of the device\n')
            s.shutdown(socket.SHUT_WR)
            while s.recv(100):
                pass
    except OSError:
        pass
    s.close()


def client(daemon):
    s = socket.create_connection(daemon.address)
    s.settimeout(5)
    return s


def drain(s):
    try:
        while s.recv(4096):
            pass
    except OSError:
        pass
    s.close()


def play(daemon, say):
    s = client(daemon)
    s.sendall(say)
    s.shutdown(socket.SHUT_WR)
    drain(s)
    tracegate.until('', daemon.asleep)
    s = client(daemon)
    s.sendall(say)
    s.recv(10)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    s.close()
    tracegate.until('', daemon.asleep)
    s = client(daemon)
    tracegate.until('', daemon.asleep)
    s.shutdown(socket.SHUT_WR)
    drain(s)
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
