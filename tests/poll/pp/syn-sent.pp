# A listener that loses every packet keeps the client in SYN_SENT.
name nothing is ready while connecting
family tcp4 tcp6
poller poll epoll
implicit off
l: drop=0
c: con(nb)=EINPROGRESS, inf=SYN_SENT, pol={}, snd=EAGAIN, rcv=EAGAIN, err=0
c: con(again)=EALREADY, pol={}
l: pass=0
