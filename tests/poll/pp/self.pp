name a socket connected to itself looks like any other
implicit off
c: con(self)=0, pol={OUT}, snd=3, rcv=3, shw=0, pol={IN OUT HUP RDHUP}
