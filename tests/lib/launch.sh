#!/bin/sh
# Starts a program for the tests in Python: launch.sh LOG COMMAND... becomes
# COMMAND, its standard error in LOG, and says where it listens once it does.
fail() { exit 1; }
. tests/lib/start.sh
log=$1
shift
# Who waits is nobody's child: a keeper would hear of its end.
({
	read_ready "$log" $$
	[ -z "$ready_addr" ] || echo "$ready_addr"
} &)
exec "$@" 2>"$log" >/dev/null
