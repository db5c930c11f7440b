/*
 * Fuzz target: an order is given by its words and blanks only, and by none
 * besides.
 */
#include <stdio.h>
#include <string.h>

#include "keeper/control_words.h"
#include "must.h"

static const char *const orders[] = {
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
static const char *const levels[] = {"error", "warn", "info", "debug"};

/* The words of the line, one blank before each. */
static void squeeze(const char *line, size_t len, char *out)
{
	bool blank = true;

	for (size_t i = 0; i < len; i++) {
		bool is_blank =
		    line[i] == ' ' || line[i] == '\t' || line[i] == '\r';

		if (blank && !is_blank)
			*out++ = ' ';
		if (!is_blank)
			*out++ = line[i];
		blank = is_blank;
	}
	*out = '\0';
}

/* The client is one word, and the same when it is read as it is printed. */
static void check_client(const struct control_order *o, const char *word)
{
	char line[ADDR_TEXT_MAX + 8], text[ADDR_TEXT_MAX];
	struct control_order again;

	MUST(*word == ' ' && !strchr(word + 1, ' '));
	snprintf(line, sizeof(line), "end %s", peer_print(&o->client, text));
	again = control_read(line, strlen(line));
	MUST(again.word == CONTROL_END);
	MUST(memcmp(&again.client, &o->client, sizeof(o->client)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_order o = control_read((const char *)data, size);
	char said[4096], wanted[64] = "";

	if (size >= sizeof(said) / 2 || o.word == CONTROL_NONE)
		return 0;
	MUST(o.word <= CONTROL_LOG_LEVEL);
	MUST(o.level >= 0 && o.level < 4);
	strcat(wanted, o.json ? " json " : " ");
	strcat(wanted, orders[o.word]);
	if (o.word == CONTROL_LOG_LEVEL) {
		strcat(wanted, " ");
		strcat(wanted, levels[o.level]);
	}
	squeeze((const char *)data, size, said);
	MUST(control_acts(o.word) == (o.word >= CONTROL_HOLD));
	if (o.word != CONTROL_END) {
		MUST(strcmp(said, wanted) == 0);
		return 0;
	}
	MUST(strncmp(said, wanted, strlen(wanted)) == 0);
	check_client(&o, said + strlen(wanted));
	return 0;
}
