/*
 * modbus.h: frames of Modbus/TCP: where one ends, and what it may do.
 *
 * A frame is a head of 7 bytes (transaction id, protocol 0, length, unit) and
 * a body that begins with the function; the length counts the unit and the
 * body (MODBUS Messaging on TCP/IP V1.0b, section 3.1.3). Nothing is kept of
 * the bytes but the position in a frame, so frames may be cut anywhere.
 */
#ifndef POLICY_MODBUS_H
#define POLICY_MODBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MODBUS_HEAD_BYTES = 6, /* up to the length */
	MODBUS_FRAME_MIN = 8,  /* unit and function follow */
	MODBUS_FRAME_MAX = 260,
	MODBUS_EXCEPTION_BYTES = 9,
};

/* Exceptions that a gateway answers with (MODBUS Application Protocol V1.1b3,
 * section 7). */
enum modbus_exception {
	MODBUS_BUSY = 0x06,
	MODBUS_NO_PATH = 0x0A,
	MODBUS_NO_ANSWER = 0x0B,
};

enum modbus_verdict {
	MODBUS_WAIT,
	MODBUS_FRAME, /* one is whole */
	MODBUS_BAD,   /* this is no Modbus/TCP */
};

/* Where in a frame the reader is. All zero: at its beginning. */
struct modbus_framer {
	uint16_t at;	 /* bytes of the frame seen so far */
	uint16_t length; /* its length field, as far as it was read */
};

/*
 * Reads on, to the end of the present frame at most; `*out_used` is how many
 * bytes of it were read. After MODBUS_FRAME the next byte begins a frame.
 * MODBUS_BAD stands for good.
 */
enum modbus_verdict modbus_feed(
    struct modbus_framer *f, const void *bytes, size_t len, size_t *out_used);

/* ---- of a whole frame ---- */

uint16_t modbus_id(const void *frame);
void modbus_set_id(void *frame, uint16_t id);
uint8_t modbus_unit(const void *frame);
uint8_t modbus_function(const void *frame);

/* Does the request only ask? False for what writes, and for all functions
 * that are not known to only ask: it must not be repeated. */
bool modbus_is_read(const void *request);

/* May `answer` be one to `request`, the id apart? An exception may; one of
 * another unit behind a gateway is a late one under a new id. */
bool modbus_answers(const void *answer, const void *request);

/* The exception `code` as an answer to `request`. */
void modbus_write_exception(const void *request, enum modbus_exception code,
    uint8_t out[MODBUS_EXCEPTION_BYTES]);

#endif
