# 0 while the send queue is full; after SHUT_WR writable whatever is queued.
name OUT after SHUT_WR says nothing about the queue
poller poll epoll
c: fil=1..268435456, pol={}, shw=0, pol={OUT}, unsent=1..268435456
