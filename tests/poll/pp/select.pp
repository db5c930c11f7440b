name select knows neither HUP nor RDHUP
poller select
c: pol={OUT}
s: rst=0
c: pol={IN OUT}
