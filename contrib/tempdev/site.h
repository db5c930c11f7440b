/*
 * site.h: a second program for the same chip: a small web server that reads
 * what it is asked.
 *
 * The temperature server answers everything with its page. This one knows a
 * few paths, one for each way in which other small devices answer; numbers
 * behind a '?' say how much of it is wanted (see `routes` in site.c):
 *
 *   GET  /                a page of 200 bytes
 *   GET  /long?BYTES      a page longer than anybody buffers (100000)
 *   GET  /slow?SECONDS    one that takes so long to send (15)
 *   GET  /wait?SECONDS    one that takes so long to begin (8)
 *   GET  /keep?BYTES      with a length, the connection kept
 *   GET  /chunked?BYTES   in chunks, the connection kept
 *   GET  /events?MS       an event stream, one event every MS (1000)
 *   any  /toggle?ID       a command
 *   POST /form?RATE       reads the body at RATE bytes/s (0: as it comes)
 *   POST /update?RATE,S   the same (40000), then checks it for S seconds (2)
 *   POST /locked?BYTES    401 after so many bytes of the body (1000)
 *
 * Here are only text and numbers; fw_site.c has the waits.
 */
#ifndef TEMPDEV_SITE_H
#define TEMPDEV_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SITE_LINE = 128, /* longer lines are cut */
	SITE_PIECE_BYTES = 512,
	SITE_TEXT = SITE_PIECE_BYTES + 256,
};

/* What becomes of the connection after the reply. */
enum site_after { SITE_STOP, SITE_KEEP, SITE_STREAM };

struct site {
	char line[SITE_LINE];
	size_t used;
	bool has_first_line;

	/* the request */
	char method[8];
	char path[32];
	uint32_t number, second_number;
	uint64_t body_bytes; /* announced */

	/* what is to be done with it */
	const struct site_route *route;
	uint32_t body_rate; /* bytes/s, 0: as they come */
	uint64_t body_most; /* of these, read so many */
	int64_t before_us;  /* before the first byte of the reply */
	int64_t pause_us;   /* before each further piece */

	/* the reply */
	enum site_after after;
	int status;
	const char *type;
	bool chunked;
	uint32_t page_bytes, piece_bytes;
	char text[SITE_TEXT];
};

/* Forgets the last request. */
void site_begin(struct site *s);

/* One byte of the head: true when it was the last. */
bool site_take(struct site *s, char byte);

/* The head is complete: decides, by path. */
void site_decide(struct site *s);

/* Whether the request is a command, and whose. */
bool site_is_command(const struct site *s);

/* The writes of the reply, and the bytes of write `n`. */
unsigned int site_writes(const struct site *s);
const char *site_write(struct site *s, unsigned int n, size_t *out_len);

#endif
