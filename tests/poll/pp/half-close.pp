# FIN seen: RDHUP, and IN for the zero to be read. Both directions shut: HUP.
name half-closes, one side and both
family tcp4 tcp6 unix socketpair
poller poll ppoll epoll
c: pol={OUT}, shw=0, pol={OUT}, snd=EPIPE, pol={OUT}
s: pol={IN OUT RDHUP}, rcv=0, pol=same, snd=3
c: pol={IN OUT}, rcv=3, pol={OUT}
s: shw=0, pol={IN OUT HUP RDHUP}, rcv=0, pol=same
c: pol={IN OUT HUP RDHUP}, rcv=0, pol=same
