name connect to AF_UNSPEC while connecting
poller poll epoll
implicit off
l: drop=0
c: con(nb)=EINPROGRESS, dis=0, pol={OUT ERR HUP}
