/*
 * fw_site.c: what the second program does between its bytes: it reads bodies
 * at its own pace, keeps connections, and feeds event streams.
 *
 * A kept connection is not stopped after its reply; the loop serves it again
 * when it has bytes. The program itself ends those that are idle for too long
 * and those whose client has gone. An event is one write to a kept slot, and
 * as every write it waits for room: a viewer that stops reading stops the
 * whole device, as it does with the real libraries.
 */
#include <stdio.h>

#include "fw_impl.h"

enum {
	KEPT_IDLE_US = 15 * US_PER_S,
	BODY_IDLE_US = 10 * US_PER_S,
	BODY_READ = 512,
};

static uint16_t read_reg(const struct firmware *fw, enum chip_reg reg)
{
	return chip_read(fw->chip, fw->slot, reg);
}

/* ---- bodies ---- */

static void step_body(struct firmware *fw);

static void carry_out(struct firmware *fw)
{
	const struct site *s = &fw->site;
	bool is_left = s->number < FW_IDS && fw->left[s->number];

	fw->totals.commands++;
	if (is_left || read_reg(fw, CHIP_SR) != CHIP_ESTABLISHED)
		fw->totals.stale_commands++;
}

static void body_done(struct firmware *fw)
{
	if (fw->site.body_most > 0)
		fw->totals.bodies++;
	if (site_is_command(&fw->site))
		carry_out(fw);
	fw_reply(fw);
}

/* No more will come of it. */
static void body_cut(struct firmware *fw)
{
	fw->totals.cut_bodies++;
	fw_stop(fw);
}

static void read_body(struct firmware *fw, uint16_t waiting)
{
	uint64_t left = fw->site.body_most - fw->body_read;
	char bytes[BODY_READ];
	size_t len = waiting < sizeof(bytes) ? waiting : sizeof(bytes);
	int64_t takes_us = fw->costs.byte_us;

	if (len > left)
		len = (size_t)left;
	chip_rx(fw->chip, fw->slot, bytes, len);
	chip_write(fw->chip, fw->slot, CHIP_CR, CHIP_CR_RECV);
	fw->body_read += len;
	fw->totals.body_bytes += len;
	fw->body_due_us = fw->clock->now_us + BODY_IDLE_US;
	if (fw->site.body_rate > 0)
		takes_us = (int64_t)len * US_PER_S / fw->site.body_rate;
	fw_next(fw, step_body, takes_us);
}

static void step_body(struct firmware *fw)
{
	uint16_t waiting = read_reg(fw, CHIP_RX_RSR);
	uint16_t sr = read_reg(fw, CHIP_SR);

	if (fw->body_read == fw->site.body_most)
		body_done(fw);
	else if (waiting > 0)
		read_body(fw, waiting);
	else if (sr != CHIP_ESTABLISHED || fw->clock->now_us >= fw->body_due_us)
		body_cut(fw);
	else
		fw_wait(fw, step_body, fw->body_due_us - fw->clock->now_us);
}

void fw_site_request(struct firmware *fw)
{
	site_decide(&fw->site);
	fw->body_read = 0;
	fw->body_due_us = fw->clock->now_us + BODY_IDLE_US;
	step_body(fw);
}

/* ---- kept connections ---- */

void fw_site_keep(struct firmware *fw)
{
	struct fw_kept *k = &fw->kept[fw->slot];

	k->is_kept = true;
	k->idle_at_us = fw->clock->now_us + KEPT_IDLE_US;
	if (fw->site.after == SITE_STREAM) {
		k->every_us = (int64_t)fw->site.number * US_PER_MS;
		k->event_at_us = fw->clock->now_us + k->every_us;
		k->idle_at_us = CLOCK_NEVER;
	} else {
		k->event_at_us = CLOCK_NEVER;
	}
}

static void push_event(struct firmware *fw, struct fw_kept *k)
{
	struct page *p = &fw->page;

	k->event_at_us += k->every_us;
	fw->totals.events++;
	fw->pushing = true;
	fw->struck = (struct fw_struck){0};
	p->pieces = 1;
	p->padding = 0;
	p->pad_at = 1;
	p->piece[0].at = 0;
	p->piece[0].len = (uint16_t)snprintf(p->text, sizeof(p->text),
	    "event: temperature\ndata: %d\n\n", fw->temp);
	fw_reply(fw);
}

/* Looks after one slot; true: that takes the program's next step. */
static bool attend(struct firmware *fw, unsigned int slot)
{
	struct fw_kept *k = &fw->kept[slot];
	uint16_t sr = chip_read(fw->chip, slot, CHIP_SR);
	bool has_bytes = chip_read(fw->chip, slot, CHIP_RX_RSR) > 0;

	if (!k->is_kept || has_bytes)
		return false;
	fw->slot = slot;
	if (sr != CHIP_ESTABLISHED || fw->clock->now_us >= k->idle_at_us) {
		k->is_kept = false;
		if (sr == CHIP_CLOSED || sr == CHIP_LISTEN)
			return false;
		fw_stop(fw);
		return true;
	}
	if (fw->clock->now_us < k->event_at_us)
		return false;
	push_event(fw, k);
	return true;
}

bool fw_site_attend(struct firmware *fw)
{
	for (unsigned int i = 0; i < fw->chip->slots; i++)
		if (attend(fw, i))
			return true;
	return false;
}

int64_t fw_site_due(const struct firmware *fw)
{
	int64_t due = CLOCK_NEVER;

	for (unsigned int i = 0; i < fw->chip->slots; i++) {
		const struct fw_kept *k = &fw->kept[i];

		if (k->is_kept && k->event_at_us < due)
			due = k->event_at_us;
		if (k->is_kept && k->idle_at_us < due)
			due = k->idle_at_us;
	}
	return due;
}
