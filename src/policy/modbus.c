/*
 * modbus.c: the framer, and the few fields of a frame that matter here.
 */
#include "policy/modbus.h"

#include <string.h>

enum {
	AT_PROTOCOL = 2,
	AT_LENGTH = 4,
	AT_UNIT = 6,
	AT_FUNCTION = 7,
	FUNCTION_FAILED = 0x80,
	UNIT_MAX = 247, /* of a serial line; 0 and 255: the device itself */
};

/* One byte of the head. False: it cannot be there. */
static bool read_head(struct modbus_framer *f, uint8_t byte)
{
	unsigned int at = f->at++;

	if (at >= AT_LENGTH)
		f->length = (uint16_t)(f->length << 8 | byte);
	else if (at >= AT_PROTOCOL && byte != 0)
		return false;
	return at + 1 < MODBUS_HEAD_BYTES ||
	       (f->length >= MODBUS_FRAME_MIN - MODBUS_HEAD_BYTES &&
		   f->length <= MODBUS_FRAME_MAX - MODBUS_HEAD_BYTES);
}

enum modbus_verdict modbus_feed(
    struct modbus_framer *f, const void *bytes, size_t len, size_t *out_used)
{
	const uint8_t *b = bytes;
	size_t used = 0, rest;

	*out_used = 0;
	if (f->at == UINT16_MAX)
		return MODBUS_BAD;
	while (used < len && f->at < MODBUS_HEAD_BYTES)
		if (!read_head(f, b[used++])) {
			f->at = UINT16_MAX;
			return MODBUS_BAD;
		}
	if (f->at < MODBUS_HEAD_BYTES) {
		*out_used = used;
		return MODBUS_WAIT;
	}
	rest = MODBUS_HEAD_BYTES + (size_t)f->length - f->at;
	if (len - used < rest) {
		f->at = (uint16_t)(f->at + (len - used));
		*out_used = len;
		return MODBUS_WAIT;
	}
	*out_used = used + rest;
	*f = (struct modbus_framer){0};
	return MODBUS_FRAME;
}

static uint8_t byte_at(const void *frame, size_t at)
{
	return ((const uint8_t *)frame)[at];
}

uint16_t modbus_id(const void *frame)
{
	return (uint16_t)(byte_at(frame, 0) << 8 | byte_at(frame, 1));
}

void modbus_set_id(void *frame, uint16_t id)
{
	uint8_t *b = frame;

	b[0] = (uint8_t)(id >> 8);
	b[1] = (uint8_t)id;
}

uint8_t modbus_unit(const void *frame)
{
	return byte_at(frame, AT_UNIT);
}

uint8_t modbus_function(const void *frame)
{
	return byte_at(frame, AT_FUNCTION);
}

bool modbus_is_read(const void *request)
{
	switch (modbus_function(request)) {
	case 0x01: /* coils */
	case 0x02: /* discrete inputs */
	case 0x03: /* holding registers */
	case 0x04: /* input registers */
	case 0x07: /* exception status */
	case 0x0B: /* event counter */
	case 0x0C: /* event log */
	case 0x11: /* server id */
	case 0x14: /* file record */
		return true;
	default:
		return false;
	}
}

static bool is_behind_gateway(uint8_t unit)
{
	return unit > 0 && unit <= UNIT_MAX;
}

/* A device that has no units may put any number there. */
static bool same_unit(uint8_t a, uint8_t b)
{
	return a == b || !is_behind_gateway(a) || !is_behind_gateway(b);
}

bool modbus_answers(const void *answer, const void *request)
{
	return same_unit(modbus_unit(answer), modbus_unit(request)) &&
	       ((modbus_function(answer) ^ modbus_function(request)) &
		   ~FUNCTION_FAILED) == 0;
}

void modbus_write_exception(const void *request, enum modbus_exception code,
    uint8_t out[MODBUS_EXCEPTION_BYTES])
{
	memcpy(out, request, AT_LENGTH);
	out[AT_LENGTH] = 0;
	out[AT_LENGTH + 1] = MODBUS_EXCEPTION_BYTES - MODBUS_HEAD_BYTES;
	out[AT_UNIT] = modbus_unit(request);
	out[AT_FUNCTION] = modbus_function(request) | FUNCTION_FAILED;
	out[AT_FUNCTION + 1] = (uint8_t)code;
}
