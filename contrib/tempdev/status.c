/* status.c: the table of names, and what is made of it. */
#include "status.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

enum { NAME_MAX_LEN = 32 };

/* ---- getters ---- */

static const char fw_words[] = "off|boot|loop|read|send|stop|hung";

#define GETTER(NAME, EXPR)                                                     \
	static int64_t get_##NAME(const struct device *d, unsigned int slot)   \
	{                                                                      \
		(void)slot;                                                    \
		return (int64_t)(EXPR);                                        \
	}

GETTER(uptime, d->powered ? fw_uptime_s(&d->fw) : 0)
GETTER(fw, d->fw.state)
GETTER(boots, d->boots)
GETTER(requests, d->fw.counts.requests)
GETTER(requests_total, d->fw.totals.requests)
GETTER(timeouts, d->fw.counts.timeouts)
GETTER(max_wo_client, d->fw.counts.idle_max_s)
GETTER(conns, d->chip.counts.conns)
GETTER(zero_byte_conns, d->chip.counts.zero_byte_conns)
GETTER(active, chip_active(&d->chip))
GETTER(max_active, d->chip.counts.max_active)
GETTER(touched_mask, chip_touched(&d->chip))
GETTER(refused, d->chip.counts.refused)
GETTER(all_in_use, d->fw.server.all_in_use)
GETTER(forced_close, d->fw.totals.forced_closes)
GETTER(orphans, d->chip.counts.orphans)

GETTER(sr, d->chip.slot[slot].sr)
GETTER(mr, d->chip.slot[slot].mr)
GETTER(ir, d->chip.slot[slot].ir)
GETTER(rx, d->chip.slot[slot].rx_fill)
GETTER(conn, d->chip.slot[slot].number)
GETTER(age_ms, (d->clock.now_us - d->chip.slot[slot].since_us) / US_PER_MS)

GETTER(silent, chip_silent(&d->chip))
GETTER(commands, d->fw.totals.commands)
GETTER(stale_commands, d->fw.totals.stale_commands)
GETTER(bodies, d->fw.totals.bodies)
GETTER(cut_bodies, d->fw.totals.cut_bodies)
GETTER(body_bytes, d->fw.totals.body_bytes)
GETTER(events, d->fw.totals.events)

static int64_t get_kept(const struct device *d, unsigned int slot)
{
	int64_t n = 0;

	for (slot = 0; slot < d->chip.slots; slot++)
		n += d->fw.kept[slot].is_kept;
	return n;
}

static int64_t get_tx_free(const struct device *d, unsigned int slot)
{
	return chip_tx_free(&d->chip, slot);
}

static int64_t get_rx_waiting(const struct device *d, unsigned int slot)
{
	int64_t sum = 0;

	for (slot = 0; slot < d->chip.slots; slot++)
		sum += d->chip.slot[slot].rx_fill;
	return sum;
}

static int64_t get_listening(const struct device *d, unsigned int slot)
{
	for (slot = 0; slot < d->chip.slots; slot++)
		if (d->chip.slot[slot].sr == CHIP_LISTEN)
			return 1;
	return 0;
}

/* The least time not exceeded by `percent` of the stop() calls. */
static int64_t stop_ms(const struct device *d, unsigned int percent)
{
	const struct fw_totals *t = &d->fw.totals;
	uint64_t needed = (t->stops * percent + 99) / 100;
	uint64_t seen = 0;

	for (int ms = 0; ms <= STOP_MS_LIMIT; ms++) {
		seen += t->stop_ms[ms];
		if (seen >= needed)
			return ms;
	}
	return STOP_MS_LIMIT;
}

GETTER(stop_ms_max, stop_ms(d, 100))
GETTER(stop_ms_p99, stop_ms(d, 99))

struct name {
	const char *name;
	int64_t (*get)(const struct device *d, unsigned int slot);
};

