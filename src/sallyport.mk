# Settings, for the proxy and for whoever tests them.
CONF_OBJS := \
	src/base/addr.o src/base/scan.o src/sys/file.o src/sys/resolve.o \
	src/sys/sock.o src/sys/sock_path.o \
	src/settings/conf_load.o src/settings/conf_check.o \
	src/settings/conf_look.o src/settings/conf_warn.o \
	src/settings/parse.o src/settings/parse_file.o \
	src/settings/parse_flags.o src/settings/value.o \
	src/settings/value_addr.o src/settings/value_list.o \
	src/settings/value_pair.o src/settings/value_slip.o \
	src/settings/value_error.o \
	src/settings/value_text.o src/settings/option_table.o \
	src/settings/option_print.o src/settings/option_hint.o

SALLYPORT_OBJS := \
	src/base/chunk.o src/base/text.o \
	src/sys/ask.o src/sys/exit_status.o src/sys/line.o src/sys/notify.o \
	src/sys/resolver.o src/sys/log.o src/sys/log_sink.o src/sys/pipe.o $(CONF_OBJS) \
	src/sys/jail.o src/sys/jail_seccomp.o src/keeper/confine.o src/keeper/confine_keeper.o \
	src/keeper/process.o src/keeper/handover.o src/keeper/keeper.o \
	src/keeper/admin.o src/keeper/admin_request.o \
	src/keeper/control.o src/keeper/control_words.o src/keeper/responder.o \
	src/keeper/metrics.o src/keeper/page.o src/keeper/report.o \
	src/keeper/status.o src/keeper/status_client.o src/keeper/watch.o \
	src/keeper/conns.o src/keeper/events.o src/keeper/facts.o \
	src/keeper/recent.o \
	src/keeper/status_json.o src/keeper/status_text.o src/keeper/summary.o \
	src/keeper/page_tables.o \
	src/keeper/names.o src/keeper/reload.o src/keeper/service.o \
	src/keeper/sockets.o src/keeper/upgrade.o \
	src/evloop/ev_epoll.o src/evloop/ev_signal.o src/evloop/ev_timer.o \
	src/evloop/ev_loop.o \
	src/policy/acl.o src/policy/budget.o src/policy/cause.o \
	src/policy/clients.o src/policy/coalesce.o src/policy/exchange.o \
	src/policy/field.o src/policy/health.o src/policy/http_error.o \
	src/policy/line.o src/policy/modbus.o \
	src/policy/proxy_header.o src/policy/queue.o src/policy/request.o \
	src/policy/request_filter.o src/policy/request_head.o \
	src/policy/response.o src/policy/response_chunks.o src/policy/slots.o \
	src/proxy/access_log.o src/proxy/conn.o src/proxy/conn_answer.o \
	src/proxy/conn_clock.o src/proxy/conn_connect.o \
	src/proxy/conn_gate.o src/proxy/conn_http.o src/proxy/conn_relay.o \
	src/proxy/conn_serve.o src/proxy/conn_share.o \
	src/proxy/device_link.o src/proxy/direction.o src/proxy/listener.o \
	src/proxy/look.o \
	src/proxy/main.o src/proxy/probe.o src/proxy/proxy.o \
	src/proxy/relay.o src/proxy/scheduler.o src/proxy/shared_link.o \
	src/proxy/shared_request.o src/proxy/conn_shared.o src/proxy/shutdown.o \
	src/proxy/stats.o src/proxy/worker.o

$(eval $(call program,sallyport,$(SALLYPORT_OBJS),))

MANS += man/sallyport.8 man/sallyport.conf.5
