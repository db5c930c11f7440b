#!/bin/sh
# Proves that the simulated sockets are those of the automaton, that no fault
# that was found has come back, and that a fixed set of seeds holds.
#
# SEEDS=FROM-TO plays others.
here=tests/sim
sim=$BUILD/$here/sim
seeds=${SEEDS:-1-1500}

"$BUILD/$here/tcp_test" || exit 1
for plan in "$here"/regress/*.plan; do
	"$sim" -c "$plan" || { "$sim" -v "$plan"; exit 1; }
done
"$sim" "$seeds"
