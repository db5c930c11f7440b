name SHUT_RD ends a listener, listen revives it
poller poll epoll
c: pol={OUT}
l: pol={IN}, shr=0, pol={OUT HUP}, acc(nb)=EINVAL
c: pol={IN OUT ERR HUP RDHUP}, rcv=ECONNRESET
l: lis=0, pol={}
