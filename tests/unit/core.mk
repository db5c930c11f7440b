# Unit tests of the loop, the chunks, the relay and the connection's line.
EVLOOP_OBJS := src/evloop/ev_loop.o src/evloop/ev_epoll.o \
	src/evloop/ev_timer.o src/evloop/ev_signal.o

$(eval $(call unit_test,chunk_test,src/base/chunk.o))
$(eval $(call unit_test,cause_test,src/policy/cause.o))
$(eval $(call unit_test,access_log_test,src/proxy/access_log.o src/policy/cause.o \
	src/base/addr.o src/base/text.o src/sys/log.o src/sys/log_sink.o \
	$(EVLOOP_OBJS)))
$(eval $(call unit_test,sock_test,src/sys/sock.o src/sys/sock_path.o src/base/addr.o))
$(eval $(call unit_test,resolver_test,src/sys/resolver.o src/sys/resolve.o src/base/addr.o))
$(eval $(call unit_test,notify_test,src/sys/notify.o))
$(eval $(call unit_test,jail_test,src/sys/jail.o src/sys/jail_seccomp.o))
$(eval $(call unit_test,text_test,src/base/text.o))
$(eval $(call unit_test,log_test,src/base/text.o src/sys/log.o src/sys/log_sink.o))
$(eval $(call unit_test,timer_test,$(EVLOOP_OBJS)))
$(eval $(call unit_test,evloop_test,$(EVLOOP_OBJS)))
$(eval $(call unit_test,turn_test,$(EVLOOP_OBJS)))
$(B)/tests/unit/evloop_test $(B)/tests/unit/turn_test: ldflags += \
	-Wl,--wrap=epoll_ctl -Wl,--wrap=epoll_wait

# The proxy over a fake kernel: everything but its main, and every call that
# could reach the real one wrapped.
FAKE_WRAP := $(addprefix -Wl$(COMMA)--wrap=,recv send sendmsg shutdown close \
	socket connect setsockopt getsockopt ioctl pipe2 splice \
	epoll_create1 epoll_ctl epoll_wait clock_gettime __sendmsg64 \
	__setsockopt64 __getsockopt64 __ioctl_time64 __clock_gettime64)
FAKE_OBJS := $(addprefix tests/unit/fake_,sys.o pipe.o epoll.o)

$(eval $(call unit_test,relay_test,tests/unit/fake_proxy.o $(FAKE_OBJS) \
	$(filter-out src/proxy/main.o,$(SALLYPORT_OBJS))))
$(B)/tests/unit/relay_test: ldflags += $(FAKE_WRAP)

DIRECTION_OBJS := $(FAKE_OBJS) src/proxy/direction.o src/base/chunk.o \
	src/policy/budget.o \
	src/base/addr.o src/sys/sock.o src/sys/sock_path.o src/sys/pipe.o
$(eval $(call unit_test,direction_test,$(DIRECTION_OBJS)))
$(eval $(call unit_test,splice_test,$(DIRECTION_OBJS)))
$(B)/tests/unit/direction_test $(B)/tests/unit/splice_test: ldflags += $(FAKE_WRAP)

$(eval $(call unit_test,confine_test,src/keeper/confine.o src/keeper/confine_keeper.o src/sys/jail.o \
	src/sys/jail_seccomp.o src/sys/exit_status.o src/sys/log.o \
	src/sys/log_sink.o src/base/text.o $(CONF_OBJS)))
