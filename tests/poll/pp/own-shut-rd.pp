# SHUT_RD is local: the peer may still send, and what it sends can be read.
name SHUT_RD is nobody else's business
poller poll epoll
c: shr=0, pol={IN OUT RDHUP}, rcv=0
s: pol={OUT}, snd=3
c: rcv=3, rcv=0
