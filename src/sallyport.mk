# Settings, for the door and for whoever tests them.
CONF_OBJS := \
	src/base/scan.o src/sys/file.o src/sys/resolve.o \
	src/proxy/conf.o src/proxy/conf_check.o src/proxy/given.o \
	src/proxy/kind.o src/proxy/kind_net.o src/proxy/options.o

SALLYPORT_OBJS := \
	src/base/addr.o src/base/chunk.o \
	src/sys/log.o src/sys/pipe.o src/sys/sock.o $(CONF_OBJS) \
	src/evloop/ev_epoll.o src/evloop/ev_signal.o src/evloop/ev_timer.o \
	src/evloop/evloop.o \
	src/proxy/access.o src/proxy/admit.o src/proxy/cause.o \
	src/proxy/conn.o src/proxy/conn_answer.o \
	src/proxy/conn_clock.o src/proxy/conn_dial.o \
	src/proxy/conn_gate.o src/proxy/conn_probe.o src/proxy/conn_relay.o \
	src/proxy/device.o src/proxy/dial.o src/proxy/field.o \
	src/proxy/gate.o src/proxy/half.o src/proxy/life.o \
	src/proxy/listener.o src/proxy/main.o src/proxy/pphdr.o \
	src/proxy/proxy.o src/proxy/queue.o src/proxy/relay.o \
	src/proxy/rephead.o src/proxy/reply.o src/proxy/serve.o \
	src/proxy/share.o src/proxy/source.o

$(eval $(call program,sallyport,$(SALLYPORT_OBJS),))

MANS += man/sallyport.8 man/sallyport.conf.5
