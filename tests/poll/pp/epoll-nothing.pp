name a registration that asks for nothing still hears ERR and HUP
c: arm(lt,0)=0, wev={}
s: rst=0
c: wev={ERR HUP}, wev={ERR HUP}, err=ECONNRESET, wev={HUP}, del=0, wev={}
