# The protection against everything that may happen to it.
TESTS += $(addprefix tests/protect/, \
	cells.sh \
	crowd.py \
	dead.py \
	heads.py \
	hostile.py \
	line.py \
	model.py \
	not_ready.py \
	places.py \
	pressure.sh \
	promises.py \
	proxied.py \
	replies.py \
	second-address.sh \
	shared.py \
	slots.py \
	streams.py \
	turns.py \
	upgrade.py \
	vanished.py \
	share.py)
LONGTESTS += $(addprefix tests/protect/, hostile-long.sh \
	model-long.sh slots-long.sh)
