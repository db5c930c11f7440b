name what waits ends at the limit
limit 50
c: drn=ETIME
s: snd=3, shw=0
c: drn=3
