# Three ready sockets, one event at a time: each gets its turn.
name level mode takes turns
c: arm(lt)=0
s: arm(lt,out)=0
c: wev(1)={OUT}
s: wev(1)={OUT}
c: wev(1)={OUT}
s: wev(1)={OUT}
c: snd=3, wev={OUT}
s: wev={OUT}, mod(lt)=0, wev={IN OUT}
