name exclusive mode takes no RDHUP and no change
c: arm(exc)=EINVAL, arm(exc,in)=0, mod(exc,in)=EINVAL, mod(lt)=EINVAL, del=0
