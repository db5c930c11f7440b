name MPTCP: half-closes as in TCP
family mptcp
poller poll epoll
c: pol={OUT}, snd=3, shw=0
s: pol={IN OUT RDHUP}@1000, rcv=3, rcv=0, shw=0, pol={IN OUT HUP RDHUP}@1000
