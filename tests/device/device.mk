# The device emulator's own tests.
TESTS += $(addprefix tests/device/,chromium.py clients.py cli.py control.py \
	determinism.py doc-devices.py eras.py faults.py golden.py page.py \
	pytest-plugin.py s1-s17.py silence.py site.py standins.py tutorial.py \
	vanish.py)
LONGTESTS += $(addprefix tests/device/,s1-s17.py soak.py)

# The chip alone and the clock alone, under the Check library.
CHIP_TESTS := $(addprefix tests/device/chip_,open close send)
TESTS += $(addprefix $(B)/,$(CHIP_TESTS))
$(B)/tests/device/%.o: cppflags += -Icontrib/tempdev -Itests/unit
$(foreach t,$(CHIP_TESTS),$(eval $(call link,$(B)/$(t),$(t).o tests/unit/unit.o \
	tests/device/chip_fixture.o $(TEMPDEV_CORE),$$(CHECK_LIBS))))
TESTS += $(B)/tests/device/clock
$(eval $(call link,$(B)/tests/device/clock,tests/device/clock.o tests/unit/unit.o \
	contrib/tempdev/clock.o,$$(CHECK_LIBS)))
