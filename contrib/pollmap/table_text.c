/*
 * table_text.c: names, and tables as text. After a head of "# KEY VALUE" lines,
 * one line for each sequence, prefixes first:
 *
 *   DEPTH ACTION RESULT MASK MASK STATE STATE [racy VOTES/TOTAL VARIANT]
 *
 * Depth 0 is the empty sequence, its action "-". A sequence is the actions of
 * the lines above of each smaller depth, and its own. Masks are in hexadecimal,
 * "-" for a closed end; in edge mode "/EDGE" stands behind.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pollmap.h"

enum { LINE_MAX_BYTES = 512, STATES = 16 };

static const struct {
	unsigned bit;
	const char *name;
} flags[] = {
    {POLLIN, "IN"},
    {POLLPRI, "PRI"},
    {POLLOUT, "OUT"},
    {POLLERR, "ERR"},
    {POLLHUP, "HUP"},
    {POLLRDHUP, "RDHUP"},
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

const char *mask_print(unsigned mask, char out_text[64])
{
	int n = 0;

	out_text[0] = '\0';
	for (int i = 0; i < FLAGS; i++)
		if (mask & flags[i].bit)
			n += snprintf(out_text + n, 64 - (size_t)n, "%s%s",
			    n ? " " : "", flags[i].name);
	return out_text;
}

int mask_parse(const char *text)
{
	char list[64], *save = NULL, *end;
	long number = strtol(text, &end, 16);
	unsigned mask = 0;

	if (end != text && !*end && number >= 0 && number < MASK_CLOSED)
		return (int)number;
	snprintf(list, sizeof(list), "%s", text);
	for (char *at = strtok_r(list, " ,", &save); at;
	     at = strtok_r(NULL, " ,", &save)) {
		unsigned bit = 0;

		for (int i = 0; i < FLAGS; i++)
			if (strcasecmp(at, flags[i].name) == 0)
				bit = flags[i].bit;
		if (!bit)
			return -1;
		mask |= bit;
	}
	return mask ? (int)mask : -1;
}

/* clang-format off */
#define E(name) {name, #name}
static const struct {
	int number;
	const char *name;
} errors[] = {
	E(EPERM), E(EINTR), E(EBADF), E(EAGAIN), E(ENOMEM), E(EINVAL),
	E(EMFILE), E(EPIPE), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE),
	E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(EOPNOTSUPP), E(EAFNOSUPPORT),
	E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETUNREACH), E(ECONNABORTED),
	E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ETIMEDOUT),
	E(ECONNREFUSED), E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS),
};
#undef E
/* clang-format on */

enum { ERRORS = sizeof(errors) / sizeof(errors[0]) };

const char *error_name(int number)
{
	for (int i = 0; i < ERRORS; i++)
		if (errors[i].number == number)
			return errors[i].name;
	return "EUNKNOWN";
}

