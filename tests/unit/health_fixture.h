/*
 * health_fixture.h: a device with a probe, and who reports what it did.
 */
#ifndef HEALTH_FIXTURE_H
#define HEALTH_FIXTURE_H

#include "policy/health.h"
#include "unit.h"

static const struct health_conf with_probe = {.probe = "GET /",
    .probe_min_ms = 1000,
    .probe_max_ms = 8000,
    .down_silences = 1,
    .down_refused_ms = 10000};

static const struct client alice = {.net = 1, .family = AF_INET};

static inline struct health fresh(const struct health_conf *conf)
{
	struct health h;

	health_init(&h, conf, 0);
	return h;
}

static inline enum health_event client(struct health *h,
    const struct health_conf *conf, enum health_signal signal,
    const struct client *who, int64_t now_ms)
{
	return health_report(h, conf, signal, who, 0, now_ms);
}

#endif
