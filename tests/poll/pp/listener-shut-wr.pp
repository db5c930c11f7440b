name SHUT_WR does nothing to a listener
poller poll epoll
c: pol={OUT}
l: shw=0, pol={IN}
s: pol={OUT}
