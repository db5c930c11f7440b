/*
 * page.c: the facts as one page of HTML: no script, nothing fetched, read
 * again by itself every few seconds. Whatever comes from outside the program
 * passes put_escaped.
 */
#include <inttypes.h>

#include "keeper/status.h"

enum { CAUSES_SHOWN = 12, CHANGES_SHOWN = 10 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta http-equiv=\"refresh\" content=\"3\"><style>"
    ":root{color-scheme:light dark;--b:#fff;--f:#1c2126;--m:#5c6670;"
    "--l:#dde1e5;--up:#1a7f45;--suspected:#a86400;--down:#c0262d;"
    "--held:#5a5fb8}"
    "@media(prefers-color-scheme:dark){:root{--b:#14181c;--f:#e8ebee;"
    "--m:#9aa4ae;--l:#333b43;--up:#3fbf75;--suspected:#e0a030;"
    "--down:#ff6b6b;--held:#a3a7f2}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--b);"
    "color:var(--f);font:16px/1.45 system-ui,sans-serif}"
    "h1{font-size:1.1rem;margin:0;font-weight:600;overflow-wrap:anywhere}"
    "h2{font-size:1rem;margin:1.5rem 0 .4rem}"
    ".m{color:var(--m);font-size:.9rem;overflow-wrap:anywhere}"
    ".s{border-left:.5rem solid;padding:.4rem .8rem;margin:.8rem 0}"
    ".s b{font-size:1.6rem;display:block}.s p{margin:0;color:var(--f)}"
    ".up{color:var(--up)}.suspected{color:var(--suspected)}"
    ".down{color:var(--down)}.held{color:var(--held)}"
    ".t{display:grid;gap:.6rem;"
    "grid-template-columns:repeat(auto-fit,minmax(9rem,1fr))}"
    ".t div{border:1px solid var(--l);border-radius:.4rem;"
    "padding:.5rem .7rem}.t b{display:block;font-size:1.3rem}"
    ".d{display:flex;height:1.6rem;gap:1px}"
    ".d i{flex:1;background:currentColor}.d .n{color:var(--l)}"
    ".a{display:flex;justify-content:space-between}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{padding:.2rem .5rem .2rem 0;text-align:left;font-weight:400;"
    "vertical-align:baseline}.r{text-align:right;"
    "font-variant-numeric:tabular-nums}"
    "th{color:var(--m);font-size:.9rem}.w{width:45%}"
    ".w i{display:block;height:.7rem;background:var(--m);min-width:1px}"
    "</style>";

static void put_escaped(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			status_put(t, "&amp;");
			break;
		case '<':
			status_put(t, "&lt;");
			break;
		case '>':
			status_put(t, "&gt;");
			break;
		case '"':
			status_put(t, "&quot;");
			break;
		case '\'':
			status_put(t, "&#39;");
			break;
		default:
			status_put(t, "%c", *s);
		}
}

static const char *state_class(const struct status_facts *f)
{
	return f->has_worker ? status_state_word(f->sum.health) : "down";
}

static void put_banner(const struct status_facts *f, struct text *t)
{
	char line[512];
	struct text h = {.bytes = line, .size = sizeof(line)};

	status_headline(f, &h);
	(void)text_end(&h);
	status_put(t, "<title>%s: ",
	    f->has_worker ? status_state_word(f->sum.health) : "no worker");
	put_escaped(t, f->name);
	status_put(t, "</title></head><body><h1>");
	put_escaped(t, f->name);
	status_put(t, "</h1><div class=\"m\">");
	put_escaped(t, f->listen);
	status_put(t, " &rarr; ");
	put_escaped(t, f->device);
	status_put(t, ", profile %s%s</div><div class=\"s %s\"><b>%s</b><p>",
	    f->profile, f->is_draining ? ", draining" : "", state_class(f),
	    f->has_worker ? status_state_word(f->sum.health) : "no worker");
	put_escaped(t, line);
	status_put(t, "</p></div>\n");
}

