/*
 * Fuzz target: only GET and HEAD with a Host that is good, or none in
 * HTTP/1.0, are shown anything, and what follows the head changes nothing.
 */
#include <string.h>
#include <strings.h>

#include "keeper/admin_request.h"
#include "must.h"

static bool has_host(const char *bytes, size_t len)
{
	for (size_t i = 0; i + 6 <= len; i++)
		if (strncasecmp(bytes + i, "\nhost:", 6) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct admin_request whole, first = {0};
	size_t len = 0;

	if (!admin_read(bytes, size, &whole))
		return 0;
	MUST(whole.view <= ADMIN_HOST);
	while (!admin_read(bytes, len, &first))
		len++;
	MUST(len <= size && first.view == whole.view);
	MUST(first.head == whole.head);
	if (whole.view > ADMIN_JSON)
		return 0;
	MUST(memcmp(bytes, whole.head ? "HEAD " : "GET ", whole.head ? 5 : 4) ==
	     0);
	MUST(has_host(bytes, len) || memmem(bytes, len, " HTTP/1.0", 9));
	return 0;
}
