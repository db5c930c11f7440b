/*
 * station.c: what the device is behind the gates modbus and line: requests are
 * read from one connection after another, thought about, and answered, some of
 * them late.
 */
#include "device.h"

#include <string.h>

#include "model.h"
#include "talk.h"

enum { CLOSES = 30 /* per mille */ };

static void forget_question(struct session *d, uint32_t i)
{
	d->question_count--;
	memmove(&d->questions[i], &d->questions[i + 1],
	    (d->question_count - i) * sizeof(*d->questions));
}

static void on_thought(void *obj, uint64_t arg)
{
	struct session *d = obj;

	if (d->number != arg >> 32)
		return;
	for (uint32_t i = 0; i < d->question_count; i++)
		if (d->questions[i].talk == (uint32_t)arg)
			d->questions[i].thought = true;
	device_work(d);
}

static void think(struct session *d, uint32_t talk)
{
	world_after(chance_below(&device_chance, device_think_ms() + 1) * MS,
	    on_thought, d, (uint64_t)d->number << 32 | talk);
}

static void hear(struct session *d, const char *bytes, size_t len)
{
	uint32_t talk = talk_number(bytes, len);
	bool silent = device_suffers() == TROUBLE_SILENT;

	d->known = true;
	if (!model_asked(d, talk, bytes, len) || !talk_has_answer(talk))
		return;
	if (d->question_count == DEVICE_ASKED_MAX)
		forget_question(d, 0);
	d->questions[d->question_count++] = (struct question){
	    .talk = talk,
	    .id = talk_id(bytes),
	    .silent = silent,
	    .at_us = world.now_us,
	};
	if (!silent)
		think(d, talk);
}

size_t station_hear(struct session *d, const char *bytes, size_t len)
{
	memcpy(d->head + d->head_bytes, bytes, len);
	d->head_bytes += (uint32_t)len;
	while ((len = talk_length(d->head, d->head_bytes, false)) > 0) {
		hear(d, d->head, len);
		d->head_bytes -= (uint32_t)len;
		memmove(d->head, d->head + len, d->head_bytes);
	}
	FORBID(d->head_bytes == DEVICE_HEAD_MAX, "request",
	    "a request without an end");
	return DEVICE_HEAD_MAX - d->head_bytes;
}

/* Which is answered now; NULL: none is thought about enough. */
static struct question *next_answer(struct session *d)
{
	for (uint32_t i = 0; i < d->question_count; i++) {
		struct question *a = &d->questions[i];

		if (d->saying ? a->talk == d->saying : a->thought)
			return a;
		if (model.talks == TALKS_LINES && !a->silent)
			return NULL;
	}
	return NULL;
}

/* Returns false while it has to wait. */
static bool say(struct session *d, struct question *a)
{
	char text[TALK_BYTES_MAX];
	size_t all = talk_answer(a->talk, a->id, text), len;
	uint32_t ms = model.nature[NATURE_PIECE_MS];
	long n;

	d->saying = a->talk;
	while (d->said_bytes < all) {
		len = all - d->said_bytes;
		if (len > model.nature[NATURE_PIECE])
			len = model.nature[NATURE_PIECE];
		n = tcp_send(d->tcp, PEER, text + d->said_bytes, len);
		if (n <= 0)
			return false;
		d->said_bytes += (uint32_t)n;
		if (ms > 0 && d->said_bytes < all) {
			device_pause(d, ms / 2, ms);
			return false;
		}
	}
	d->saying = d->said_bytes = 0;
	forget_question(d, (uint32_t)(a - d->questions));
	if (model.nature[NATURE_CLOSE_MS] > 0 && !world.calm &&
	    chance_is(&device_chance, CLOSES))
		device_close_soon(d);
	return true;
}

static bool has_to_say(const struct session *d)
{
	for (uint32_t i = 0; i < d->question_count; i++)
		if (!d->questions[i].silent)
			return true;
	return false;
}

bool station_answer(struct session *d)
{
	struct question *a;

	while (!d->pause_due && !d->closing && (a = next_answer(d)))
		if (!say(d, a))
			break;
	return has_to_say(d);
}
