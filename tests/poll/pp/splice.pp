name splice: empty is EAGAIN, the end is 0, a shut socket EPIPE
s: nbl=0, spl=EAGAIN
c: snd=3, shw=0
s: spl=3, spl=0, shw=0, spo=EPIPE
