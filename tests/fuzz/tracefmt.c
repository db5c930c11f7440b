/* Fuzz target: any bytes, as a trace, leave tracefmt standing. */
#include <stdint.h>
#include <string.h>

#include "../strace/canon.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	static char req[] = "GET / HTTP/1.0\r\n\r\n";
	struct stream_set streams = {
	    .stream = {{.name = "req", .bytes = req, .len = sizeof(req) - 1}},
	    .count = 1};
	struct canon *c;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	c = canon_new(nowhere, &streams);
	if (!c)
		return 0;
	feed((const char *)data, size, canon_seed, c);
	feed((const char *)data, size, print_line, c);
	canon_free(c);
	return 0;
}
