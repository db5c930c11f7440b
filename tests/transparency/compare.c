/*
 * compare.c: equality of what was seen, and the one published exception.
 */
#include "compare.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

bool outcome_equal(const struct outcome *a, const struct outcome *b)
{
	return a->ret == b->ret && strcmp(a->bytes, b->bytes) == 0;
}

bool ending_equal(const struct ending *a, const struct ending *b)
{
	return a->mask == b->mask && outcome_equal(&a->drain, &b->drain) &&
	       a->so_error == b->so_error;
}

static bool seen_equal(
    const struct sequence *s, const struct seen *a, const struct seen *b)
{
	for (unsigned int i = 0; i < s->len; i++)
		if (!outcome_equal(&a->step[i], &b->step[i]) ||
		    memcmp(a->mask[i], b->mask[i], sizeof(a->mask[i])) != 0)
			return false;
	return ending_equal(&a->end[CLIENT], &b->end[CLIENT]) &&
	       ending_equal(&a->end[SERVER], &b->end[SERVER]);
}

/*
 * The first call that meets, when direct, a reset provoked by a send of its
 * own turn; the length of the sequence if there is none. Only a side that has
 * closed answers so, hence this turn is the last.
 */
static unsigned int met_within_turn(
    const struct sequence *s, const struct seen *direct)
{
	bool provoked = false;
	unsigned int i = 0;

	while (i < s->len && !verb_closes(s->act[i].verb))
		i++;
	for (i++; i < s->len; i++) {
		int ret = direct->step[i].ret;

		if (provoked && ret < 0 && ret != -EAGAIN)
			return i;
		provoked |= s->act[i].verb == SND && ret > 0;
	}
	return s->len;
}

/* Is this what the call returns while no reset has come? */
static bool succeeds(enum verb verb, int ret)
{
	return verb == SND ? ret == SEND_LETTERS : verb == SHW && ret == 0;
}

static bool excused(const struct sequence *s, const struct seen *direct,
    const struct seen *proxied)
{
	struct seen alike = *proxied;
	unsigned int i = met_within_turn(s, direct);
	struct ending *end;

	if (i == s->len)
		return false;
	end = &alike.end[s->act[i].side];
	if (end->mask != NO_MASK) {
		end->mask ^=
		    (end->mask ^ direct->end[s->act[i].side].mask) & POLLERR;
		end->so_error = direct->end[s->act[i].side].so_error;
	}
	for (; i < s->len; i++)
		if (succeeds(s->act[i].verb, proxied->step[i].ret))
			alike.step[i].ret = direct->step[i].ret;
	return seen_equal(s, direct, &alike);
}

enum verdict compare(enum mode mode, const struct sequence *s,
    const struct seen *direct, const struct seen *proxied)
{
	if (seen_equal(s, direct, proxied))
		return EQUAL;
	return mode == TURNS && excused(s, direct, proxied) ? EXCUSED
							    : DIFFERENT;
}
