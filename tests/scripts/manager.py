"""A service manager of a few lines: a notify socket, whose messages go to a
file, and sockets that are passed on. Ends with what it has started.

    manager.py [--watchdog MS] [--listen NAME=ADDRESS:PORT]... OUT COMMAND...
"""

import argparse
import ctypes
import os
import signal
import socket
import sys


PR_SET_CHILD_SUBREAPER = 36


def listen(address):
    host, port = address.rsplit(':', 1)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, int(port)))
    s.listen(64)
    return s


def start(options, path):
    """The child; its environment is what sd_notify(3) and sd_listen_fds(3)
    say."""
    pid = os.fork()
    if pid > 0:
        return pid
    env = dict(os.environ, NOTIFY_SOCKET=path)
    if options.watchdog:
        env['WATCHDOG_USEC'] = str(options.watchdog * 1000)
    if options.listen:
        sockets = [listen(x.split('=', 1)[1]) for x in options.listen]
        high = [os.dup2(s.fileno(), 100 + n) for n, s in enumerate(sockets)]
        for n, fd in enumerate(high):
            os.dup2(fd, 3 + n, inheritable=True)
        env.update(LISTEN_FDS=str(len(high)), LISTEN_PID=str(os.getpid()),
                   LISTEN_FDNAMES=':'.join(x.split('=', 1)[0]
                                           for x in options.listen))
    os.execvpe(options.command[0], options.command, env)


def reap():
    """Also those whose parent has ended. The main process ends the manager."""
    ended, status = os.waitpid(-1, os.WNOHANG)
    if ended == main.pid:
        sys.exit(os.waitstatus_to_exitcode(status))
    if ended:
        print(f'ENDED={ended} {os.waitstatus_to_exitcode(status)}',
              file=main.out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--watchdog', type=int)
    parser.add_argument('--listen', action='append')
    parser.add_argument('out')
    parser.add_argument('command', nargs=argparse.REMAINDER)
    options = parser.parse_args()
    path = options.out + '.sock'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, \
            open(options.out, 'w', buffering=1, encoding='utf-8') as out:
        s.bind(path)
        main.out = out
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        s.settimeout(0.05)
        main.pid = start(options, path)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1,
                       signal.SIGUSR2):
            signal.signal(number, lambda n, _: os.kill(main.pid, n))
        print(f'PID={main.pid}', file=out)
        while True:
            try:
                message = s.recv(4096).decode()
                print(message, file=out)
                for line in message.splitlines():
                    if line.startswith('MAINPID='):
                        main.pid = int(line[8:])
            except TimeoutError:
                reap()


main()
