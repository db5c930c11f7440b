/*
 * conf.h: every setting, gathered from the stages that own them; immutable
 * once loaded.
 */
#ifndef SETTINGS_CONF_H
#define SETTINGS_CONF_H

#include <stdbool.h>

#include "policy/acl.h"
#include "proxy/conn_conf.h"
#include "policy/health.h"
#include "keeper/status_conf.h"
#include "proxy/device_link.h"
#include "policy/request.h"
#include "proxy/listener.h"
#include "policy/proxy_header.h"
#include "policy/queue.h"
#include "proxy/relay.h"
#include "policy/http_error.h"
#include "policy/slots.h"
#include "policy/clients.h"
#include "sys/jail.h"
#include "sys/log.h"

/* Room for the longest name, that of a Unix socket included. */
enum { CONF_NAME_MAX = ADDR_TEXT_MAX };

struct conf {
	bool single; /* one process, without a keeper */
	const char *profile;
	const char *name; /* of this proxy */
	struct listener_conf listener;
	struct device_link_conf link;
	struct relay_conf relay;
	struct conn_conf conn;
	struct shutdown_conf shutdown;
	struct log_conf log;
	struct jail_conf jail;
	struct request_conf request;
	struct queue_conf queue;
	struct slots_conf slots;
	struct shared_conf shared;
	struct health_conf health;
	struct status_conf status;
	struct acl_conf acl;
	struct clients_conf clients;
	struct proxy_header_conf proxy_header;
	struct http_error_conf http_error;

	/* What the texts above point into. */
	char *file_text;
	char *busy_text;
	char name_text[CONF_NAME_MAX];
};

#endif
