# The device emulator.
TEMPDEV_CORE := $(addprefix contrib/tempdev/,chip.o chip_slot.o chip_net.o \
	poller.o clock.o strikes.o value.o) src/sys/sock.o src/sys/sock_path.o \
	src/base/addr.o
$(eval $(call program,contrib/tempdev/tempdev,$(addprefix contrib/tempdev/, \
	main.o options.o control.o status.o events.o faults.o fault_args.o \
	device.o firmware.o fw_session.o fw_print.o fw_site.o site.o server.o page.o era.o \
	console.o) $(TEMPDEV_CORE)))

MANS += man/tempdev.1
