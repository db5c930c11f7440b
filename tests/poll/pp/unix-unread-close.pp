name a close over unread input, on a Unix socket
family unix socketpair
poller poll epoll
c: snd=3
s: clo=0
c: pol={IN OUT ERR HUP RDHUP}, rcv=ECONNRESET, pol={IN OUT HUP RDHUP}, rcv=0
