# A FIFO that never had a writer shows nothing; after one has left, HUP stays
# until the next one opens.
name a FIFO and its writers
family fifo
poller poll epoll
implicit off
s: pol={}, rcv=0
c: con=0, pol={OUT}
s: pol={}, rcv=EAGAIN
c: snd=3, clo=0
s: pol={IN HUP}, rcv=3, pol={HUP}, rcv=0
c: con=0
s: pol={}, rcv=EAGAIN
