# Shutting down kills the attempt, and says that it succeeded.
name SHUT_WR while connecting ends the attempt
poller poll epoll
implicit off
l: drop=0
c: con(nb)=EINPROGRESS, shw=0, pol={OUT ERR HUP}, inf=CLOSE, err=ECONNRESET
