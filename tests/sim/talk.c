/*
 * talk.c: frames of Modbus/TCP and lines, made of a number.
 */
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum { HEAD = 6, REFUSES_EVERY = 13, LONG_ANSWER = 4500 };

const char talk_babble[] = "GET / xx\n";

static struct talk talks[TALK_MAX + 1];
static uint32_t last;

void talk_start(void)
{
	memset(talks, 0, (last + 1) * sizeof(*talks));
	last = 0;
}

uint32_t talk_new(uint32_t master, enum talk_kind kind)
{
	if (last == TALK_MAX)
		return 0;
	talks[++last] = (struct talk){
	    .master = master,
	    .kind = (uint8_t)kind,
	    .said_us = world.now_us,
	};
	return last;
}

struct talk *talk_find(uint32_t number)
{
	return number > 0 && number <= last ? &talks[number] : NULL;
}

bool talk_has_answer(uint32_t number)
{
	return model.talks == TALKS_MODBUS || talks[number].kind == TALK_READ;
}

static char some_byte(uint32_t number, size_t at)
{
	return (char)('a' + (number * 7 + at * 3) % 26);
}

/* ---- Modbus ---- */

static size_t put_head(char *out, uint16_t id, size_t bytes)
{
	out[0] = (char)(id >> 8);
	out[1] = (char)id;
	out[2] = out[3] = 0;
	out[4] = (char)((bytes - HEAD) >> 8);
	out[5] = (char)(bytes - HEAD);
	out[6] = 1;
	return bytes;
}

static void put_word(char *out, uint32_t word)
{
	out[0] = (char)(word >> 8);
	out[1] = (char)word;
}

static const char functions[TALK_KINDS] = {3, 6, 16};

static uint32_t registers(uint32_t number)
{
	return 1 + number % 120;
}

static size_t put_frame(uint32_t number, uint16_t id, char *out)
{
	size_t bytes = 12, data = 2 * registers(number);
	uint8_t kind = talks[number].kind;

	out[7] = functions[kind];
	put_word(out + 8, number);
	put_word(out + 10, kind == TALK_WRITE ? number * 7 : registers(number));
	if (kind == TALK_FILL) {
		out[12] = (char)data;
		for (size_t i = 0; i < data; i++)
			out[13 + i] = some_byte(number, i);
		bytes = 13 + data;
	}
	return put_head(out, id, bytes);
}

size_t talk_exception(uint32_t number, uint16_t id, int code, char *out)
{
	out[7] = (char)(functions[talks[number].kind] | 0x80);
	out[8] = (char)code;
	return put_head(out, id, 9);
}

static size_t put_answer_frame(uint32_t number, uint16_t id, char *out)
{
	size_t data = 2 * registers(number);

	if (number % REFUSES_EVERY == 0)
		return talk_exception(number, id, 2, out);
	if (talks[number].kind != TALK_READ) {
		(void)put_frame(number, id, out);
		return put_head(out, id, 12);
	}
	out[7] = functions[TALK_READ];
	out[8] = (char)data;
	put_word(out + 9, number);
	for (size_t i = 2; i < data; i++)
		out[9 + i] = some_byte(number, i);
	return put_head(out, id, 9 + data);
}

/* ---- lines ---- */

static size_t put_line(uint32_t number, char *out)
{
	static const char *const tails[TALK_KINDS] = {"? ", " 'why?' ", " "};
	uint8_t kind = talks[number].kind;
	size_t n =
	    (size_t)sprintf(out, "%c%05u%s", "qwf"[kind], number, tails[kind]);
	size_t all = n + number % (kind == TALK_FILL ? 900 : 60);

	for (; n < all; n++)
		out[n] = some_byte(number, n);
	out[n++] = '\n';
	return n;
}

/* With a block, in which any bytes may come. */
static size_t put_answer_line(uint32_t number, char *out)
{
	size_t n = (size_t)sprintf(out, "a%05u,#14\n\n?\n,", number);
	size_t all = n + (number % 9 == 0 ? LONG_ANSWER : number % 100);

	for (; n < all; n++)
		out[n] = some_byte(number, n);
	out[n++] = '\n';
	return n;
}

/* ---- either ---- */

size_t talk_request(uint32_t number, uint16_t id, char *out)
{
	return model.talks == TALKS_MODBUS ? put_frame(number, id, out)
					   : put_line(number, out);
}

size_t talk_answer(uint32_t number, uint16_t id, char *out)
{
	return model.talks == TALKS_MODBUS ? put_answer_frame(number, id, out)
					   : put_answer_line(number, out);
}

static size_t frame_length(const char *bytes, size_t len)
{
	size_t all;

	if (len < HEAD)
		return 0;
	all = HEAD + (uint8_t)bytes[4] * 256u + (uint8_t)bytes[5];
	return len >= all ? all : 0;
}

static size_t line_length(const char *bytes, size_t len, bool answers)
{
	/* The block's bytes are none of its end. */
	size_t from = answers ? 14 : 0;
	const char *end =
	    len > from ? memchr(bytes + from, '\n', len - from) : NULL;

	return end ? (size_t)(end - bytes) + 1 : 0;
}

size_t talk_length(const char *bytes, size_t len, bool answers)
{
	return model.talks == TALKS_MODBUS ? frame_length(bytes, len)
					   : line_length(bytes, len, answers);
}

uint32_t talk_number(const char *bytes, size_t len)
{
	char digits[6] = {0};

	if (model.talks == TALKS_MODBUS)
		return len < 12 ? 0
				: (uint8_t)bytes[8] * 256u + (uint8_t)bytes[9];
	if (len < 7)
		return 0;
	memcpy(digits, bytes + 1, 5);
	return (uint32_t)strtoul(digits, NULL, 10);
}

uint16_t talk_id(const char *bytes)
{
	return (uint16_t)((uint8_t)bytes[0] * 256u + (uint8_t)bytes[1]);
}
