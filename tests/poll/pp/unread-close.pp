# Closing over unread input sends a reset.
name a close over unread input is a reset
poller poll epoll
c: snd=3
s: clo=0
c: pol={IN OUT ERR HUP RDHUP}, rcv=ECONNRESET, pol={IN OUT HUP RDHUP}, rcv=0
