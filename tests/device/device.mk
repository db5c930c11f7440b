# The device emulator's own tests. rig.py starts what they need; browser.py and
# preconnect.py drive Chromium.
TESTS += $(addprefix tests/device/,chromium.py clients.py command-line.py \
	control.py determinism.py doc-devices.py eras.py faults.py golden.py \
	page.py pytest-plugin.py s1-s17.py silence.py site.py stand-ins.py \
	tutorial.py vanish.py)
LONGTESTS += $(addprefix tests/device/,s1-s17.py soak.py)

# The chip alone and the clock alone, under the Check library.
$(B)/tests/device/%.o: cppflags += -Icontrib/tempdev -Itests/unit
TESTS += $(addprefix $(B)/tests/device/,chip clock)
$(foreach t,chip clock,$(eval $(call link,$(B)/tests/device/$(t), \
	tests/device/$(t).o tests/unit/unit.o $(TEMPDEV_CORE),$$(CHECK_LIBS))))
