# Can two endpoints tell that the proxy stands between them?
TRANSPARENCY := $(addprefix tests/transparency/,transparency.o sequence.o \
	pair.o rest.o proxy.o compare.o show.o run.o)
PROGS += $(B)/tests/transparency/transparency
$(eval $(call link,$(B)/tests/transparency/transparency,$(TRANSPARENCY)))
TESTS += tests/transparency/transparency.sh
LONGTESTS += tests/transparency/transparency-long.sh
$(eval $(call unit_test,transparency_test,$(addprefix tests/transparency/,\
	sequence.o compare.o)))
