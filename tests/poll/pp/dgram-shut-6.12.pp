name Unix datagrams: SHUT_WR when the peer has gone, on 6.12
family dgram
need kernel = 6.12
s: clo=0
c: snd=ECONNREFUSED, shw=0, snd=ENOTCONN
