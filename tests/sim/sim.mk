# The whole proxy in a simulated world; doc/testing.txt, THE SIMULATED WORLD.
SIM_WRAP := $(addprefix -Wl$(COMMA)--wrap=,socket bind listen accept4 connect \
	getsockname getpeername setsockopt getsockopt ioctl recv send sendmsg \
	shutdown close epoll_create1 epoll_ctl epoll_wait clock_gettime \
	getpid kill getrandom signalfd sigprocmask read pipe2 fcntl fcntl64 splice \
	ev_timer_fire ev_loop_stop process_serves \
	relay_on_events conn_connect_on_link conn_deadline direction_send_fin \
	direction_finish direction_discard direction_source_lost \
	direction_destination_lost direction_say direction_drop health_report \
	health_hold health_reset health_probe_ended)
SIM_OBJS := $(addprefix tests/sim/,main.o world.o tcp.o tcp_wire.o kernel.o \
	kernel_open.o kernel_wait.o site.o actor.o client.o client_make.o \
	header.o master.o device.o device_http.o station.o talk.o model.o \
	model_turn.o model_talk.o plan.o swarm.o run.o workers.o lines.o \
	shrink.o seen.o) \
	$(filter-out src/proxy/main.o src/sys/log_sink.o \
	src/sys/line.o,$(SALLYPORT_OBJS))

# Calls, and what the world calls back, all have the parameters of others. And
# clients and masters begin with all members of an actor (actor.h), which
# standard C can have under a name only: "actor." in 248 places.
$(B)/tests/sim/%.o: WARN += -Wno-unused-parameter -fms-extensions \
	-Wno-microsoft-anon-tag

$(eval $(call link,$(B)/tests/sim/sim,$(SIM_OBJS),))
$(B)/tests/sim/sim: ldflags += $(SIM_WRAP)
PROGS += $(B)/tests/sim/sim

$(eval $(call link,$(B)/tests/sim/tcp_test,tests/sim/tcp_test.o \
	tests/sim/tcp.o tests/sim/tcp_wire.o tests/sim/world.o,))
PROGS += $(B)/tests/sim/tcp_test
TESTS += tests/sim/check.sh

# make sim SEEDS=FROM-TO
SEEDS ?= 1-20000
.PHONY: sim
sim: $(B)/tests/sim/sim
	$(Q)$(B)/tests/sim/sim $(SEEDS)

# What of src it reaches: make sim-coverage SEEDS=FROM-TO
.PHONY: sim-coverage
sim-coverage:
	$(Q)$(MAKE) B=build/sim-coverage OUT=build/sim-coverage OPT='-O1 -g' \
	    SAN=--coverage build/sim-coverage/tests/sim/sim
	$(Q)python3 tests/sim/coverage.py build/sim-coverage $(SEEDS)

LONGTESTS += tests/sim/mutants.sh tests/sim/same.sh

# make soak MINUTES=60, in real time on the real kernel
MINUTES ?= 60
.PHONY: soak
soak: program
	$(Q)BIN="$(abspath $(OUT))" python3 tests/sim/soak.py $(MINUTES)
