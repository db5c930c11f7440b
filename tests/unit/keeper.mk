# What the keeper shows, from the facts to each view, and who may ask.
$(eval $(call unit_test,control_words_test,src/keeper/control_words.o \
	src/base/addr.o))
$(eval $(call unit_test,admin_request_test,src/keeper/admin_request.o \
	src/base/addr.o))
$(eval $(call unit_test,handover_test,src/keeper/handover.o src/sys/line.o \
	src/policy/health.o))
STATUS_OBJS := $(addprefix src/keeper/,status.o status_text.o status_json.o \
	metrics.o page.o page_tables.o conns.o summary.o recent.o) \
	src/proxy/stats.o src/policy/cause.o src/base/addr.o src/base/text.o \
	src/sys/log.o src/sys/log_sink.o
$(eval $(call unit_test,recent_test,src/keeper/recent.o src/proxy/stats.o \
	src/policy/cause.o src/base/text.o src/sys/log.o src/sys/log_sink.o))
$(eval $(call unit_test,status_test,$(STATUS_OBJS)))
$(eval $(call unit_test,views_test,$(STATUS_OBJS)))
$(eval $(call unit_test,events_test,src/keeper/events.o src/policy/health.o \
	$(STATUS_OBJS)))
$(eval $(call unit_test,responder_test,src/keeper/responder.o src/sys/sock.o \
	src/sys/sock_path.o src/base/addr.o src/base/text.o))
