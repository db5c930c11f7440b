/*
 * page_tables.c: who is there, what is slow, what has been, why clients left.
 * Nothing here was chosen by a client but addresses, which are printed from
 * their numbers.
 */
#include <inttypes.h>

#include "keeper/status.h"

enum { CAUSES_SHOWN = 10, CHANGES_SHOWN = 8, GROUPS_SHOWN = 8 };

static void open_section(struct text *t, const char *id, const char *title)
{
	text_printf(t, "<section id=\"%s\"><h2>%s</h2>", id, title);
}

/* ---- who is there ---- */

static void put_groups(const struct status_facts *f, struct text *t, bool waits)
{
	struct status_group groups[STATS_CLIENTS];
	size_t count = status_groups(f, waits, groups);

	open_section(t, waits ? "waiting" : "holders",
	    waits ? "Waiting" : "At the device now");
	if (count == 0)
		text_printf(t, "<p class=\"m\">nobody</p>");
	else
		text_printf(t, "<table><tr><th>client<th class=\"r\">"
			       "connections<th class=\"r\">for");
	for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++) {
		text_printf(t, "<tr><td class=\"g\">");
		status_put_group(t, &groups[i]);
		text_printf(
		    t, "<td class=\"r\">%u<td class=\"r\">", groups[i].count);
		status_put_span(t, f->now_ms - groups[i].since_ms);
	}
	text_printf(t, count > 0 ? "</table>" : "");
	if (count > GROUPS_SHOWN)
		text_printf(t, "<p class=\"m\">and %zu more addresses</p>",
		    count - GROUPS_SHOWN);
	if (waits && status_unseen(f) > 0)
		text_printf(t, "<p class=\"m\">and %u more clients</p>",
		    status_unseen(f));
	text_printf(t, "</section>\n");
}

/* ---- what is slow ---- */

static void put_ms(struct text *t, int64_t ms, const char *class)
{
	text_printf(t, "<td class=\"%s\">", class);
	if (ms < 0)
		text_printf(t, "&ndash;");
	else
		text_printf(t, "%" PRId64, ms);
}

static void put_delays(const struct status_facts *f, struct text *t)
{
	struct stats_histogram late[STATS_DELAYS], day[STATS_DELAYS];
	int slowest;

	(void)recent_since(
	    &f->history->recent, &f->sum, STATUS_RECENT_MINUTES, late);
	(void)recent_since(&f->history->recent, &f->sum, 24 * 60, day);
	slowest = status_slowest(late);
	open_section(t, "delays", "What takes how long");
	text_printf(t,
	    "<table><tr><th>within so many ms, last %d min<th class=\"r\">half"
	    "<th class=\"r\">95 %%<th class=\"r\">99 %%"
	    "<th class=\"r o\">24 h: 95 %%",
	    STATUS_RECENT_MINUTES);
	for (size_t i = 0; i < STATS_DELAYS; i++) {
		text_printf(t, "<tr%s><td>%s",
		    (int)i == slowest ? " class=\"x\"" : "",
		    status_delay_name(i));
		put_ms(t, status_percentile_ms(&late[i], 50), "r");
		put_ms(t, status_percentile_ms(&late[i], 95), "r");
		put_ms(t, status_percentile_ms(&late[i], 99), "r");
		put_ms(t, status_percentile_ms(&day[i], 95), "r o");
	}
	text_printf(t, "</table></section>\n");
}

static void put_rate(const struct status_facts *f, struct text *t)
{
	struct stats_histogram delays[STATS_DELAYS];
	int64_t most = 0;

	for (unsigned int ago = 0; ago < RECENT_MINUTES; ago++) {
		int64_t n = recent_minute(&f->history->recent, ago, delays);

		most = n > most ? n : most;
	}
	if (most == 0)
		return;
	open_section(t, "rate", "Clients a minute, the last hour");
	text_printf(t, "<div class=\"d k\">");
	for (unsigned int ago = RECENT_MINUTES; ago-- > 0;) {
		int64_t n = recent_minute(&f->history->recent, ago, delays);

		text_printf(t, "<i style=\"height:%" PRId64 "%%\"></i>",
		    n < 0 ? 0 : n * 100 / most);
	}
	text_printf(t,
	    "</div><div class=\"a m\"><span>1 h ago</span><span>at most "
	    "%" PRId64 "</span><span>now</span></div></section>\n",
	    most);
}

/* ---- what has been ---- */

