name Unix datagrams: a peer that is gone
family dgram
poller poll epoll
c: pol={OUT}, snd=3
s: pol={IN OUT}, rcv=3, pol={OUT}, clo=0
c: pol={OUT}, snd=ECONNREFUSED, pol={OUT}
