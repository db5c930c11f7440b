/* page.c: the pages of the four builds. */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

enum { HUNDRED = 100 };

/* One client.print(). */
static void put(struct page *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct page *p, const char *format, ...)
{
	size_t room = sizeof(p->text) - p->used;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(p->text + p->used, room, format, args);
	va_end(args);
	BUG_ON(len < 0 || (size_t)len >= room || p->pieces == PAGE_PIECES);
	p->piece[p->pieces].at = (uint16_t)p->used;
	p->piece[p->pieces].len = (uint16_t)len;
	p->pieces++;
	p->used += (size_t)len;
}

/* One client.println(): the text and its end are written apart. */
static void put_line(struct page *p, const char *text)
{
	put(p, "%s", text);
	put(p, "\r\n");
}

/* Two digits, halves up, as the Arduino prints. */
static void print_temp(int temp, char *out_text, size_t size)
{
	int hundredths =
	    (abs(temp) * HUNDRED + COUNTS_PER_DEGREE / 2) / COUNTS_PER_DEGREE;

	snprintf(out_text, size, "%s%d.%02d", temp < 0 ? "-" : "",
	    hundredths / HUNDRED, hundredths % HUNDRED);
}

static double rate(const struct page_facts *f)
{
	return f->uptime_s > 0 ? (double)f->requests / f->uptime_s : 0;
}

static void put_head(struct page *p, const char *type)
{
	put_line(p, "HTTP/1.1 200 OK");
	put_line(p, type);
	put_line(p, "Connection: close");
	put(p, "Refresh: ");
	put_line(p, "5");
}

static void put_first_build(struct page *p, const struct page_facts *f)
{
	char temp[16];

	print_temp(f->temp, temp, sizeof(temp));
	put_head(p, "Content-Type: text/html");
	put(p, "\r\n");
	put_line(p, "<!DOCTYPE HTML>");
	put_line(p, "<html>");
	put_line(p, "<b>SALT TMP102 Temperature Server</b> <br />");
	put(p, "Updates approx every ");
	put(p, "5");
	put_line(p, " seconds<br />");
	put(p, "@");
	put(p, "%u", f->uptime_s);
	put(p, " sec: ");
	put(p, "%s", temp);
	put_line(p, " deg C <br />");
	put(p, "%u", f->requests);
	put(p, " http requests, ");
	put(p, "%.2f", rate(f));
	put(p, " per sec. ");
	put(p, "%u", f->timeouts);
	p->pad_at = p->pieces;
	put_line(p, " timeouts<br />");
	put_line(p, "</html>");
}

static void put_build(struct page *p, const struct era *e)
{
	put(p, "Build ");
	put(p, "%s", e->build_time);
	put(p, " ");
	put(p, "%s", e->build_date);
	put(p, "<br>");
}

static void put_numbers(
    struct page *p, const struct era *e, const struct page_facts *f)
{
	char temp[16];

	print_temp(f->temp, temp, sizeof(temp));
	put(p, "Updates approx every ");
	put(p, "5");
	put(p, " seconds");
	put(p, "<br>");
	put(p, "@");
	put(p, "%u", f->uptime_s);
	put(p, " sec: ");
	put(p, "%s", temp);
	put(p, " deg C <br>");
	put(p, "%u", f->requests);
	put(p, " http requests, ");
	put(p, "%.2f", rate(f));
	put(p, " per sec. ");
	put(p, "%u", f->timeouts);
	if (!e->page_has_build) {
		put(p, " timeouts<br>");
		return;
	}
	put(p, " timeouts, ");
	put(p, "%u", f->idle_max_s);
	put(p, " max sec w/o client<br>");
}

static void put_later_build(
    struct page *p, const struct era *e, const struct page_facts *f)
{
	put_head(p, "Content-Type: text/html; charset=UTF-8");
	put_line(p, "<meta name=\"robots\" content=\"noindex\" />");
	put(p, "\r\n");
	put_line(p, "<!DOCTYPE html>");
	put_line(p, "<html>");
	put_line(p, "<head>");
	put_line(p, "<title>Simple Temperature Server</title>");
	put_line(p, "</head>");
	put_line(p, "<body>");
	put_line(p, "<h2>SALT TMP102 Temperature Server</h2>");
	if (e->page_has_build)
		put_build(p, e);
	put_numbers(p, e, f);
	p->pad_at = p->pieces;
	put_line(p, "</body>");
	put_line(p, "</html>");
	put(p, "\r\n");
}

void page_compose(struct page *p, const struct era *e,
    const struct page_facts *facts, unsigned int padded_bytes)
{
	p->pieces = 0;
	p->used = 0;
	if (e->first_build)
		put_first_build(p, facts);
	else
		put_later_build(p, e, facts);
	p->padding =
	    padded_bytes > p->used ? padded_bytes - (unsigned int)p->used : 0;
}

static unsigned int pad_writes(const struct page *p)
{
	return (p->padding + PAGE_PAD_BYTES - 1) / PAGE_PAD_BYTES;
}

unsigned int page_writes(const struct page *p)
{
	return p->pieces + pad_writes(p);
}

const char *page_write(const struct page *p, unsigned int n, size_t *out_len)
{
	static const char pad[] = "................................"
				  "...............................\n";
	unsigned int pads = pad_writes(p);
	unsigned int done;

	if (n >= p->pad_at && n < p->pad_at + pads) {
		done = (n - p->pad_at) * PAGE_PAD_BYTES;
		*out_len = p->padding - done < PAGE_PAD_BYTES
			       ? p->padding - done
			       : PAGE_PAD_BYTES;
		return pad + PAGE_PAD_BYTES - *out_len;
	}
	if (n >= p->pad_at)
		n -= pads;
	*out_len = p->piece[n].len;
	return p->text + p->piece[n].at;
}
