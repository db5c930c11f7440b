name a spent one-shot hides even a reset
c: arm(one)=0, wev={OUT}
s: rst=0
c: wev={}, mod(one)=0, wev={IN OUT ERR HUP RDHUP}
