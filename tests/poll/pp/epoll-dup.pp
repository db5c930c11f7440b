# The registration belongs to the open file, which the duplicate keeps alive.
name a closed descriptor that keeps reporting
s: pol={OUT}
c: arm(lt,in)=0, dup=*, clo=0
s: snd=3
c: wev={IN}, del=EBADF, del(dup)=ENOENT, wev={IN}, clo(dup)=0, wev={}
