"""Asks the kernel for one TCP socket, by its two addresses."""

import errno
import socket
import struct

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST = 4, 20, 1
NLMSG_ERROR, LISTEN = 2, 10
ALL_STATES = 0xffffffff
NO_COOKIE = 0xffffffff


def _address(host):
    return socket.inet_aton(host) + bytes(12)


def exists(local, remote):
    """Is there a connected socket from `local` to `remote`? A reset that has
    arrived takes it out of the table."""
    request = struct.pack('=BBBxI', socket.AF_INET, socket.IPPROTO_TCP, 0,
                          ALL_STATES)
    request += struct.pack('>HH', local[1], remote[1])
    request += _address(local[0]) + _address(remote[0])
    request += struct.pack('=III', 0, NO_COOKIE, NO_COOKIE)
    head = struct.pack('=IHHII', 16 + len(request), SOCK_DIAG_BY_FAMILY,
                       NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_SOCK_DIAG) as s:
        s.send(head + request)
        answer = s.recv(8192)
    kind, = struct.unpack_from('=H', answer, 4)
    if kind != NLMSG_ERROR:
        return answer[17] != LISTEN     # a listener answers for the dead
    error, = struct.unpack_from('=i', answer, 16)
    if error != -errno.ENOENT:
        raise OSError(-error, 'sock_diag')
    return False
