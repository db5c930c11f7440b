name refused: receiving takes the error
poller poll epoll
implicit off
l: clo=0
c: con(nb)=EINPROGRESS, rcv=ECONNREFUSED, pol={IN OUT HUP RDHUP}, rcv=0