static const struct name names[] = {
    {"uptime", get_uptime},
    {"fw", get_fw},
    {"boots", get_boots},
    {"requests", get_requests},
    {"requests_total", get_requests_total},
    {"timeouts", get_timeouts},
    {"max_wo_client", get_max_wo_client},
    {"conns", get_conns},
    {"zero_byte_conns", get_zero_byte_conns},
    {"silent", get_silent},
    {"active", get_active},
    {"max_active", get_max_active},
    {"touched_mask", get_touched_mask},
    {"rx_waiting", get_rx_waiting},
    {"refused", get_refused},
    {"all_in_use", get_all_in_use},
    {"forced_close", get_forced_close},
    {"stop_ms_max", get_stop_ms_max},
    {"stop_ms_p99", get_stop_ms_p99},
    {"orphans", get_orphans},
    {"listening", get_listening},
    {"commands", get_commands},
    {"stale_commands", get_stale_commands},
    {"bodies", get_bodies},
    {"cut_bodies", get_cut_bodies},
    {"body_bytes", get_body_bytes},
    {"events", get_events},
    {"kept", get_kept},
};

/* sr comes first: "slot2" alone means its state. */
static const struct name slot_names[] = {
    {"sr", get_sr},
    {"mr", get_mr},
    {"ir", get_ir},
    {"rx", get_rx},
    {"tx_free", get_tx_free},
    {"conn", get_conn},
    {"age_ms", get_age_ms},
};

enum {
	NAMES = sizeof(names) / sizeof(names[0]),
	SLOT_NAMES = sizeof(slot_names) / sizeof(slot_names[0]),
};

/* ---- JSON ---- */

struct text {
	char *to;
	size_t used;
};

static void add(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->used += (size_t)vsnprintf(
	    t->to + t->used, STATUS_JSON - t->used, format, args);
	va_end(args);
}

/* The `index`th of the words separated by '|'. */
static void add_word(struct text *t, const char *words, int64_t index)
{
	while (index-- > 0)
		words = strchr(words, '|') + 1;
	add(t, "\"%.*s\"", (int)strcspn(words, "|"), words);
}

static void add_value(struct text *t, const struct name *n,
    const struct device *d, unsigned int slot)
{
	int64_t value = n->get(d, slot);

	add(t, "\"%s\":", n->name);
	if (n->get == get_fw)
		add_word(t, fw_words, value);
	else if (n->get == get_sr)
		add(t, "\"%s\"", chip_state_name((uint8_t)value));
	else if (n->get == get_mr)
		add(t, "\"%s\"", era_mode((uint16_t)value));
	else
		add(t, "%lld", (long long)value);
}

static void add_slots(struct text *t, const struct device *d)
{
	char peer[ADDR_TEXT_MAX];

	add(t, "[");
	for (unsigned int i = 0; i < d->chip.slots; i++) {
		add(t, "%s{", i > 0 ? "," : "");
		for (size_t k = 0; k < SLOT_NAMES; k++) {
			add_value(t, &slot_names[k], d, i);
			add(t, ",");
		}
		add(t, "\"peer\":\"%s\"}",
		    peer_print(&d->chip.slot[i].peer, peer));
	}
	add(t, "]");
}

void status_slots(const struct device *d, char out_json[STATUS_JSON])
{
	struct text t = {.to = out_json};

	add_slots(&t, d);
}

void status_stat(const struct device *d, char out_json[STATUS_JSON])
{
	struct text t = {.to = out_json};

	add(&t, "{");
	for (size_t k = 0; k < NAMES; k++) {
		add_value(&t, &names[k], d, 0);
		add(&t, ",");
	}
	add(&t, "\"slots\":");
	add_slots(&t, d);
	add(&t, "}");
}

/* ---- conditions ---- */

static int find_slot_name(
    const char *text, unsigned int slots, struct status_term *out)
{
	const char *name = "sr";

	if (strncmp(text, "slot", 4) != 0 || !isdigit((unsigned char)text[4]))
		return -EINVAL;
	out->slot = (unsigned int)(text[4] - '0');
	if (text[5] == '.')
		name = text + 6;
	else if (text[5] != '\0')
		return -EINVAL;
	for (size_t k = 0; k < SLOT_NAMES && out->slot < slots; k++) {
		if (strcmp(slot_names[k].name, name) == 0) {
			out->get = slot_names[k].get;
			return 0;
		}
	}
	return -EINVAL;
}

