# ERR alone: there is no HUP where there is no connection to end.
name a datagram to a port nobody has
family udp
poller poll epoll
c: pol={OUT}
s: pol={OUT}, clo=0
c: snd=3, pol={OUT ERR}, snd=ECONNREFUSED, pol={OUT}
c: snd=3, pol={OUT ERR}, err=ECONNREFUSED, pol={OUT}
