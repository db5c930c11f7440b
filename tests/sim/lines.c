/*
 * lines.c: stands for src/sys/line.c and log_sink.c: the lines between workers
 * and their keeper, what the keeper does with what they say, and the lines of
 * the log.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "master.h"
#include "model.h"
#include "sys/log_sink.h"
#include "workers.h"

bool keeper_gone;

int line_open(int out_fds[2])
{
	return -EMFILE;
}

/* What the keeper says of it to others. */
WRAP(void, process_serves, struct keeper *k, struct process *m)
{
	/* As report_ready does. */
	if (k->report.held)
		(void)line_tell(m->line, LINE_HOLD, 1);
	TELL("worker %d serves, with %u slots", (int)m->pid, m->slots);
}

/* Who cannot be told anything has ended already. */
WRAP(int, kill, pid_t pid, int signal)
{
	return 0;
}

static void take_over(struct process *m)
{
	struct process *before = keeper.newest;

	if (m != keeper.coming)
		return;
	keeper.coming = NULL;
	keeper.newest = m;
	*keeper.conf = worker_of(m)->conf;
	if (before) {
		before->phase = PROCESS_RETIRING;
		(void)line_tell(before->line, LINE_RETIRE, 0);
	} else {
		handover_go(&keeper, m);
	}
}

struct said {
	struct member *from;
	uint32_t number;
	struct line_message m;
};

static struct said on_the_way[SAID_MAX];
static unsigned int next_said;

/* A worker's word has come to the keeper. */
static void on_said(void *obj, uint64_t arg)
{
	struct said *s = obj;

	/* Also what it said last. */
	if (s->from->number == s->number) {
		TELL("worker %u says %u, count %u", s->number, s->m.kind,
		    s->m.count);
		if (s->m.kind == LINE_READY)
			take_over(process_of(s->from));
		else
			handover_said(&keeper, process_of(s->from), &s->m);
	}
}

static void on_told(void *obj, uint64_t arg)
{
	struct said *s = obj;
	struct member *w = s->from;

	if (w->alive && w->number == s->number && w->count < INBOX) {
		w->inbox[(w->first + w->count++) % INBOX] = s->m;
		ready_mark(w->line_fd);
	}
}

int line_send(int fd, const struct line_message *m, int passed_fd)
{
	struct said *s;
	struct member *w = workers;

	if (kernel.reaping)
		return 0;
	if (keeper_gone)
		return -EPIPE;
	while (w < workers + WORKERS && w->line_fd != fd &&
	       w - workers != fd - KEEPER_END)
		w++;
	if (w == workers + WORKERS || !w->alive)
		return -EPIPE;
	s = &on_the_way[next_said++ % SAID_MAX];
	*s = (struct said){.from = w, .number = w->number};
	memcpy(&s->m, m, offsetof(struct line_message, bytes) + m->length);
	world_note(60, m->kind);
	kernel.progress = true;
	world_after(ON_THE_WAY_US, fd >= KEEPER_END ? on_told : on_said, s, 0);
	return 0;
}

int line_tell(int fd, enum line_kind kind, uint32_t count)
{
	struct line_message m = {.kind = kind, .count = count};

	return line_send(fd, &m, -1);
}

/* Whose end of a line is `fd`? */
static struct member *at_line(int fd)
{
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->line_fd == fd)
			return w;
	return NULL;
}

int line_receive(int fd, struct line_message *out, int *out_fd)
{
	struct member *w = at_line(fd);

	if (!w || w->count == 0)
		return keeper_gone ? -EPIPE : -EAGAIN;
	*out = w->inbox[w->first];
	*out_fd = -1;
	w->first = (w->first + 1) % INBOX;
	w->count--;
	kernel.progress = true;
	return 0;
}

unsigned int workers_unread(int fd)
{
	const struct member *w = at_line(fd);

	return keeper_gone ? 1 : w ? w->count : 0;
}

const char *const order_words[ORDERS + 1] = {
    "hold", "release", "level", "look", "ping", "addresses", "end"};

/* ---- orders ---- */

/* Whoever is ended by the operator need not be served. */
static void end_client(uint32_t address, struct line_message *m)
{
	struct addr a = {.u.in.sin_family = AF_INET};
	struct peer client;

	a.u.in.sin_addr.s_addr = htonl(CLIENT_IP + address);
	client = addr_to_peer(&a);
	m->length = sizeof(client);
	memcpy(m->bytes, &client, sizeof(client));
	clients_ended(address);
	masters_ended(address);
}

void workers_order(enum order order, uint32_t address)
{
	static const struct {
		enum line_kind kind;
		uint32_t count;
	} orders[ORDERS] = {{LINE_HOLD, 1}, {LINE_HOLD, 0},
	    {LINE_LEVEL, LOG_LEVEL_INFO}, {LINE_LOOK, 1}, {LINE_PING, 1},
	    {LINE_ADDRESSES, 1}, {LINE_CLOSE, 1}};
	struct line_message m = {
	    .kind = orders[order].kind, .count = orders[order].count};

	if (order == ORDER_ADDRESSES) {
		m.length = (uint32_t)(keeper.conf->link.device_count *
				      sizeof(struct addr));
		memcpy(m.bytes, keeper.conf->link.device, m.length);
	}
	if (order == ORDER_END)
		end_client(address, &m);
	/* Nobody is to be blamed for what is held. */
	model.troubled |= order == ORDER_HOLD;
	if (order == ORDER_HOLD || order == ORDER_RELEASE)
		keeper.report.held = order == ORDER_HOLD;
	TELL("the operator says %s", order_words[order]);
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && process_of(w)->phase >= PROCESS_SERVING)
			(void)line_send(process_of(w)->line, &m, -1);
}

void workers_orphan(void)
{
	TELL("the keeper is gone");
	keeper_gone = true;
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive)
			ready_mark(w->line_fd);
}

/* ---- the log: lines are dropped, or not taken where a fault says so ---- */

int log_sink_open_stderr(struct log_sink *s)
{
	*s =
	    (struct log_sink){.kind = LOG_SINK_OWN, .fd = file_open(KIND_SINK)};
	return s->fd < 0 ? s->fd : 0;
}

int log_sink_open_file(struct log_sink *s, const char *path)
{
	return log_sink_open_stderr(s);
}

int log_sink_open_syslog(struct log_sink *s)
{
	return log_sink_open_stderr(s);
}

void log_sink_close(struct log_sink *s)
{
	close(s->fd);
	s->fd = -1;
}

bool log_sink_stderr_is_journal(void)
{
	return false;
}

ssize_t log_sink_put(struct log_sink *s, const char *bytes, size_t len)
{
	int err = kernel.reaping ? 0 : fault_due(CALL_LOG);

	if (err)
		return -err;
	if (kernel.reaping)
		return (ssize_t)len;
	for (size_t i = 0; i < len; i += 16)
		world.digest = (world.digest ^ (unsigned char)bytes[i]) *
			       UINT64_C(0x100000001b3);
	if (world.tell)
		for (size_t i = 0, from = 0; i < len; i++)
			if (bytes[i] == '\n') {
				world_tell(
				    "log: %.*s", (int)(i - from), bytes + from);
				from = i + 1;
			}
	return (ssize_t)len;
}

void log_sink_forget(struct log_sink *s)
{
}

int log_sink_reconnect_syslog(struct log_sink *s)
{
	return 0;
}

int log_sink_widen(struct log_sink *s, size_t bytes)
{
	return 0;
}

bool log_sink_wait(struct log_sink *s, int timeout_ms)
{
	return !kernel_log_is_full();
}
