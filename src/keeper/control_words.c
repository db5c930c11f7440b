/*
 * control_words.c: from a line to an order.
 */
#include "keeper/control_words.h"

#include <string.h>

#include "sys/log.h"

static const char *const words[] = {
    [CONTROL_HELP] = "help",
    [CONTROL_STATUS] = "status",
    [CONTROL_CONNS] = "conns",
    [CONTROL_METRICS] = "metrics",
    [CONTROL_HOLD] = "hold",
    [CONTROL_RELEASE] = "release",
    [CONTROL_RESET_HEALTH] = "reset-health",
    [CONTROL_END] = "end",
    [CONTROL_RELOAD] = "reload",
    [CONTROL_UPGRADE] = "upgrade",
    [CONTROL_LOG_LEVEL] = "log-level",
};

static const char *const levels[] = {LOG_LEVEL_WORDS};

const char control_help[] =
    "status               how the device and its clients are\n"
    "conns                who is connected, and how far each has come\n"
    "metrics              the status for Prometheus\n"
    "hold                 let nobody to the device, for maintenance\n"
    "release              serve again\n"
    "reset-health         forget what speaks against the device\n"
    "end CLIENT           end its connections: ADDRESS, ADDRESS:PORT or unix\n"
    "reload               read the settings again, as HUP does\n"
    "upgrade              run the program on disk, as USR2 does\n"
    "log-level LEVEL      error, warn, info or debug, until a reload\n"
    "json WORD            the same, for programs\n";

/* The next word, after blanks; the rest of the line in `*line`. */
static size_t take(const char **line, const char *end, const char **out)
{
	const char *c = *line;

	while (c < end && (*c == ' ' || *c == '\t' || *c == '\r'))
		c++;
	*out = c;
	while (c < end && *c != ' ' && *c != '\t' && *c != '\r')
		c++;
	*line = c;
	return (size_t)(c - *out);
}

static bool is(const char *word, size_t len, const char *other)
{
	return strlen(other) == len && memcmp(word, other, len) == 0;
}

static int find_level(const char *word, size_t len)
{
	for (int i = 0; i < (int)(sizeof(levels) / sizeof(*levels)); i++)
		if (is(word, len, levels[i]))
			return i;
	return -1;
}

/* As conns prints it; an address alone stands for all its connections. */
static bool read_client(const char *word, size_t len, struct peer *out)
{
	char text[INET6_ADDRSTRLEN + sizeof("[]:65535")], *host = text;
	const char *why;
	struct addr a;

	if (is(word, len, "unix")) {
		*out = (struct peer){.family = AF_UNIX};
		return true;
	}
	if (len == 0 || len >= sizeof(text) || memchr(word, '\0', len) ||
	    memchr(word, '/', len) || memchr(word, '%', len))
		return false;
	memcpy(text, word, len);
	text[len] = '\0';
	if (text[0] == '[' && text[len - 1] == ']') {
		text[len - 1] = '\0';
		host++;
	}
	/* No address before the port: that would be any. */
	if (addr_parse_host(host, &a) < 0 &&
	    (text[0] == ':' || !strchr(text, ':') ||
		addr_parse(text, NULL, &a, &why) < 0))
		return false;
	*out = addr_to_peer(&a);
	return true;
}

/* What goes with `w`; nothing does with most. */
static bool read_argument(enum control_word w, const char **line,
    const char *end, struct control_order *out)
{
	const char *word;
	size_t n;

	if (w != CONTROL_LOG_LEVEL && w != CONTROL_END)
		return true;
	n = take(line, end, &word);
	if (w == CONTROL_END)
		return read_client(word, n, &out->client);
	out->level = find_level(word, n);
	return out->level >= 0;
}

struct control_order control_read(const char *line, size_t len)
{
	const char *end = line + len, *word;
	struct control_order order = {.word = CONTROL_NONE};
	size_t n = take(&line, end, &word);
	enum control_word w = CONTROL_HELP;

	if (is(word, n, "json")) {
		order.json = true;
		n = take(&line, end, &word);
	}
	while (w <= CONTROL_LOG_LEVEL && !is(word, n, words[w]))
		w++;
	if (w > CONTROL_LOG_LEVEL)
		order.wrong = "not a word known here; help lists them";
	else if (!read_argument(w, &line, end, &order))
		order.wrong =
		    w == CONTROL_END
			? "end: expected CLIENT: ADDRESS, ADDRESS:PORT or unix"
			: "log-level: expected error, warn, info or debug";
	else if (take(&line, end, &word) > 0)
		order.wrong = "too many words; help lists what each takes";
	else
		order.word = w;
	return order;
}

bool control_acts(enum control_word word)
{
	return word >= CONTROL_HOLD;
}
