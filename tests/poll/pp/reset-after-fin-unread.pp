# After a FIN a reset sets EPIPE, and receiving does not take it: a loop that
# only reads never gets rid of ERR.
name a reset after the FIN is not taken by reading
poller poll epoll
s: shw=0
c: snd=3
s: rst=0
c: pol={IN OUT ERR HUP RDHUP}, rcv=0, pol=same, rcv=0, pol=same
c: err=EPIPE, pol={IN OUT HUP RDHUP}
