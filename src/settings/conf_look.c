/*
 * conf_look.c: what settings refer to outside of themselves: names, groups,
 * files, directories, addresses of this machine.
 */
#include "settings/conf_load.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "settings/conf.h"
#include "settings/option_table.h"
#include "settings/parse.h"
#include "sys/file.h"
#include "sys/resolve.h"
#include "sys/sock.h"

static void fetch_device(struct conf *conf, struct parse *p)
{
	struct device_link_conf *d = &conf->link;
	char name[VALUE_NAME_MAX];
	const char *why;
	uint16_t port;

	if (!d->device_text || d->device_count > 0 ||
	    !value_split_name(d->device_text, name, &port))
		return;
	d->device_count =
	    resolve_name(name, port, d->device, DEVICE_ADDR_MAX, &why);
	if (d->device_count > 0)
		return;
	if (p->asked[COMMAND_SINGLE])
		parse_system_error(p, "device", -EAGAIN,
		    "\"%s\" does not resolve (%s): expected a name that does",
		    name, why);
	else if (p->asked[COMMAND_CHECK])
		parse_warn(p, "device",
		    "\"%s\" does not resolve (%s): it will be looked up until "
		    "it does",
		    name, why);
}

static void fetch_busy_reply(struct conf *conf, struct parse *p)
{
	struct http_error_conf *r = &conf->http_error;
	int err;

	if (!r->busy_path)
		return;
	err = file_read(r->busy_path, HTTP_ERROR_BUSY_MAX, &conf->busy_text,
	    &r->busy_bytes);
	r->busy = conf->busy_text;
	if (err < 0)
		parse_error_of(p, "busy-reply",
		    "\"%s\" cannot be read (%s): expected a file of at most "
		    "%d bytes",
		    r->busy_path, strerror(-err), HTTP_ERROR_BUSY_MAX);
	else if (r->busy_bytes == 0)
		parse_error_of(p, "busy-reply",
		    "\"%s\" is empty: expected a reply", r->busy_path);
}

static void fetch_group(struct conf *conf, struct parse *p)
{
	struct listener_conf *l = &conf->listener;

	if (l->group && !file_find_group(l->group, &l->gid))
		parse_error_of(p, "listen-group",
		    "\"%s\" is no group here: expected its name or number",
		    l->group);
}

static void fetch_user(struct conf *conf, struct parse *p)
{
	struct jail_conf *j = &conf->jail;

	if (j->user && !file_find_user(j->user, &j->uid, &j->gid))
		parse_error_of(p, "user",
		    "\"%s\" is no user here: expected its name or number",
		    j->user);
	if (j->group && !file_find_group(j->group, &j->gid))
		parse_error_of(p, "group",
		    "\"%s\" is no group here: expected its name or number",
		    j->group);
	if (j->group && !j->user)
		parse_error_of(p, "group",
		    "is set, but user is off: expected user with it");
}

void conf_fetch(struct conf *conf, struct parse *p)
{
	fetch_user(conf, p);
	fetch_device(conf, p);
	fetch_busy_reply(conf, p);
	fetch_group(conf, p);
}

/* ---- for -t ---- */

static void look_at_writable(
    struct parse *p, const char *name, const char *path)
{
	int err = file_check_writable(path);

	if (err < 0)
		parse_system_error(p, name, err,
		    "\"%s\" cannot be written (%s): expected a path in a "
		    "directory that can",
		    path, strerror(-err));
}

static void look_at_socket(struct parse *p, const char *name, const char *path)
{
	enum file_type type = file_type_of(path);

	if (type != FILE_NONE && type != FILE_SOCKET)
		parse_system_error(p, name, -EEXIST,
		    "\"%s\" exists and is no socket: expected a socket or a "
		    "free path",
		    path);
}

static void look_at_listen(struct parse *p, const char *path)
{
	if (file_type_of(path) == FILE_NONE)
		look_at_writable(p, "listen", path);
	else
		look_at_socket(p, "listen", path);
}

static void look_at_events(struct parse *p, const char *path)
{
	enum file_type type = file_type_of(path);

	if (type == FILE_NONE)
		parse_system_error(p, "events", -ENOENT,
		    "\"%s\" does not exist: expected a FIFO made with "
		    "mkfifo(1)",
		    path);
	else if (type != FILE_FIFO)
		parse_system_error(p, "events", -EEXIST,
		    "\"%s\" is no FIFO: expected one made with mkfifo(1)",
		    path);
}

/* The port may be this proxy's own, which runs; and where there is no IPv6,
 * all addresses are those of IPv4. */
static void look_at_address(
    struct parse *p, const char *name, const struct addr *wanted)
{
	struct addr a = *wanted;
	char text[ADDR_TEXT_MAX];
	int err;

	a.u.in.sin_port = 0; /* in the same place in both families */
	if (a.u.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&a.u.in6.sin6_addr))
		return;
	err = sock_check_local(&a);
	if (err < 0)
		parse_system_error(p, name, err,
		    "%s cannot be used (%s): expected an address of this "
		    "machine",
		    addr_print(wanted, text), strerror(-err));
}

/* Its directory may be made by who starts the proxy, in /run above all. */
static void look_at_control(struct parse *p, const char *name, const char *path)
{
	int err = file_check_place(path);

	look_at_socket(p, name, path);
	if (err == -ENOENT && strncmp(path, "/run/", strlen("/run/")) != 0)
		parse_warn(p, name,
		    "\"%s\" has no directory: expected one, made before the "
		    "start",
		    path);
}

static void look_at_admin(struct parse *p, const char *admin)
{
	struct addr a;
	const char *why;

	if (addr_parse(admin, "127.0.0.1", &a, &why) < 0)
		return;
	if (a.u.sa.sa_family == AF_UNIX)
		look_at_control(p, "admin", admin);
	else
		look_at_address(p, "admin", &a);
}

/* The proxy serves without it, and tries again. */
static void look_at_metrics(struct parse *p, const char *path)
{
	int err = file_check_place(path);

	if (err < 0)
		parse_warn(p, "metrics-file",
		    "\"%s\" cannot be written (%s): expected a path in a "
		    "directory that can",
		    path, strerror(-err));
}

static void look_at_root(struct parse *p, const char *path)
{
	int err = file_check_directory(path);

	if (err < 0)
		parse_system_error(p, "chroot", err,
		    "\"%s\" cannot be entered (%s): expected a directory", path,
		    strerror(-err));
}

void conf_look(const struct conf *conf, struct parse *p)
{
	const struct listener_conf *l = &conf->listener;

	for (size_t i = 0; i < l->listen_count; i++)
		if (l->listen[i].u.sa.sa_family == AF_UNIX)
			look_at_listen(p, l->listen[i].u.un.sun_path);
		else
			look_at_address(p, "listen", &l->listen[i]);
	if (conf->status.control_path)
		look_at_control(p, "control", conf->status.control_path);
	if (conf->status.admin)
		look_at_admin(p, conf->status.admin);
	if (conf->status.metrics_path)
		look_at_metrics(p, conf->status.metrics_path);
	if (conf->log.target == LOG_TO_FILE)
		look_at_writable(p, "log", conf->log.path);
	if (conf->health.events_path)
		look_at_events(p, conf->health.events_path);
	if (conf->link.local.len > 0)
		look_at_address(p, "local-address", &conf->link.local);
	if (conf->jail.root)
		look_at_root(p, conf->jail.root);
}
