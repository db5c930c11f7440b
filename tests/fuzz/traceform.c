/* Fuzz target: any bytes, as a trace, leave traceform standing. */
#include <stdint.h>
#include <string.h>

#include "../../contrib/trace/canon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const char *text, size_t len,
    void (*each)(struct canon *, const char *, size_t), struct canon *c)
{
	const char *end = text + len;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl ? nl : end;

		each(c, text, (size_t)(stop - text));
		text = stop + 1;
	}
}

static void print_line(struct canon *c, const char *text, size_t len)
{
	canon_line(c, text, len);
}

/* What the size asks for: learning, times, a ready mark. */
static void choose(struct canon *c, size_t size)
{
	static const char *const ready[] = {NULL, NULL, "@wait", "@listen"};

	c->learn = size & 1;
	c->times = size & 2;
	c->net_only = size & 4;
	c->ready = ready[size / 8 % 4];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct stream_set streams = {NULL, 0};
	struct canon *c;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	c = canon_new(nowhere, &streams);
	if (!c)
		return 0;
	choose(c, size);
	if (!c->learn)
		stream_add(&streams, "req", strdup("GET / HTTP/1.0\r\n"), 16);
	feed((const char *)data, size, canon_seed, c);
	feed((const char *)data, size, print_line, c);
	canon_flush(c);
	canon_free(c);
	stream_fini(&streams);
	return 0;
}
