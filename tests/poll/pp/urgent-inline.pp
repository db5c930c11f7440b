# Reads stop at the mark.
name with SO_OOBINLINE it stays in place
l: inl=0
c: nod=0, snd=3, oob=1, snd=3
s: pol(all)={IN PRI OUT}, rcv=3, rcv=4, rcv=EAGAIN, pol(all)={OUT}
