name what an accepted socket inherits
l: opt(linger)=off, nod=0, kal=0, inl=0, opt(usertimeout,1000)=0, low=0, lin=0, nbl=0
s: opt(nodelay)=1, opt(keepalive)=1, opt(oobinline)=1, opt(usertimeout)=1000
s: opt(notsent)=16384, opt(linger)=on, opt(nonblock)=0
