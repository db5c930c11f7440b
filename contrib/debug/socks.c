/*
 * socks: every socket of a process, as /proc tells it.
 *
 * /proc/PID/fd names a socket by its inode only; the tables in /proc/PID/net
 * give the addresses, state and queues of each inode. Joining the two by hand
 * is slow, so this does it. For TCP a listener's receive queue is the number
 * of connections that wait to be accepted. The kernel does not show queues of
 * Unix sockets here, and a TCP socket that is neither bound nor connected is
 * in no table: it is listed as "unlisted".
 *
 * The last line is about the whole network namespace: connections in
 * TIME_WAIT, and orphans, which no process holds any more.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"

enum { EX_USAGE = 64, EX_OSERR = 71, PROC_PATH_MAX = 64 };

struct sock {
	unsigned long inode;
	int fd;
	const char *family;
	const char *state;
	unsigned int send_queue;
	unsigned int receive_queue;
	char local[ADDR_TEXT_MAX];
	char peer[ADDR_TEXT_MAX];
};

struct sock_list {
	struct sock *all;
	size_t count;
	size_t room;
};

static const char *pid_text;

static void proc_path(char out_path[PROC_PATH_MAX], const char *rest)
{
	snprintf(out_path, PROC_PATH_MAX, "/proc/%s/%s", pid_text, rest);
}

static void list_add(struct sock_list *l, int fd, unsigned long inode)
{
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->all = reallocarray(l->all, l->room, sizeof(*l->all));
		if (l->all == NULL)
			abort();
	}
	l->all[l->count++] = (struct sock){
	    .inode = inode,
	    .fd = fd,
	    .family = "unlisted",
	    .state = "-",
	    .local = "-",
	    .peer = "-",
	};
}

static int by_inode(const void *a, const void *b)
{
	const struct sock *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int by_fd(const void *a, const void *b)
{
	const struct sock *x = a, *y = b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

/* The first of the sockets with this inode: descriptors may share one. */
static struct sock *list_find(const struct sock_list *l, unsigned long inode)
{
	struct sock key = {.inode = inode};
	struct sock *s;

	if (l->count == 0)
		return NULL;
	s = bsearch(&key, l->all, l->count, sizeof(key), by_inode);
	while (s != NULL && s > l->all && s[-1].inode == inode)
		s--;
	return s;
}

/* Gives all descriptors of `found`'s inode what the table says of it. */
static void list_fill(struct sock_list *l, const struct sock *found)
{
	struct sock *s = list_find(l, found->inode);
	int fd;

	for (; s != NULL && s < l->all + l->count && s->inode == found->inode;
	     s++) {
		fd = s->fd;
		*s = *found;
		s->fd = fd;
	}
}

/* Returns 0 or -errno. */
static int read_descriptors(struct sock_list *l)
{
	char path[PROC_PATH_MAX], target[64];
	const struct dirent *entry;
	unsigned long inode;
	ssize_t len;
	DIR *dir;

	proc_path(path, "fd");
	dir = opendir(path);
	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		len = readlinkat(
		    dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			list_add(l, atoi(entry->d_name), inode);
	}
	closedir(dir);
	if (l->count > 0)
		qsort(l->all, l->count, sizeof(*l->all), by_inode);
	return 0;
}

static const char *tcp_state(unsigned int code)
{
	static const char *const names[] = {"-", "ESTABLISHED", "SYN_SENT",
	    "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
	    "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"};

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : "?";
}

/* HEX:PORT as in /proc/net/tcp: 32-bit words in the machine's own order. */
static void print_tcp_address(const char *text, char out_text[ADDR_TEXT_MAX])
{
	const char *colon = strchr(text, ':');
	struct addr a = {0};
	unsigned int port = 0;
	unsigned int word[4] = {0};
	int words = 0;

	while (words < 4 && text < colon && sscanf(text, "%8x", &word[words])) {
		text += 8;
		words++;
	}
	if (colon != NULL)
		sscanf(colon + 1, "%x", &port);
	if (words == 4) {
		a.u.in6.sin6_family = AF_INET6;
		a.u.in6.sin6_port = htons((uint16_t)port);
		memcpy(&a.u.in6.sin6_addr, word, sizeof(word));
	} else {
		a.u.in.sin_family = AF_INET;
		a.u.in.sin_port = htons((uint16_t)port);
		memcpy(&a.u.in.sin_addr, word, 4);
	}
	addr_print(&a, out_text);
}

