name a client that resets before accept is still accepted
poller poll epoll
c: rst=0
l: pol={IN}
s: pol={IN OUT ERR HUP RDHUP}, rcv=ECONNRESET, rcv=0
