name a zerocopy completion is ERR on a healthy socket
poller poll epoll
need kernel >= 4.14
c: zcp=3, pol={OUT ERR}, erq=0, pol={OUT}, snd=3
