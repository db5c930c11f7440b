name sequenced packets: half-closes as in streams
family seqpacket
poller poll epoll
c: pol={OUT}, snd=3, shw=0, pol={OUT}
s: pol={IN OUT RDHUP}, rcv(1)=1, rcv=0, shw=0, pol={IN OUT HUP RDHUP}
