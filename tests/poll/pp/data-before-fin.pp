# RDHUP comes with the FIN, not with the end of the data before it.
name RDHUP does not wait for the data to be read
family tcp4 unix
poller poll epoll
c: snd=3
s: pol={IN OUT}
c: snd=3, shw=0
s: pol={IN OUT RDHUP}, rcv(3)=3, pol=same, rcv=3, pol=same, rcv=0
