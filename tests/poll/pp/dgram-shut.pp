# Before 6.18 at the latest this was ENOTCONN: the next script.
name Unix datagrams: SHUT_WR when the peer has gone
family dgram
need kernel >= 6.18
s: clo=0
c: snd=ECONNREFUSED, shw=0, snd=EPIPE