static void on_tcp_line(
    struct sock_list *l, const char *line, const char *family)
{
	struct sock s = {.family = family};
	char local[64], peer[64];
	unsigned int state;

	if (sscanf(line, " %*d: %63s %63s %x %x:%x %*x:%*x %*x %*u %*u %lu",
		local, peer, &state, &s.send_queue, &s.receive_queue,
		&s.inode) != 6)
		return;
	if (list_find(l, s.inode) == NULL)
		return;
	s.state = tcp_state(state);
	print_tcp_address(local, s.local);
	print_tcp_address(peer, s.peer);
	list_fill(l, &s);
}

static const char *unix_state(unsigned int flags, unsigned int state)
{
	enum { ACCEPTS = 0x10000, CONNECTED = 3 };

	if (flags & ACCEPTS)
		return "LISTEN";
	return state == CONNECTED ? "ESTABLISHED" : "CLOSE";
}

static void on_unix_line(
    struct sock_list *l, const char *line, const char *family)
{
	struct sock s = {.family = family, .local = "-", .peer = "-"};
	unsigned int flags, state;

	if (sscanf(line, "%*x: %*x %*x %x %*x %x %lu %109s", &flags, &state,
		&s.inode, s.local) < 3)
		return;
	s.state = unix_state(flags, state);
	list_fill(l, &s);
}

/* A table that is missing (no IPv6, say) names no sockets. */
static void read_table(struct sock_list *l, const char *table,
    void (*on_line)(struct sock_list *, const char *, const char *),
    const char *family)
{
	char path[PROC_PATH_MAX], line[512];
	FILE *f;

	proc_path(path, table);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		on_line(l, line, family);
	fclose(f);
}

static void print_sockets(const struct sock_list *l, bool machine)
{
	static const char for_people[] =
	    "%4d %9lu %-8s %-11s %7u %7u %-23s %s\n";
	static const char for_programs[] =
	    "socket fd=%d inode=%lu family=%s state=%s recv_q=%u send_q=%u "
	    "local=%s peer=%s\n";

	if (!machine)
		printf("%4s %9s %-8s %-11s %7s %7s %-23s %s\n", "fd", "inode",
		    "family", "state", "recv-q", "send-q", "local", "peer");
	for (size_t i = 0; i < l->count; i++) {
		const struct sock *s = &l->all[i];

		printf(machine ? for_programs : for_people, s->fd, s->inode,
		    s->family, s->state, s->receive_queue, s->send_queue,
		    s->local, s->peer);
	}
}

static void print_machine_counts(bool machine)
{
	char path[PROC_PATH_MAX], line[256];
	unsigned int orphans = 0, time_wait = 0;
	FILE *f;

	proc_path(path, "net/sockstat");
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "TCP: inuse %*u orphan %u tw %u", &orphans,
		    &time_wait);
	fclose(f);
	printf(machine ? "machine time_wait=%u orphans=%u\n"
		       : "%u in TIME_WAIT, %u orphans on this machine\n",
	    time_wait, orphans);
}

static void usage(FILE *f)
{
	fputs("usage: socks [--machine] PID\n"
	      "Prints every socket of a process, with its state, queues and "
	      "addresses.\n"
	      "  --machine  print fields as name=value, for programs\n",
	    f);
	exit(f == stdout ? 0 : EX_USAGE);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"machine", no_argument, NULL, 'm'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct sock_list list = {0};
	bool machine = false;
	int opt, error;

	while ((opt = getopt_long(argc, argv, "mh", options, NULL)) != -1) {
		if (opt != 'm')
			usage(opt == 'h' ? stdout : stderr);
		machine = true;
	}
	if (argc - optind != 1 || strlen(argv[optind]) > 10)
		usage(stderr);
	pid_text = argv[optind];
	error = read_descriptors(&list);
	if (error < 0) {
		fprintf(stderr, "socks: /proc/%s/fd: %s\n", pid_text,
		    strerror(-error));
		return EX_OSERR;
	}
	read_table(&list, "net/tcp", on_tcp_line, "tcp4");
	read_table(&list, "net/tcp6", on_tcp_line, "tcp6");
	read_table(&list, "net/unix", on_unix_line, "unix");
	if (list.count > 0)
		qsort(list.all, list.count, sizeof(*list.all), by_fd);
	print_sockets(&list, machine);
	print_machine_counts(machine);
	free(list.all);
	return 0;
}
