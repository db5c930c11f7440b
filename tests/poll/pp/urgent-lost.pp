# Three bytes, one urgent, three more: six arrive.
name without SO_OOBINLINE the urgent byte is lost to the stream
c: nod=0, snd=3, oob=1, snd=3
s: rcv=3, inq=*, rcv=3, rcv=EAGAIN
