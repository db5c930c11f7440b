name a dead peer under TCP_USER_TIMEOUT
poller poll
c: ctm={ERR HUP}, err=ETIMEDOUT, pol={IN OUT HUP RDHUP}
