/*
 * line.c: queries and their answers.
 */
#include "policy/line.h"

enum state {
	AT_ITEM, /* of a list: a block may begin */
	IN_TEXT,
	AT_BLOCK, /* behind its # */
	IN_LENGTH,
	IN_BLOCK,
};

bool line_asks(const char *line, size_t len)
{
	char quote = '\0';

	for (size_t i = 0; i < len; i++) {
		if (quote != '\0')
			quote = line[i] == quote ? '\0' : quote;
		else if (line[i] == '"' || line[i] == '\'')
			quote = line[i];
		else if (line[i] == '?')
			return true;
	}
	return false;
}

static enum state after_text(char c)
{
	return c == ',' || c == ';' ? AT_ITEM : IN_TEXT;
}

static enum state read_length(struct line_reader *r, char c)
{
	if (c < '0' || c > '9')
		return after_text(c);
	r->block_bytes = r->block_bytes * 10 + (uint64_t)(c - '0');
	if (--r->digits > 0)
		return IN_LENGTH;
	return r->block_bytes > 0 ? IN_BLOCK : IN_TEXT;
}

static enum state read_byte(struct line_reader *r, char c)
{
	switch ((enum state)r->state) {
	case AT_ITEM:
		return c == '#' ? AT_BLOCK : after_text(c);
	case AT_BLOCK:
		if (c < '1' || c > '9')
			return after_text(c);
		r->digits = (uint8_t)(c - '0');
		r->block_bytes = 0;
		return IN_LENGTH;
	case IN_LENGTH:
		return read_length(r, c);
	case IN_BLOCK:
		return --r->block_bytes > 0 ? IN_BLOCK : IN_TEXT;
	case IN_TEXT:
		break;
	}
	return after_text(c);
}

bool line_feed(
    struct line_reader *r, const char *bytes, size_t len, size_t *out_used)
{
	for (size_t i = 0; i < len; i++) {
		bool over = bytes[i] == '\n' && r->state != IN_BLOCK;

		r->state = (uint8_t)read_byte(r, bytes[i]);
		if (over) {
			*out_used = i + 1;
			*r = (struct line_reader){0};
			return true;
		}
	}
	*out_used = len;
	return false;
}
