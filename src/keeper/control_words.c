/*
 * control_words.c: from a line to an order.
 */
#include "keeper/control_words.h"

#include <string.h>

#include "sys/log.h"

static const char *const words[] = {
    [CONTROL_HELP] = "help",
    [CONTROL_STATUS] = "status",
    [CONTROL_METRICS] = "metrics",
    [CONTROL_HOLD] = "hold",
    [CONTROL_RELEASE] = "release",
    [CONTROL_RESET_HEALTH] = "reset-health",
    [CONTROL_RELOAD] = "reload",
    [CONTROL_UPGRADE] = "upgrade",
    [CONTROL_LOG_LEVEL] = "log-level",
};

static const char *const levels[] = {LOG_LEVEL_WORDS};

const char control_help[] =
    "status               how the device and its clients are\n"
    "metrics              the same for Prometheus\n"
    "hold                 let nobody to the device, for maintenance\n"
    "release              serve again\n"
    "reset-health         forget what speaks against the device\n"
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
		return order;
	n = take(&line, end, &word);
	if (w == CONTROL_LOG_LEVEL) {
		order.level = find_level(word, n);
		if (order.level < 0)
			return order;
		n = take(&line, end, &word);
	}
	if (n == 0)
		order.word = w;
	return order;
}

bool control_acts(enum control_word word)
{
	return word >= CONTROL_HOLD;
}
