# HUP without IN: the only readiness that says nothing is left to read.
name a pipe whose writer has gone
family pipe
poller poll epoll
c: snd=3, clo=0
s: pol={IN HUP}, rcv=3, pol={HUP}, rcv=0
