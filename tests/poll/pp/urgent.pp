name an urgent byte alone
poller poll epoll
c: oob=1
s: pol(all)={PRI OUT}, pol={OUT}, rcv=EAGAIN
