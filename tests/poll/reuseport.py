"""Counts what closing one listener does to clients waiting on its address.

usage: reuseport.py {two | shared}: two SO_REUSEPORT listeners, or two
descriptors of the same one.
"""
import errno
import os
import socket
import sys

CLIENTS = 400


def listener(port=0):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", port))
    s.listen(CLIENTS)
    return s


first = listener()
port = first.getsockname()[1]
second = listener(port) if sys.argv[1] == "two" else \
    socket.socket(fileno=os.dup(first.fileno()))
clients = [socket.create_connection(("127.0.0.1", port))
           for _ in range(CLIENTS)]
first.close()

reset = 0
for c in clients:
    try:
        c.recv(1, socket.MSG_DONTWAIT)
    except OSError as e:
        reset += e.errno == errno.ECONNRESET
print(f"{reset} of {CLIENTS} reset")
