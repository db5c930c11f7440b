/* stream.c: see stream.h. */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEARN_MAX = 8 << 20, SHORT = 4 };

int stream_add(
    struct stream_set *set, const char *name, char *bytes, size_t len)
{
	struct stream *s;

	set->stream = role_grow(set->stream, (set->count + 1) * sizeof(*s));
	s = &set->stream[set->count];
	*s = (struct stream){.bytes = bytes, .len = len};
	snprintf(s->name, sizeof(s->name), "%s", name);
	return (int)set->count++;
}

void stream_fini(struct stream_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->stream[i].bytes);
		free(set->stream[i].known);
	}
	free(set->stream);
	*set = (struct stream_set){NULL, 0};
}

bool stream_learn(
    struct stream *s, const char *bytes, size_t len, uint64_t total)
{
	size_t to;

	if (total > LEARN_MAX || s->len + total > LEARN_MAX)
		return false;
	if (len > total)
		len = total;
	to = s->len + total;
	s->bytes = role_grow(s->bytes, to + 1);
	s->known = role_grow(s->known, to + 1);
	memset(s->bytes + s->len, 0, total);
	memset(s->known + s->len, false, total);
	if (len > 0)
		memcpy(s->bytes + s->len, bytes, len);
	memset(s->known + s->len, true, len);
	s->len = to;
	return true;
}

static bool stands_at(
    const struct stream *s, uint64_t at, const char *payload, size_t len)
{
	size_t seen = 0;

	if (at > s->len || s->len - at < len || len == 0)
		return false;
	if (!s->known)
		return memcmp(s->bytes + at, payload, len) == 0;
	for (size_t i = 0; i < len; i++) {
		if (s->known[at + i] && s->bytes[at + i] != payload[i])
			return false;
		seen += s->known[at + i];
	}
	return seen > 0;
}

/* A few bytes stand in many places by chance: of learnt streams no claim is
 * made from them. */
static int place_anywhere(const struct stream_set *set, const char *payload,
    size_t len, uint64_t *out_at)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct stream *s = &set->stream[i];
		bool in_vain =
		    len == 0 || s->len == 0 || (s->known && len < SHORT);
		const char *at =
		    in_vain ? NULL : memmem(s->bytes, s->len, payload, len);

		if (at) {
			*out_at = (uint64_t)(at - s->bytes);
			return (int)i;
		}
	}
	return STREAM_UNBOUND;
}

int stream_place(const struct stream_set *set, const struct flow *flow,
    const char *payload, size_t len, uint64_t *out_at)
{
	if (flow->stream != STREAM_UNBOUND &&
	    stands_at(&set->stream[flow->stream], flow->bytes, payload, len)) {
		*out_at = flow->bytes;
		return flow->stream;
	}
	for (size_t i = set->count; i-- > 0;) {
		const struct stream *s = &set->stream[i];

		if (s->known && stands_at(s, s->passed, payload, len)) {
			*out_at = s->passed;
			return (int)i;
		}
	}
	return place_anywhere(set, payload, len, out_at);
}
