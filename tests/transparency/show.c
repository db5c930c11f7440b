/*
 * show.c: outcomes, masks and endings in words.
 */
#include "show.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { CELL_MAX = 96 };

static void print_line(
    const char *what, const char *direct, const char *proxied)
{
	printf("%c %-12s %-34s %s\n", strcmp(direct, proxied) ? '!' : ' ', what,
	    direct, proxied);
}

static const char *print_outcome(
    const struct outcome *o, bool receives, char out_text[CELL_MAX])
{
	if (o->ret < 0)
		snprintf(out_text, CELL_MAX, "%s%s%s", o->bytes,
		    *o->bytes ? ", " : "", strerrorname_np(-o->ret));
	else if (!receives)
		snprintf(out_text, CELL_MAX, "%d", o->ret);
	else
		snprintf(out_text, CELL_MAX, "%s%s", o->bytes,
		    o->ret > 0	? ""
		    : *o->bytes ? ", end"
				: "end");
	return out_text;
}

static const char *print_mask(short mask, char out_text[CELL_MAX])
{
	static const struct {
		short bit;
		const char *name;
	} bits[] = {{POLLIN, "IN"}, {POLLPRI, "PRI"}, {POLLOUT, "OUT"},
	    {POLLERR, "ERR"}, {POLLHUP, "HUP"}, {POLLRDHUP, "RDHUP"}};
	size_t len = 0;

	snprintf(out_text, CELL_MAX, mask == NO_MASK ? "-" : "0");
	for (size_t i = 0; mask != NO_MASK && i < sizeof(bits) / sizeof(*bits);
	     i++)
		if (mask & bits[i].bit)
			len += (size_t)snprintf(out_text + len, CELL_MAX - len,
			    "%s%s", len ? " " : "", bits[i].name);
	return out_text;
}

static void show_mask(const char *who, int side, short direct, short proxied)
{
	char what[24], left[CELL_MAX], right[CELL_MAX];

	snprintf(what, sizeof(what), "%s %c poll", who, side_letter[side]);
	print_line(what, print_mask(direct, left), print_mask(proxied, right));
}

static void show_end(
    int side, const struct ending *direct, const struct ending *proxied)
{
	char what[24], left[CELL_MAX], right[CELL_MAX];

	if (direct->mask == NO_MASK)
		return;
	show_mask("end", side, direct->mask, proxied->mask);
	snprintf(what, sizeof(what), "end %c left", side_letter[side]);
	print_line(what, print_outcome(&direct->drain, true, left),
	    print_outcome(&proxied->drain, true, right));
	snprintf(what, sizeof(what), "end %c error", side_letter[side]);
	print_line(what,
	    direct->so_error ? strerrorname_np(direct->so_error) : "-",
	    proxied->so_error ? strerrorname_np(proxied->so_error) : "-");
}

void show(enum mode mode, const struct sequence *s, const struct seen *direct,
    const struct seen *proxied)
{
	char what[8], left[CELL_MAX], right[CELL_MAX];

	print_line("", "direct", "proxy");
	for (unsigned int i = 0; i < s->len; i++) {
		bool receives = s->act[i].verb == RCV;

		action_print(&s->act[i], what);
		print_line(what,
		    print_outcome(&direct->step[i], receives, left),
		    print_outcome(&proxied->step[i], receives, right));
		for (int side = 0; mode == SETTLED && side < SIDES; side++)
			show_mask("   ", side, direct->mask[i][side],
			    proxied->mask[i][side]);
	}
	for (int side = 0; side < SIDES; side++)
		show_end(side, &direct->end[side], &proxied->end[side]);
}
