# Each example as it stands in examples/, with the real peer.
TESTS += $(addprefix tests/examples/, \
	w5500-internet.sh behind-hitch.sh behind-nginx.sh printer-9100.sh \
	serial-console.sh modbus-gateway.sh esp-websocket.sh)
