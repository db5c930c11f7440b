/*
 * sockets.c: which socket serves which `listen`, and making those that are
 * missing.
 */
#include "keeper/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "sys/exit_status.h"
#include "sys/sock.h"

enum {
	CLIENT_KEEPALIVE_MS = 60 * 1000,
	/* How long one waits for a predecessor that is just being ended. */
	IN_USE_PAUSE_NS = 200000,
	IN_USE_TRIES = 2500,
};

/* A machine without IPv6 still has its IPv4 addresses. */
static const struct addr *without_ipv6(const struct addr *a, struct addr *v4)
{
	if (a->u.sa.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr))
		return NULL;
	*v4 = (struct addr){.len = sizeof(v4->u.in)};
	v4->u.in.sin_family = AF_INET;
	v4->u.in.sin_port = a->u.in6.sin6_port;
	return v4;
}

static int listen_on(
    const struct addr *a, const struct listener_conf *conf, int *out_fd)
{
	struct sock_listen_opts opts = {
	    .sndbuf_bytes = conf->sndbuf_bytes,
	    .keepalive_ms = CLIENT_KEEPALIVE_MS,
	    .path = {.mode = conf->mode,
		.has_gid = conf->group != NULL,
		.gid = conf->gid},
	};
	struct addr v4;
	int err = sock_listen(a, &opts, out_fd);

	if ((err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL) &&
	    without_ipv6(a, &v4))
		err = sock_listen(&v4, &opts, out_fd);
	return err;
}

/* A worker whose keeper was killed ends a moment after it. */
static int listen_patiently(
    const struct addr *a, const struct listener_conf *conf, int *out_fd)
{
	const struct timespec pause = {.tv_nsec = IN_USE_PAUSE_NS};
	int err = listen_on(a, conf, out_fd);

	for (int i = 0; err == -EADDRINUSE && i < IN_USE_TRIES; i++) {
		nanosleep(&pause, NULL);
		err = listen_on(a, conf, out_fd);
	}
	return err;
}

static int open_fresh(struct listen_socket *l, const struct addr *a,
    const struct listener_conf *conf)
{
	int err;

	*l = (struct listen_socket){.fd = -1, .wanted = *a};
	err = listen_patiently(a, conf, &l->fd);
	if (err < 0)
		return err;
	if (a->u.sa.sa_family == AF_UNIX)
		(void)sock_path_find(a, &l->path);
	err = sock_local_addr(l->fd, &l->bound);
	if (err < 0)
		close(l->fd);
	return err;
}

static const struct listen_socket *find_old(const struct sockets *old,
    const struct sockets *taken, const struct addr *a)
{
	for (size_t i = 0; old && i < old->count; i++) {
		bool is_taken = false;

		for (size_t j = 0; j < taken->count; j++)
			is_taken |= taken->at[j].fd == old->at[i].fd;
		if (!is_taken && addr_equal(&old->at[i].wanted, a))
			return &old->at[i];
	}
	return NULL;
}

static bool take_passed(struct listen_socket *l, const struct addr *a,
    struct passed_sockets *passed, const char *name)
{
	struct passed_socket *p, *found = NULL;
	struct addr bound;

	for (size_t i = 0; i < passed->count; i++) {
		p = &passed->at[i];
		if (p->fd < 0 || sock_local_addr(p->fd, &bound) < 0)
			continue;
		if (addr_equal(&bound, a)) {
			found = p;
			break;
		}
		if (!found && name && strcmp(p->name, name) == 0)
			found = p;
	}
	if (!found)
		return false;
	*l = (struct listen_socket){.fd = found->fd, .wanted = *a};
	(void)sock_local_addr(found->fd, &l->bound);
	found->fd = -1;
	return true;
}

static bool is_in(const struct sockets *s, int fd)
{
	for (size_t i = 0; s && i < s->count; i++)
		if (s->at[i].fd == fd)
			return true;
	return false;
}

int sockets_open(struct sockets *s, const struct conf *conf,
    const struct sockets *old, struct passed_sockets *passed, FILE *errors)
{
	const struct listener_conf *c = &conf->listener;
	char text[ADDR_TEXT_MAX];
	const struct listen_socket *l;
	int err = 0;

	s->count = 0;
	for (size_t i = 0; i < c->listen_count; i++) {
		l = find_old(old, s, &c->listen[i]);
		if (l)
			s->at[i] = *l;
		else if (!passed || !take_passed(&s->at[i], &c->listen[i],
					passed, conf->name))
			err = open_fresh(&s->at[i], &c->listen[i], c);
		if (err < 0) {
			fprintf(errors,
			    "sallyport: cannot listen on %s: %s%s\n",
			    addr_print(&c->listen[i], text), strerror(-err),
			    exit_status_expected(err));
			sockets_close(s, old);
			return exit_status_of(err);
		}
		s->count++;
	}
	return EX_OK;
}

static void remove_name(const struct listen_socket *l)
{
	if (l->bound.u.sa.sa_family == AF_UNIX && l->path.inode != 0)
		sock_path_remove(&l->bound, &l->path);
}

void sockets_remove_names(const struct sockets *s)
{
	for (size_t i = 0; i < s->count; i++)
		remove_name(&s->at[i]);
}

/* The name first: while the socket is open no other file gets its inode. */
void sockets_close(struct sockets *s, const struct sockets *kept)
{
	for (size_t i = 0; i < s->count; i++) {
		if (is_in(kept, s->at[i].fd))
			continue;
		remove_name(&s->at[i]);
		close(s->at[i].fd);
	}
	s->count = 0;
}

void sockets_drop(const struct sockets *s, const struct sockets *kept)
{
	for (size_t i = 0; i < s->count; i++)
		if (!is_in(kept, s->at[i].fd))
			close(s->at[i].fd);
}

void sockets_print(const struct sockets *s, char *out_text, size_t size)
{
	char text[ADDR_TEXT_MAX];
	size_t len = 0;

	out_text[0] = '\0';
	for (size_t i = 0; i < s->count && len < size; i++)
		len += (size_t)snprintf(out_text + len, size - len, "%s%s",
		    i > 0 ? ", " : "", addr_print(&s->at[i].bound, text));
}
