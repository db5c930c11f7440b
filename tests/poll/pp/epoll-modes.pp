name every epoll mode reports the same flags, asked once
family tcp4 unix socketpair
poller epoll epoll-et epoll-oneshot
c: snd=3, shw=0
s: pol={IN OUT RDHUP}, rcv=3, shw=0, pol={IN OUT HUP RDHUP}