int error_find(const char *name)
{
	for (int i = 0; i < ERRORS; i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	return 0;
}

const char *tcp_state_name(unsigned state)
{
	static const char *const names[] = {
	    [TCP_ESTABLISHED] = "ESTABLISHED",
	    [TCP_SYN_SENT] = "SYN_SENT",
	    [TCP_SYN_RECV] = "SYN_RECV",
	    [TCP_FIN_WAIT1] = "FIN_WAIT",
	    [TCP_TIME_WAIT] = "TIME_WAIT",
	    [TCP_CLOSE] = "CLOSE",
	    [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
	    [TCP_LAST_ACK] = "LAST_ACK",
	    [TCP_LISTEN] = "LISTEN",
	    [TCP_CLOSING] = "CLOSING",
	};

	if (state < sizeof(names) / sizeof(names[0]) && names[state])
		return names[state];
	return "-";
}

static int mask_field(const struct seen *s, int end, char *out_text)
{
	int n = sprintf(
	    out_text, s->mask[end] == MASK_CLOSED ? "-" : "%x", s->mask[end]);

	return s->edge[end] ? n + sprintf(out_text + n, "/%x", s->edge[end])
			    : n;
}

const char *seen_print(const struct seen *s, char out_text[SEEN_TEXT_MAX])
{
	char mask[ENDS][16];
	char result[16];

	snprintf(result, sizeof(result), "%d", s->result);
	for (int i = 0; i < ENDS; i++)
		mask_field(s, i, mask[i]);
	snprintf(out_text, SEEN_TEXT_MAX, "%s %s %s %s %s",
	    s->result < 0 ? error_name(-s->result) : result, mask[0], mask[1],
	    tcp_state_name(s->state[0]), tcp_state_name(s->state[1]));
	return out_text;
}

struct writing {
	const struct table *t;
	FILE *f;
};

static bool write_node(
    void *arg, const uint8_t *sequence, int len, uint32_t node)
{
	const struct writing *w = arg;
	const struct node *n = &w->t->nodes[node];
	char action[NAME_MAX_BYTES];
	char text[SEEN_TEXT_MAX];

	fprintf(w->f, "%d %s %s", len,
	    action_print(&w->t->subject, sequence[len - 1], action),
	    seen_print(&n->seen[0], text));
	if (node_is_racy(n))
		fprintf(w->f, " racy %u/%u %s", n->votes[0], n->total,
		    seen_print(&n->seen[1], text));
	fputc('\n', w->f);
	return true;
}

int table_write(const struct table *t, FILE *f)
{
	struct writing w = {t, f};
	char text[SEEN_TEXT_MAX];

	fprintf(f,
	    "# pollmap table 2\n# kernel %s\n# start %s\n# family %s\n"
	    "# edges %d\n# actions %s\n# depth %d\n# lookahead %d\n"
	    "# votes %d\n",
	    t->release, kind_name(&t->subject), family_name(&t->subject),
	    t->subject.edges, t->subject.text, t->depth, t->lookahead,
	    t->votes);
	fprintf(f, "0 - %s\n", seen_print(&t->nodes[0].seen[0], text));
	table_each(t, write_node, &w);
	return ferror(f) || fflush(f) ? -1 : 0;
}

static uint8_t read_state(const char *text)
{
	uint8_t i = 0;

	while (i < STATES && strcmp(tcp_state_name(i), text) != 0)
		i++;
	return i % STATES;
}

/* The fields of one observation, as text. */
struct fields {
	char result[24], mask[ENDS][16], state[ENDS][16];
};

static void read_seen(const struct fields *f, struct seen *out)
{
	out->result =
	    *f->result == 'E' ? -error_find(f->result) : atoi(f->result);
	for (int i = 0; i < ENDS; i++) {
		const char *slash = strchr(f->mask[i], '/');

		out->mask[i] = f->mask[i][0] == '-'
				   ? MASK_CLOSED
				   : (uint16_t)strtoul(f->mask[i], NULL, 16);
		out->edge[i] =
		    slash ? (uint16_t)strtoul(slash + 1, NULL, 16) : 0;
		out->state[i] = read_state(f->state[i]);
	}
}

/* Reads one line. `path` holds the node of every prefix of the sequence
 * before; those shorter than this one stay. */
static int read_node(
    struct table *t, const char *line, uint32_t path[SEQUENCE_MAX + 1])
{
	struct fields f[VARIANTS];
	char name[24];
	unsigned votes = 1, total = 1;
	struct node *n;
	int action, len;
	int got = sscanf(line,
	    "%d %23s %23s %15s %15s %15s %15s "
	    "racy %u/%u %23s %15s %15s %15s %15s",
	    &len, name, f[0].result, f[0].mask[0], f[0].mask[1], f[0].state[0],
	    f[0].state[1], &votes, &total, f[1].result, f[1].mask[0],
	    f[1].mask[1], f[1].state[0], f[1].state[1]);

	if ((got != 7 && got != 14) || len < 0 || len > t->depth)
		return -1;
	action = action_find(&t->subject, name);
	if (len > 0) {
		if (action < 0 || table_grow(t, path[len - 1]) < 0)
			return -1;
		path[len] = table_child(t, path[len - 1], action);
		if (!path[len])
			return -1;
	}
	n = &t->nodes[path[len]];
	n->votes[0] = votes;
	n->total = total;
	read_seen(&f[0], &n->seen[0]);
	if (got == 14) {
		n->votes[1] = 1;
		read_seen(&f[1], &n->seen[1]);
	}
	return 0;
}

/* Reads the head. */
static int read_head(FILE *f, struct table *t, char why[TEXT_MAX])
{
	char release[RELEASE_MAX], kind[16], family[16], actions[256];
	int edges, depth, lookahead, votes;
	struct subject s;

	if (fscanf(f,
		"# pollmap table 2 # kernel %64s # start %15s # family %15s "
		"# edges %d # actions %255s # depth %d # lookahead %d "
		"# votes %d ",
		release, kind, family, &edges, actions, &depth, &lookahead,
		&votes) != 8 ||
	    depth < 1 || depth > SEQUENCE_MAX || lookahead < 0 ||
	    lookahead > depth) {
		snprintf(why, TEXT_MAX, "not a table of pollmap");
		return -1;
	}
	if (subject_init(&s, kind, family, edges, actions, why) < 0)
		return -1;
	if (table_init(t, &s, depth, votes) < 0) {
		snprintf(why, TEXT_MAX, "no memory");
		return -1;
	}
	snprintf(t->release, sizeof(t->release), "%s", release);
	t->lookahead = lookahead;
	return 0;
}

int table_read(struct table *t, const char *path, char out_why[TEXT_MAX])
{
	uint32_t nodes[SEQUENCE_MAX + 1] = {0};
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(path, "r");
	int ret = 0;

	memset(t, 0, sizeof(*t));
	if (!f) {
		snprintf(out_why, TEXT_MAX, "%s", strerror(errno));
		return -1;
	}
	ret = read_head(f, t, out_why);
	for (int n = 10; ret == 0 && fgets(line, sizeof(line), f); n++) {
		ret = read_node(t, line, nodes);
		if (ret < 0)
			snprintf(out_why, TEXT_MAX,
			    "line %d: not a line of "
			    "a table: %.80s",
			    n, line);
	}
	fclose(f);
	return ret;
}
