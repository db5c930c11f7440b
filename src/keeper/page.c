/*
 * page.c: the facts as one page of HTML: no script, nothing fetched, read
 * again by itself every few seconds. Whatever comes from outside the program
 * passes put_escaped. This file has its frame and what must be seen first;
 * page_tables.c has the rest.
 */
#include <inttypes.h>

#include "keeper/status.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,"
    "initial-scale=1\">"
    "<meta http-equiv=\"refresh\" content=\"1\"><style>"
    ":root{color-scheme:light dark;--b:#f4f5f7;--c:#fff;--f:#1c2126;"
    "--m:#5c6670;--l:#dde1e5;--up:#177245;--suspected:#8f5700;"
    "--down:#b3202a;--held:#4b50a8}"
    "@media(prefers-color-scheme:dark){:root{--b:#101316;--c:#1a1f24;"
    "--f:#e8ebee;--m:#9aa4ae;--l:#333b43;--up:#45c07a;"
    "--suspected:#e0a030;--down:#ff7a7a;--held:#a9adf5}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:64rem;background:var(--b);"
    "color:var(--f);font:16px/1.45 system-ui,sans-serif}"
    "h1{font-size:1.2rem;margin:0;overflow-wrap:anywhere}"
    "h2{font-size:.95rem;margin:0 0 .4rem}"
    ".m{color:var(--m);font-size:.875rem;overflow-wrap:anywhere}"
    ".up{color:var(--up)}.suspected{color:var(--suspected)}"
    ".down,.stuck,.no-worker{color:var(--down)}.held{color:var(--held)}"
    "section,.s{background:var(--c);border:1px solid var(--l);"
    "border-radius:.5rem;padding:.8rem 1rem}"
    ".s{border-left:.6rem solid;margin:.8rem 0}"
    ".s b{font-size:2rem;line-height:1.2}.s p{margin:.2rem 0 0;"
    "color:var(--f);overflow-wrap:anywhere}.s span{color:var(--f);"
    "display:inline-block}.s p.m{color:var(--m)}"
    "main{display:grid;gap:.8rem;grid-template-columns:"
    "repeat(auto-fit,minmax(min(100%,25rem),1fr))}"
    "section p{margin:.3rem 0 0}@media(max-width:30rem){.o{display:none}}"
    ".t{display:grid;gap:.8rem;margin-bottom:.8rem;"
    "grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr))}"
    ".t section{padding:.5rem .8rem}.t b{display:block;font-size:1.3rem}"
    ".d{display:flex;height:1.6rem;gap:1px;align-items:end}"
    ".d i{flex:1;background:currentColor;height:100%;min-height:1px}"
    ".d .n{color:var(--l)}.k i{color:var(--m)}"
    ".a{display:flex;justify-content:space-between;gap:.5rem}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{padding:.15rem .6rem .15rem 0;text-align:left;"
    "font-weight:400;vertical-align:baseline}"
    "td:last-child,th:last-child{padding-right:0}"
    ".r{text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums}"
    ".g{overflow-wrap:anywhere}"
    "th{color:var(--m);font-size:.875rem}.x td{font-weight:600}"
    ".w{width:35%}.w i{display:block;height:.7rem;"
    "background:currentColor;min-width:1px}"
    "</style>";

static void put_escaped(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			text_printf(t, "&amp;");
			break;
		case '<':
			text_printf(t, "&lt;");
			break;
		case '>':
			text_printf(t, "&gt;");
			break;
		case '"':
			text_printf(t, "&quot;");
			break;
		case '\'':
			text_printf(t, "&#39;");
			break;
		default:
			text_printf(t, "%c", *s);
		}
}

static const char *shown_state(const struct status_facts *f)
{
	return status_state(f) == STATUS_NO_WORKER
		   ? "no worker"
		   : status_state_word(status_state(f));
}

/* The second line: what the first one means for who has to do something. */
static void put_advice(const struct status_facts *f, struct text *t)
{
	if (status_state(f) != HEALTH_DOWN && status_state(f) != STATUS_STUCK)
		return;
	text_printf(t, "<p id=\"advice\">Clients are answered at once that it "
		       "is down. ");
	if (status_state(f) == STATUS_STUCK) {
		text_printf(t, "What now: <code>sallyport control ");
		put_escaped(t, f->control);
		text_printf(t, " hold</code>, switch its power off and on, "
			       "then <code>release</code>.");
	}
	text_printf(t, "</p>");
}

