# The real program with real peers, by feature.
TESTS += $(addprefix tests/scripts/, \
	addresses.py \
	bad-input.py \
	bulk.py \
	commands.py \
	crowd.py \
	client-limits.py \
	connect-retry.py \
	device-down.py \
	drain.py \
	echo.py \
	echod.py \
	errors.py \
	events.py \
	exchanges.py \
	gate.py \
	health.py \
	half-close.py \
	hostile.py \
	hostile-page.py \
	idle.py \
	jail.py \
	keeper.py \
	limits.py \
	log.py \
	log-reading.py \
	instruments.py \
	log-fifo.py \
	memory-pressure.py \
	memory.py \
	model.py \
	device-names.py \
	counters.py \
	pause.py \
	ports.py \
	preempt-idle.py \
	profiles.py \
	promises.py \
	proxy-protocol.py \
	queueing.py \
	quickstart.py \
	reload.py \
	replies.py \
	resets.py \
	runner.py \
	second-address.py \
	service.py \
	share.py \
	shared-connection.py \
	signals.py \
	slots.py \
	slow-clients.py \
	state-table.py \
	status.py \
	streams.py \
	summary.py \
	log-syslog.py \
	timeouts.py \
	uploads.py \
	upgrade.py \
	vanished.py \
	watch.py \
	websocket.py)
LONGTESTS += $(addprefix tests/scripts/, admin-crowd.py hostile-long.py model-long.py \
	slots-long.py restart-long.py jail-long.py)
# Need a browser, Prometheus.
LONGTESTS += $(addprefix tests/scripts/, page.py prometheus.py)
LONGTESTS += tests/scripts/handover-long.py
