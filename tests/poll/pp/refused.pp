name refused: SO_ERROR takes the error
family tcp4 tcp6
poller poll epoll
implicit off
l: clo=0
c: con(nb)=EINPROGRESS, pol={IN OUT ERR HUP RDHUP}, pol(out)={OUT ERR HUP}
c: err=ECONNREFUSED, pol={IN OUT HUP RDHUP}, con(again)=ECONNABORTED
