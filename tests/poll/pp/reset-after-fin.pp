# An error is reported once, then only the shutdowns remain.
name an error is reported once
family tcp4 tcp6
poller poll ppoll epoll
c: snd=3, shw=0
s: pol={IN OUT RDHUP}, rcv=3, pol=same, rcv=0, pol=same, snd=3, lin=0, clo=0
c: pol={IN OUT ERR HUP RDHUP}, rcv=3, pol=same, rcv=ECONNRESET
c: pol={IN OUT HUP RDHUP}, rcv=0, pol=same
