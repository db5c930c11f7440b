name what waits ends at the limit
limit 300
c: drn=ETIME
s: snd=3, shw=0
c: drn=3
