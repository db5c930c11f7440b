name exclusive mode leaves RDHUP out
poller epoll-exclusive
c: shw=0
s: pol={IN OUT}, shw=0, pol={IN OUT HUP}
