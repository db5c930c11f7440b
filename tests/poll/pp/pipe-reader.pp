name a pipe whose reader has gone
family pipe
poller poll epoll
s: clo=0
c: pol={OUT ERR}, snd=EPIPE
