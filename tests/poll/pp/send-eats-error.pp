# A pending error goes to the first call that meets it. Here that is a send,
# and the reset then reads like a clean end of stream.
name a send takes the error away from receive
poller poll epoll
s: snd=3, rst=0
c: pol={IN OUT ERR HUP RDHUP}, snd=ECONNRESET, pol={IN OUT HUP RDHUP}
c: rcv=3, rcv=0, rcv=0
