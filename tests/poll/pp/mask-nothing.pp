name ERR and HUP come unasked
poller poll ppoll epoll
c: pol(0)={}
s: rst=0
c: pol(0)={ERR HUP}, err=ECONNRESET, pol(0)={HUP}
