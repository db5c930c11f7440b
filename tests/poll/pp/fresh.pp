name fresh socket, idle listener, pending client
family tcp4 tcp6
poller poll ppoll epoll
implicit off
c: pol={OUT HUP}
l: pol={}
c: con=0, pol={OUT}
l: pol={IN}, acc=*, pol={}
