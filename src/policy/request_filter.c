/*
 * request_filter.c: a head without what the device is not to see.
 *
 * Works in place, a line at a time, on a head that has passed: it only ever
 * moves bytes towards the front.
 */
#include "policy/request.h"

#include <string.h>

/* A part of the head, and where it ends. */
struct part {
	const char *at;
	const char *end;
};

static bool is_word(const struct part *p, const char *text, size_t bytes)
{
	return (size_t)(p->end - p->at) == bytes &&
	       field_same(p->at, text, bytes);
}

static bool is_text(const struct part *p, const char *text)
{
	return is_word(p, text, strlen(text));
}

static bool is_stripped(
    const struct request_conf *conf, const struct part *name)
{
	size_t i;

	if (is_text(name, "host") || is_text(name, "connection") ||
	    is_text(name, "content-length") ||
	    is_text(name, "transfer-encoding"))
		return false;
	for (i = 0; i < conf->strip_count; i++)
		if (is_word(name, conf->strip[i].text, conf->strip[i].bytes))
			return true;
	return false;
}

static bool is_upgrade(const struct part *word)
{
	return is_text(word, "upgrade") || is_text(word, "http2-settings");
}

static char *put(char *out, const char *from, const char *end)
{
	size_t len = (size_t)(end - from);

	memmove(out, from, len);
	return out + len;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct part trimmed(struct part p)
{
	while (p.at < p.end && is_blank(*p.at))
		p.at++;
	while (p.at < p.end && is_blank(p.end[-1]))
		p.end--;
	return p;
}

/* Writes the line of Connection without the words of an upgrade; nothing, if
 * no other word is left. */
static char *put_connection(
    char *out, const struct part *line, const char *value)
{
	struct part item = {value, value}, word;
	const char *stop = line->end;
	bool kept = false, lost = false, words = false;
	char *begin = out;

	while (stop > value && is_blank(stop[-1]))
		stop--;
	out = put(out, line->at, value);
	for (; item.at <= stop; item.at = item.end + 1) {
		item.end = memchr(item.at, ',', (size_t)(stop - item.at));
		if (!item.end)
			item.end = stop;
		word = trimmed(item);
		if (is_upgrade(&word)) {
			lost = true;
			continue;
		}
		if (kept)
			*out++ = ',';
		out = put(out, item.at, item.end);
		kept = true;
		words |= word.at < word.end;
	}
	return lost && !words ? begin : put(out, stop, line->end);
}

static char *put_line(
    const struct request_conf *conf, char *out, const struct part *line)
{
	const char *colon =
	    memchr(line->at, ':', (size_t)(line->end - line->at));
	struct part name = {line->at, colon};

	if (colon && is_stripped(conf, &name))
		return out;
	if (colon && !conf->upgrade && is_upgrade(&name))
		return out;
	if (colon && !conf->upgrade && is_text(&name, "connection"))
		return put_connection(out, line, colon + 1);
	return put(out, line->at, line->end);
}

static struct part line_from(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	return (struct part){at, lf ? lf + 1 : end};
}

void request_filter(
    struct request *g, const struct request_conf *conf, char *head)
{
	const char *end = head + g->head_bytes;
	const char *host = head + g->host_at;
	struct part line = line_from(head, end); /* of the request itself */
	char *out = head + (line.end - head);

	while (line.end < end) {
		line = line_from(line.end, end);
		if (host >= line.at && host < line.end)
			g->host_at -= (uint32_t)(line.at - out);
		out = put_line(conf, out, &line);
	}
	g->head_bytes = (uint32_t)(out - head);
}

void request_allow(const struct request_conf *conf, char out[REQUEST_ALLOW_MAX])
{
	static const char connect[] = "CONNECT";
	const struct request_word *w;
	size_t i, at = 0;

	strcpy(out, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	for (i = 0; i < conf->method_count; i++) {
		w = &conf->methods[i];
		if (at + 2 + w->bytes >= REQUEST_ALLOW_MAX ||
		    (w->bytes == sizeof(connect) - 1 &&
			memcmp(w->text, connect, w->bytes) == 0))
			continue;
		if (at > 0)
			at = (size_t)(stpcpy(out + at, ", ") - out);
		memcpy(out + at, w->text, w->bytes);
		at += w->bytes;
		out[at] = '\0';
	}
}
