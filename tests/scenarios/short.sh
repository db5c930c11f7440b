#!/bin/sh
# Proves that the device survives, behind the proxy, what no time is asked of.
exec python3 tests/scenarios/run.py --fronts sallyport \
	--only S10,S12,S15,S17,P3,D1 --jobs 2 --untimed
