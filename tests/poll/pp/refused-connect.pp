# The second connect reports and resets; the third is a new attempt.
name refused: connecting again takes the error
poller poll epoll
implicit off
l: clo=0
c: con(nb)=EINPROGRESS, con(again)=ECONNREFUSED, pol={OUT HUP}
c: con(again)=EINPROGRESS, con(again)=ECONNREFUSED
