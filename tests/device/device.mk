# The device emulator's own tests.
TESTS += $(addprefix tests/device/,page.py golden.py determinism.py \
	s01-refreshers.py s02-idle-beside.py s03-slots-taken.py s04-stuck.py \
	s05-dead.py s06-power-on.py s07-torn-reply.py s08-half-request.py \
	s09-endless-head.py s10-nuls.py s11-held-a-day.py \
	s12-connect-check.py s13-power-cycle.py s14-unread-reply.py \
	s15-leading-crlf.py s16-slow-close.py s17-crowd.py \
	doc-devices.py eras.py silence.py harness.sh tutorial.py site.py \
	faults.py vanish.py control.py cli.py clients.py \
	$(addprefix standin-,esp-idf.py esp-async.py camera.py uploader.py \
	printer.py console.py scpi.py modbus.py) \
	$(addprefix chromium-,preconnect.py esp.py))
LONGTESTS += tests/device/s01-long.sh tests/device/soak.py

# The chip alone and the clock alone, under the Check library.
CHIP_TESTS := $(addprefix tests/device/chip_,open close send)
TESTS += $(addprefix $(B)/,$(CHIP_TESTS))
$(B)/tests/device/%.o: cppflags += -Icontrib/tempdev -Itests/unit
$(foreach t,$(CHIP_TESTS),$(eval $(call link,$(B)/$(t),$(t).o tests/unit/unit.o \
	tests/device/chip_fixture.o $(TEMPDEV_CORE),$$(CHECK_LIBS))))
TESTS += $(B)/tests/device/clock
$(eval $(call link,$(B)/tests/device/clock,tests/device/clock.o tests/unit/unit.o \
	contrib/tempdev/clock.o,$$(CHECK_LIBS)))
