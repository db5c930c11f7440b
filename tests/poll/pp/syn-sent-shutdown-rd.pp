name SHUT_RD while connecting ends the attempt
poller poll epoll
implicit off
l: drop=0
c: con(nb)=EINPROGRESS, shr=0, pol={OUT ERR HUP}, err=ECONNRESET
