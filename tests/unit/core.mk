# Unit tests of the loop, the chunks, the relay and the connection's line.
EVLOOP_OBJS := src/evloop/evloop.o src/evloop/ev_epoll.o \
	src/evloop/ev_timer.o src/evloop/ev_signal.o

$(eval $(call unit_test,chunk_test,src/base/chunk.o))
$(eval $(call unit_test,cause_test,src/proxy/cause.o))
$(eval $(call unit_test,access_test,src/proxy/access.o src/proxy/cause.o \
	src/base/addr.o src/sys/log.o $(EVLOOP_OBJS)))
$(eval $(call unit_test,evloop_test,$(EVLOOP_OBJS)))
$(B)/tests/unit/evloop_test: LDFLAGS += \
	-Wl,--wrap=epoll_ctl -Wl,--wrap=epoll_wait
