"""Which errors each call may plausibly give, from its manual page and from
what TCP hands through it. `close` and `retval` rules do what no kernel does
and are judged for liveness only."""

NETWORK = ('ENETDOWN', 'ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH')
SHORTAGE = ('ENOBUFS', 'ENOMEM')
DESCRIPTORS = ('EMFILE', 'ENFILE')
BROKEN = ('ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH')

ERRNOS = {
    'accept4': ('EAGAIN', 'EINTR', 'ECONNABORTED', 'EPROTO', 'ENOPROTOOPT',
                'EOPNOTSUPP', 'ENONET', 'EPERM', 'EINVAL', *NETWORK,
                *SHORTAGE, *DESCRIPTORS),
    'socket': ('EACCES', 'EAFNOSUPPORT', *SHORTAGE, *DESCRIPTORS),
    'connect': ('EINPROGRESS', 'EINTR', 'ECONNREFUSED', 'ETIMEDOUT',
                'EADDRNOTAVAIL', 'EADDRINUSE', 'EAGAIN', 'EACCES', 'EPERM',
                'ECONNRESET', 'ENETUNREACH', 'EHOSTUNREACH', *SHORTAGE),
    'bind': ('EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES'),
    'recvfrom': ('EAGAIN', 'EINTR', 'ECONNREFUSED', *BROKEN, *SHORTAGE),
    'sendto': ('EAGAIN', 'EINTR', 'EACCES', *BROKEN, *SHORTAGE),
    'sendmsg': ('EAGAIN', 'EINTR', 'EACCES', *BROKEN, *SHORTAGE),
    'splice': ('EAGAIN', 'EINTR', 'EINVAL', 'ENOMEM', *BROKEN),
    'pipe2': ('ENOMEM', *DESCRIPTORS),
    'fcntl': ('EPERM', 'ENOMEM', 'EBUSY'),
    'shutdown': ('ENOTCONN', 'ENOBUFS'),
    'setsockopt': ('EINVAL', 'ENOPROTOOPT', 'EPERM', *SHORTAGE),
    'getsockopt': ('EINVAL', *SHORTAGE),
    'getsockname': SHORTAGE,
    'getpeername': ('ENOTCONN', *SHORTAGE),
    'ioctl': ('EINVAL', 'ENOTTY'),
    'epoll_ctl': ('ENOMEM', 'ENOSPC', 'EINTR'),
    'epoll_wait': ('EINTR', 'EINVAL'),
    'epoll_pwait': ('EINTR', 'EINVAL'),
    'close': ('EINTR', 'EIO'),
    'write': ('EAGAIN', 'EINTR', 'EPIPE', 'ENOSPC', 'EIO'),
    'read': ('EAGAIN', 'EINTR', 'EIO'),
}

# Errors that may last. The others pass, or the kernel would contradict its
# own events: an interrupt, EAGAIN of what is ready (another writer may have
# been first, so whoever is told waits once more), a client's own error.
LASTING = {
    'accept4': SHORTAGE + DESCRIPTORS,
    'socket': ERRNOS['socket'],
    'connect': tuple(e for e in ERRNOS['connect'] if e != 'EINTR'),
    'recvfrom': BROKEN,
    'sendto': BROKEN,
    'sendmsg': BROKEN,
    'splice': ('EINVAL', 'ENOMEM', *BROKEN),
    'pipe2': ERRNOS['pipe2'],
    'fcntl': ERRNOS['fcntl'],
    'shutdown': ERRNOS['shutdown'],
    'setsockopt': ERRNOS['setsockopt'],
    'getsockname': ERRNOS['getsockname'],
    'getpeername': ERRNOS['getpeername'],
    'ioctl': ERRNOS['ioctl'],
    'epoll_wait': ('EINVAL',),
    'epoll_pwait': ('EINVAL',),
    'write': ('EPIPE', 'ENOSPC', 'EIO'),
    'read': ('EIO',),
    'close': ('EIO',),
}


def moments(call, errno, k):
    """Once, twice, three times, every other time, and, where it may last,
    from then on. A wait that is interrupted every other time is asked again
    at once, as it should be, and so never seen asleep."""
    yield str(k)
    yield f'{k}..{k + 1}'
    yield f'{k}..{k + 2}'
    if not (call.startswith('epoll_') and errno == 'EINTR'):
        yield f'{k}+2'
    if errno in LASTING.get(call, ()):
        yield f'{k}+'


SIGNALS = ('SIGPIPE', 'SIGUSR1', 'SIGCHLD', 'SIGURG', 'SIGWINCH', 'SIGCONT',
           'SIGTERM', 'SIGINT')
DELAYS_US = ('delay_enter=20000', 'delay_exit=20000')
