# Each example as it stands in examples/, with the real peer.
TESTS += $(addprefix tests/examples/, \
	w5500-internet.py behind-hitch.py behind-nginx.py printer-9100.py \
	serial-console.py modbus-gateway.py esp-websocket.py)
