name a drain that an error ends keeps its count
s: snd=3, rst=0
c: drn=3
