name edge mode: what makes an edge
c: arm(et)=0, wev={OUT}, wev={}
c: mod(et)=0, wev={OUT}, wev={}
s: snd=3
c: wev={IN OUT}, wev={}
s: snd=3
c: wev={IN OUT}, rcv(1)=1, wev={}
s: shw=0
c: wev={IN OUT RDHUP}, wev={}, shw=0, wev={IN OUT HUP RDHUP}, wev={}
