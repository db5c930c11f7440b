/* stream.c: see stream.h. */
#include "stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int stream_add(struct stream_set *set, const char *name, char *bytes,
    size_t len)
{
	struct stream *s;

	if (set->count == STREAM_MAX)
		return -ENOSPC;
	s = &set->stream[set->count++];
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->bytes = bytes;
	s->len = len;
	return 0;
}

void stream_fini(struct stream_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->stream[i].bytes);
	set->count = 0;
}

static bool stands_at(const struct stream *s, uint64_t at, const char *payload,
    size_t len)
{
	return at <= s->len && s->len - at >= len &&
	    memcmp(s->bytes + at, payload, len) == 0;
}

int stream_place(const struct stream_set *set, const struct flow *flow,
    const char *payload, size_t len, uint64_t *out_at)
{
	if (flow->stream != STREAM_UNBOUND &&
	    stands_at(&set->stream[flow->stream], flow->bytes, payload, len)) {
		*out_at = flow->bytes;
		return flow->stream;
	}
	for (size_t i = 0; i < set->count; i++) {
		const struct stream *s = &set->stream[i];
		const char *at = len == 0 ? NULL :
		    memmem(s->bytes, s->len, payload, len);

		if (at) {
			*out_at = (uint64_t)(at - s->bytes);
			return (int)i;
		}
	}
	return STREAM_UNBOUND;
}
