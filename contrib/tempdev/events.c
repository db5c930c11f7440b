/* events.c: lines leave at once, so that a reader sees them as they happen. */
#include "events.h"

#include <errno.h>

int events_open(FILE **out_file, const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		return -errno;
	setvbuf(f, NULL, _IOLBF, 0);
	*out_file = f;
	return 0;
}

void events_write(FILE *file, const struct chip *chip, unsigned int slot,
    uint8_t from, const char *why)
{
	const struct chip_slot *s = &chip->slot[slot];
	int64_t now = chip->clock->now_us;
	char peer[ADDR_TEXT_MAX];

	fprintf(file,
	    "{\"t\":%lld.%06lld,\"slot\":%u,\"from\":\"%s\",\"to\":\"%s\","
	    "\"why\":\"%s\",\"peer\":\"%s\"}\n",
	    (long long)(now / US_PER_S), (long long)(now % US_PER_S), slot,
	    chip_state_name(from), chip_state_name(s->sr), why,
	    peer_print(&s->peer, peer));
}