static void put_tiles(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;

	status_put(t, "<div class=\"t\">");
	if (f->stats->slots > 0)
		status_put(t,
		    "<div><b id=\"slots\">%u of %u</b>slots taken"
		    "</div>",
		    s->slots_taken, f->stats->slots);
	if (s->slots_quarantined > 0)
		status_put(t, "<div><b>%u</b>slots rest after a bad end</div>",
		    s->slots_quarantined);
	status_put(t,
	    "<div><b id=\"queue\">%u of %u</b>waiting</div>"
	    "<div><b id=\"live\">%u</b>connections, of %u addresses</div>"
	    "<div><b id=\"accepted\">%" PRIu64 "</b>accepted in ",
	    s->queue, f->queue_places, s->live, s->sources, s->accepted);
	status_put_span(t, f->wall_ms - f->stats->started_wall_ms);
	status_put(t, "</div></div>\n");
}

static void put_strip(const struct status_facts *f, struct text *t)
{
	status_put(t, "<h2>The last 24 hours</h2><div class=\"d\">");
	for (size_t i = 0; i < STATUS_STRIP_CELLS; i++) {
		int state = status_strip(f, i);

		status_put(t, "<i class=\"%s\"></i>",
		    state < 0 ? "n" : status_state_word((uint32_t)state));
	}
	status_put(t, "</div><div class=\"a m\"><span>24 h ago</span>"
		      "<span class=\"up\">up</span>"
		      "<span class=\"suspected\">suspected</span>"
		      "<span class=\"down\">down</span>"
		      "<span class=\"held\">held</span>"
		      "<span>now</span></div>\n");
}

static void put_changes(const struct status_facts *f, struct text *t)
{
	const struct status_history *h = f->history;
	size_t n = h->count < CHANGES_SHOWN ? h->count : CHANGES_SHOWN;
	int64_t until_ms = f->wall_ms;

	status_put(t, "<h2>Changes</h2><table>");
	for (size_t i = 1; i <= n; i++) {
		const struct status_change *c =
		    &h->at[(h->count - i) % STATUS_CHANGES_MAX];

		status_put(t, "<tr><td>");
		status_put_clock(t, c->wall_ms, f->wall_ms);
		status_put(t, "<td class=\"%s\">%s<td>%s<td class=\"r\">",
		    status_state_word(c->state), status_state_word(c->state),
		    status_why(c->why));
		status_put_span(t, until_ms - c->wall_ms);
		until_ms = c->wall_ms;
	}
	status_put(t, "</table>\n");
}

static void put_ms(struct text *t, int64_t ms)
{
	status_put(t, "<td class=\"r\">");
	if (ms < 0)
		status_put(t, "&ndash;");
	else
		status_put(t, "%" PRId64 " ms", ms);
}

static void put_delays(const struct status_facts *f, struct text *t)
{
	static const char *const names[] = {"request complete after",
	    "waited for a slot", "connect to the device", "its first byte",
	    "whole connection"};

	status_put(t, "<h2>Delays</h2><table><tr><th>at most<th class=\"r\">"
		      "half<th class=\"r\">95 %%<th class=\"r\">99 %%");
	for (size_t i = 0; i < STATS_DELAYS; i++) {
		const struct stats_histogram *h = &f->sum.delays[i];

		status_put(t, "<tr><td>%s", names[i]);
		put_ms(t, status_percentile_ms(h, 50));
		put_ms(t, status_percentile_ms(h, 95));
		put_ms(t, status_percentile_ms(h, 99));
	}
	status_put(t, "</table>\n");
}

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

static void put_causes(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	enum cause c = next_cause(s, CAUSE_NONE);
	uint64_t most = s->ended[c];

	status_put(t, "<h2>Ends, by cause</h2><table>");
	for (size_t i = 0; i < CAUSES_SHOWN && c != CAUSE_NONE; i++) {
		status_put(t,
		    "<tr><td>%s<td class=\"r\">%" PRIu64
		    "<td class=\"w\"><i style=\"width:%u%%\"></i>",
		    cause_row(c)->word, s->ended[c],
		    (unsigned int)(100 * (double)s->ended[c] / (double)most));
		c = next_cause(s, c);
	}
	status_put(t, "</table>\n");
}

void page_text(const struct status_facts *f, struct text *t)
{
	status_put(t, "%s", head);
	put_banner(f, t);
	put_tiles(f, t);
	if (f->sum.is_protected) {
		put_strip(f, t);
		put_changes(f, t);
	}
	put_delays(f, t);
	put_causes(f, t);
	status_put(t, "<p class=\"m\">As of ");
	status_put_clock(t, f->wall_ms, f->wall_ms);
	status_put(t, ". <a href=\"/metrics\">metrics</a>, "
		      "<a href=\"/status.json\">status.json</a></p>"
		      "</body></html>\n");
}