static void put_strip(const struct status_facts *f, struct text *t)
{
	open_section(t, "strip", "The last 24 hours, the worst of each 15 min");
	text_printf(t, "<div class=\"d\">");
	for (size_t i = 0; i < STATUS_STRIP_CELLS; i++) {
		int state = status_strip(f, i);

		text_printf(t, "<i class=\"%s\"></i>",
		    state < 0 ? "n" : status_state_word((uint32_t)state));
	}
	text_printf(t, "</div><div class=\"a m\"><span>24 h ago</span>"
		       "<span class=\"up\">up</span>"
		       "<span class=\"suspected\">suspected</span>"
		       "<span class=\"down\">down</span>"
		       "<span class=\"held\">held</span>"
		       "<span>now</span></div></section>\n");
}

static void put_changes(const struct status_facts *f, struct text *t)
{
	const struct status_history *h = f->history;
	size_t n = h->count < CHANGES_SHOWN ? h->count : CHANGES_SHOWN;
	int64_t until_ms = f->wall_ms;

	open_section(t, "changes", "When it changed, and why");
	text_printf(
	    t, "<table><tr><th>from<th>state<th>why<th class=\"r\">for");
	for (size_t i = 1; i <= n; i++) {
		const struct status_change *c =
		    &h->at[(h->count - i) % STATUS_CHANGES_MAX];

		text_printf(t, "<tr><td>");
		status_put_clock(t, c->wall_ms, f->wall_ms);
		text_printf(t, "<td class=\"%s\">%s<td>%s<td class=\"r\">",
		    status_state_word(c->state), status_state_word(c->state),
		    status_why(c->why));
		status_put_span(t, until_ms - c->wall_ms);
		until_ms = c->wall_ms;
	}
	text_printf(t, "</table></section>\n");
}

/* ---- why clients left ---- */

/* The next in order of number, then of place; CAUSE_NONE: no more. */
static enum cause next_cause(const struct stats_block *s, enum cause last)
{
	uint64_t most = last == CAUSE_NONE ? UINT64_MAX : s->ended[last];
	enum cause found = CAUSE_NONE;

	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++) {
		uint64_t n = s->ended[c];

		if (n == 0 || n > most || (n == most && c <= last))
			continue;
		if (found == CAUSE_NONE || n > s->ended[found])
			found = c;
	}
	return found;
}

static const char *blame_class(enum cause c)
{
	static const char *const classes[] = {
	    [BLAME_NOBODY] = "up",
	    [BLAME_CLIENT] = "m",
	    [BLAME_DEVICE] = "down",
	    [BLAME_PROXY] = "suspected",
	};

	return classes[cause_row(c)->blame];
}

static void put_causes(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	enum cause c = next_cause(s, CAUSE_NONE);
	uint64_t most = s->ended[c];

	open_section(t, "causes", "How connections ended");
	text_printf(t, c == CAUSE_NONE ? "<p class=\"m\">none has</p>" : "");
	text_printf(t, "<table>");
	for (size_t i = 0; i < CAUSES_SHOWN && c != CAUSE_NONE; i++) {
		text_printf(t,
		    "<tr><td>%s<td class=\"r\">%" PRIu64
		    "<td class=\"w\"><i class=\"%s\" style=\"width:%u%%\"></i>",
		    cause_row(c)->word, s->ended[c], blame_class(c),
		    (unsigned int)(100 * (double)s->ended[c] / (double)most));
		c = next_cause(s, c);
	}
	text_printf(t,
	    "</table><p class=\"m\"><span class=\"up\">in order</span>;"
	    " due to the client, <span class=\"down\">the device"
	    "</span>, <span class=\"suspected\">limits of the "
	    "proxy</span></p></section>\n");
}

static void put_bad_ends(const struct status_facts *f, struct text *t)
{
	char text[ADDR_TEXT_MAX];
	const struct stats_end *e = status_end(f, 0);

	if (!e)
		return;
	open_section(t, "ends", "The latest that did not end in order");
	text_printf(t, "<table>");
	for (unsigned int i = 0; e; e = status_end(f, ++i)) {
		text_printf(t, "<tr><td>");
		status_put_clock(
		    t, f->wall_ms - (f->now_ms - e->at_ms), f->wall_ms);
		text_printf(t, "<td class=\"g\">%s<td class=\"%s\">%s",
		    peer_print(&e->client, text), blame_class(e->cause),
		    cause_row(e->cause)->word);
	}
	text_printf(t, "</table></section>\n");
}

void page_tables(const struct status_facts *f, struct text *t)
{
	text_printf(t, "<main>");
	put_groups(f, t, false);
	put_groups(f, t, true);
	put_delays(f, t);
	if (f->sum.is_protected) {
		put_strip(f, t);
		put_changes(f, t);
	}
	put_causes(f, t);
	put_bad_ends(f, t);
	put_rate(f, t);
	text_printf(t, "</main>\n");
}
