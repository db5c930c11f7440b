"""Counts which of several epoll sets wake for one client.

usage: exclusive.py {shared | exclusive}: four threads, each with a set of its
own, wait for the same listener.
"""
import select
import socket
import sys
import threading

THREADS = 4

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
flags = select.EPOLLIN
if sys.argv[1] == "exclusive":
    flags |= select.EPOLLEXCLUSIVE
woken = []
waiting = threading.Barrier(THREADS + 1)
over = select.epoll()
r, w = socket.socketpair()


def wait():
    ep = select.epoll()
    ep.register(listener, flags)
    ep.register(r, select.EPOLLIN)  # ends the wait
    waiting.wait()
    if any(fd == listener.fileno() for fd, _ in ep.poll(5)):
        woken.append(1)


def asleep(t):
    with open(f"/proc/self/task/{t.native_id}/wchan") as f:
        return "ep" in f.read()


threads = [threading.Thread(target=wait) for _ in range(THREADS)]
for t in threads:
    t.start()
waiting.wait()
while not all(asleep(t) for t in threads):
    pass
client = socket.create_connection(listener.getsockname())
listener.accept()
w.send(b"x")
for t in threads:
    t.join()
print("one wakes" if len(woken) == 1 else "more than one wakes")