static void put_banner(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	int64_t for_ms = f->now_ms - s->health_since_ms;
	char line[512] = "";
	struct text h = {.bytes = line, .size = sizeof(line)};

	text_printf(t, "<div class=\"s %s\">%s<b id=\"state\">%s</b> ",
	    status_state_word(status_state(f)),
	    status_state(f) == STATUS_NO_WORKER ? "" : "<span>device</span> ",
	    shown_state(f));
	if (status_state(f) != STATUS_NO_WORKER && s->is_protected) {
		text_printf(t, "<span id=\"since\">since ");
		status_put_clock(t, f->wall_ms - for_ms, f->wall_ms);
		text_printf(t, ", for ");
		status_put_span(t, for_ms);
		text_printf(t, "</span>");
	}
	status_reason(f, &h);
	(void)text_end(&h);
	text_printf(t, "<p id=\"why\">");
	put_escaped(t, line);
	text_printf(t, "</p>");
	put_advice(f, t);
	h.len = 0;
	status_outage(f, &h);
	(void)text_end(&h);
	if (h.len > 0)
		text_printf(t, "<p class=\"m\" id=\"outage\">%s</p>", line);
	text_printf(t, "</div>\n");
}

static void put_title(const struct status_facts *f, struct text *t)
{
	text_printf(t, "<title>%s: ", shown_state(f));
	put_escaped(t, f->name);
	text_printf(t, "</title></head><body><h1>");
	put_escaped(t, f->name);
	text_printf(t, "</h1><div class=\"m\">");
	put_escaped(t, f->listen);
	text_printf(t, " &rarr; ");
	put_escaped(t, f->device);
	text_printf(t, ", profile %s", f->profile);
	status_put_notes(f, t);
	text_printf(t, "</div>");
}

static void put_slowest(const struct status_facts *f, struct text *t)
{
	struct stats_histogram delays[STATS_DELAYS];
	int which;

	(void)recent_since(
	    &f->history->recent, &f->sum, STATUS_RECENT_MINUTES, delays);
	which = status_slowest(delays);
	text_printf(t, "<section><b id=\"slowest\">");
	if (which < 0)
		text_printf(t, "nothing</b>is slow");
	else
		text_printf(t, "%.3g s</b>slow: %s; 95 of 100 take less",
		    (double)status_percentile_ms(&delays[which], 95) / 1000,
		    status_delay_name((enum stats_delay)which));
	text_printf(t, "</section>");
}

static void put_tiles(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;

	text_printf(t, "<div class=\"t\">");
	if (f->stats->slots > 0)
		text_printf(t,
		    "<section><b id=\"slots\">%u of %u</b>slots of the "
		    "device taken</section>",
		    s->slots_taken, f->stats->slots);
	if (s->slots_quarantined > 0)
		text_printf(t,
		    "<section><b>%u</b>slots quarantined after a bad "
		    "end</section>",
		    s->slots_quarantined);
	if (s->is_protected)
		text_printf(t,
		    "<section><b id=\"queue\">%u of %u</b>waiting</section>",
		    s->queue, f->queue_places);
	put_slowest(f, t);
	text_printf(t,
	    "<section><b id=\"connections\">%u</b>connections of "
	    "clients</section>"
	    "<section><b id=\"accepted\">%" PRIu64 "</b>accepted in ",
	    s->live, s->accepted);
	status_put_span(t, f->wall_ms - f->stats->started_wall_ms);
	text_printf(t, "</section></div>\n");
}

void page_text(const struct status_facts *f, struct text *t)
{
	text_printf(t, "%s", head);
	put_title(f, t);
	put_banner(f, t);
	put_tiles(f, t);
	page_tables(f, t);
	text_printf(t, "<p class=\"m\">As of ");
	status_put_clock(t, f->wall_ms, f->wall_ms);
	text_printf(t, ", the clock of the proxy. <a href=\"/metrics\">metrics"
		       "</a>, <a href=\"/status.json\">status.json</a></p>"
		       "</body></html>\n");
}