static int find_name(
    const char *text, unsigned int slots, struct status_term *out)
{
	for (size_t k = 0; k < NAMES; k++) {
		if (strcmp(names[k].name, text) == 0) {
			out->get = names[k].get;
			return 0;
		}
	}
	return find_slot_name(text, slots, out);
}

static int find_state(const char *text, int64_t *out)
{
	for (int sr = 0; sr <= CHIP_LAST_ACK; sr++) {
		if (*text != '\0' &&
		    strcmp(chip_state_name((uint8_t)sr), text) == 0) {
			*out = sr;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_value(const char *text, struct status_term *t)
{
	if (t->get == get_sr)
		return find_state(text, &t->value);
	if (t->get == get_mr)
		t->value = value_word(text, "Close|TCP");
	else if (t->get == get_fw)
		t->value = value_word(text, fw_words);
	else
		return value_whole(text, INT64_MIN, INT64_MAX, &t->value);
	return t->value < 0 ? -EINVAL : 0;
}

static const char *read_op(const char *text, struct status_term *t)
{
	static const struct {
		const char *text;
		unsigned int op;
	} ops[] = {{"!=", OP_NE}, {">=", OP_GE}, {"<=", OP_LE}, {"=", OP_EQ},
	    {">", OP_GT}, {"<", OP_LT}};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t len = strlen(ops[i].text);

		if (strncmp(text, ops[i].text, len) == 0) {
			t->op = ops[i].op;
			return text + len;
		}
	}
	return NULL;
}

static int parse_term(
    const char *text, size_t len, unsigned int slots, struct status_term *out)
{
	char copy[2 * NAME_MAX_LEN];
	char name[NAME_MAX_LEN];
	size_t name_len = strcspn(text, "!<>=");
	const char *value;

	if (len >= sizeof(copy) || name_len >= len || name_len >= sizeof(name))
		return -EINVAL;
	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	snprintf(name, sizeof(name), "%.*s", (int)name_len, text);
	value = read_op(copy + name_len, out);
	if (value == NULL || find_name(name, slots, out) < 0)
		return -EINVAL;
	return read_value(value, out);
}

static int explain(const char *text, size_t len, char out_why[STATUS_WHY])
{
	int used = snprintf(out_why, STATUS_WHY,
	    "condition '%.*s' not understood; expected NAME=VALUE (or != >= <= "
	    "> <); names: slot0..7[.sr .mr .ir .rx .tx_free .conn .age_ms]",
	    (int)(len < NAME_MAX_LEN ? len : NAME_MAX_LEN), text);

	for (size_t k = 0; k < NAMES && used < STATUS_WHY; k++)
		used += snprintf(out_why + used, (size_t)(STATUS_WHY - used),
		    " %s", names[k].name);
	return -EINVAL;
}

int status_parse(const char *text, unsigned int slots, struct status_expr *out,
    char out_why[STATUS_WHY])
{
	struct status_expr e = {0};

	for (;;) {
		size_t len = strcspn(text, ",");

		if (e.terms == STATUS_TERMS ||
		    parse_term(text, len, slots, &e.term[e.terms]) < 0)
			return explain(text, len, out_why);
		e.terms++;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*out = e;
	return 0;
}

static bool term_holds(const struct status_term *t, const struct device *d)
{
	int64_t v = t->get(d, t->slot);

	switch (t->op) {
	case OP_EQ:
		return v == t->value;
	case OP_NE:
		return v != t->value;
	case OP_GE:
		return v >= t->value;
	case OP_LE:
		return v <= t->value;
	case OP_GT:
		return v > t->value;
	case OP_LT:
		return v < t->value;
	}
	return false;
}

bool status_holds(const struct status_expr *e, const struct device *d)
{
	for (unsigned int i = 0; i < e->terms; i++)
		if (!term_holds(&e->term[i], d))
			return false;
	return true;
}
