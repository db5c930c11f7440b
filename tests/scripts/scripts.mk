# Script tests, and the two peers that only they need.
define test_peer
PROGS += $(B)/tests/scripts/$(1)
$(call link,$(B)/tests/scripts/$(1),tests/scripts/$(1).o $(2) src/base/addr.o)
endef

$(eval $(call test_peer,actor,tests/scripts/wire.o))
$(eval $(call test_peer,crowd))

TESTS += $(addprefix tests/scripts/, \
	addresses.sh \
	bad-input.sh \
	bulk.sh \
	commands.sh \
	crowd.sh \
	device-down.sh \
	echo.sh \
	echod.sh \
	errors.sh \
	exchanges.sh \
	half-close.sh \
	idle.sh \
	jail.sh \
	keeper.sh \
	log.sh \
	memory.sh \
	names.sh \
	pause.sh \
	ports.sh \
	quickstart.sh \
	reload.sh \
	resets.sh \
	limits.sh \
	service.sh \
	signals.sh \
	status.sh \
	syslog.sh \
	timeouts.sh \
	upgrade.sh)

# Needs a browser.
LONGTESTS += tests/scripts/page.sh
LONGTESTS += tests/scripts/handover-long.sh
