# Whatever took the number: a closed side answers EBADF until it is opened anew.
name a closed side is no socket
family tcp4 unix
poller poll ppoll select epoll epoll-et epoll-oneshot epoll-exclusive
c: pol={OUT}, clo=0, pol=EBADF, snd=EBADF, clo=EBADF, wai(10)=EBADF
s: snd=*, pol(all)=*, clo=0, pol=EBADF, err=EBADF, arm(lt)=EBADF
c: pol=EBADF, con=0, pol={OUT}
l: acc=*
s: snd=3, pol={OUT}
