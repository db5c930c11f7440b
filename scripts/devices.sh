#!/bin/sh
# Installs the software that make check-devices plays the profiles against.
cd "$(dirname "$0")/.." || exit
. scripts/need.sh
need curl iproute2 ncat socat ser2net telnet mbpoll cups cups-client python3 \
	python3-pymodbus chromium || echo "some tests will be skipped"
