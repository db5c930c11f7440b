/*
 * want.c: see want.h.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mask.h"
#include "want.h"

static int complain(const char *text, char out_why[WHY_MAX])
{
	snprintf(out_why, WHY_MAX, "cannot expect '%s'; expectations: a "
	    "number, LOW..HIGH, an errno or state, {FLAGS}, {FLAGS +}, same, "
	    "!FLAG, *", text);
	return -1;
}

/* "{IN OUT}" or "{IN +}", already copied to `want->text`. */
static int parse_set(struct want *want, char out_why[WHY_MAX])
{
	char text[WANT_TEXT_MAX];
	char *save = NULL;
	size_t len = strlen(want->text);

	memcpy(text, want->text, len + 1);
	if (text[len - 1] != '}')
		return complain(want->text, out_why);
	text[len - 1] = '\0';
	want->kind = WANT_MASK;
	for (char *word = strtok_r(text + 1, " ", &save); word;
	    word = strtok_r(NULL, " ", &save)) {
		len = strlen(word);
		if (word[len - 1] == '+') {
			want->kind = WANT_MASK_AT_LEAST;
			word[len - 1] = '\0';
		}
		if (*word && !mask_bit(word))
			return complain(want->text, out_why);
		want->mask |= mask_bit(word);
	}
	return 0;
}

static int parse_range(struct want *want, char out_why[WHY_MAX])
{
	char *end;

	want->kind = WANT_RANGE;
	want->low = want->high = (int)strtol(want->text, &end, 10);
	if (end != want->text && strncmp(end, "..", 2) == 0) {
		const char *high = end + 2;

		want->high = (int)strtol(high, &end, 10);
		if (end == high)
			return complain(want->text, out_why);
	}
	return end == want->text || *end ? complain(want->text, out_why) : 0;
}

int want_parse(const char *text, struct want *out, char out_why[WHY_MAX])
{
	memset(out, 0, sizeof(*out));
	if (!*text || strlen(text) >= WANT_TEXT_MAX)
		return complain(text, out_why);
	snprintf(out->text, sizeof(out->text), "%s", text);
	if (strcmp(text, "*") == 0)
		return 0;
	if (strcmp(text, "same") == 0) {
		out->kind = WANT_MASK_SAME;
		return 0;
	}
	if (*text == '!') {
		out->kind = WANT_MASK_NOT;
		out->mask = mask_bit(text + 1);
		return out->mask ? 0 : complain(text, out_why);
	}
	if (*text == '{')
		return parse_set(out, out_why);
	if (!isalpha((unsigned char)*text))
		return parse_range(out, out_why);
	out->kind = WANT_NAME;
	return 0;
}

bool want_met(const struct want *want, const struct outcome *got,
    unsigned seen)
{
	bool mask = got->has_mask && got->ret >= 0;

	switch (want->kind) {
	case WANT_ANY:
		return true;
	case WANT_RANGE:
		return got->ret >= want->low && got->ret <= want->high;
	case WANT_NAME:
		return got->name && strcmp(got->name, want->text) == 0;
	case WANT_MASK:
		return mask && got->mask == want->mask;
	case WANT_MASK_AT_LEAST:
		return mask && (got->mask & want->mask) == want->mask;
	case WANT_MASK_SAME:
		return mask && got->mask == seen;
	case WANT_MASK_NOT:
		return mask && !(got->mask & want->mask);
	}
	return false;
}

const char *want_print(const struct act *act, const struct outcome *got,
    char out_text[WANT_TEXT_MAX])
{
	char flags[MASK_TEXT_MAX];

	if (got->name)
		snprintf(out_text, WANT_TEXT_MAX, "%s", got->name);
	else if (got->has_mask)
		snprintf(out_text, WANT_TEXT_MAX, "{%s}",
		    mask_print(got->mask, flags));
	else if (act->verb->traits & VERB_LOOSE)
		snprintf(out_text, WANT_TEXT_MAX, "*");
	else
		snprintf(out_text, WANT_TEXT_MAX, "%d", got->ret);
	return out_text;
}
