# On loopback a connect in progress is already there: a send works at once.
name a connect that does not wait
family tcp4 tcp6
poller poll epoll
implicit off
c: con(nb)=EINPROGRESS, snd=3, con(again)=0, con(again)=EISCONN, pol={OUT}
