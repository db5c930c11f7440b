#!/bin/sh
# Proves of examples/behind-hitch that hitch, and stunnel in its place, pass a
# page through TLS, that the log has the client's address and limits count it,
# and that a client without a PROXY protocol header is not served.
. tests/examples/stage.sh
has hitch hitch
has stunnel4 stunnel4
has /usr/bin/python3 python3
device_at 192.168.1.10
tempdev_at 192.168.1.10:80
example behind-hitch/greenhouse.conf
certificate /etc/hitch/greenhouse.pem

# hitch wants a user of its own, whom the package makes.
start hitch hitch --config=examples/behind-hitch/hitch.conf
wait_for "hitch" listens 127.0.0.1:443
page_from 127.0.0.2 https://127.0.0.1/
logged 1 'client=127.0.0.2:.* cause=done'

# A limit counts clients, and not hitch: of nine of an address one is too many,
# the first of another is not.
/usr/bin/python3 - 2>"$TMPDIR/nine.err" <<-'END' || fail "nine of one address"
	import select
	import socket
	import ssl

	context = ssl._create_unverified_context()


	def connect(address):
	    s = socket.create_connection(("127.0.0.1", 443), 60, (address, 0))
	    return context.wrap_socket(s)


	def first_said(socks):
	    while True:
	        for s in select.select(socks, [], [], 60)[0]:
	            s.setblocking(False)
	            try:
	                return s.recv(100)
	            except ssl.SSLWantReadError:
	                pass  # a session ticket


	# hitch passes them on in any order.
	nine = [connect("127.0.0.5") for _ in range(9)]
	assert b" 503 " in first_said(nine)
	other = connect("127.0.0.6")
	other.sendall(b"GET / HTTP/1.0\r\n\r\n")
	assert b" 200 " in other.recv(100)
END
logged 1 'client=127.0.0.5:.* cause=source-limit'
kill "$started_pid"
wait_for "hitch's end" ended "$started_pid"

start stunnel stunnel4 examples/behind-hitch/stunnel.conf
wait_for "stunnel" listens 127.0.0.1:443
page_from 127.0.0.3 https://127.0.0.1/
logged 1 'client=127.0.0.3:.* cause=done'

curl --silent --max-time 60 http://127.0.0.1:8001/ >"$TMPDIR/direct" &&
	fail "a client without a header is served"
exit 0
