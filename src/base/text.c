/*
 * text.c: numbers, times and quoted strings, appended to a line.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void text_printf(struct text *t, const char *format, ...)
{
	size_t room = t->size - t->len;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(t->bytes + t->len, room, format, ap);
	va_end(ap);
	if (len > 0)
		t->len += (size_t)len < room ? (size_t)len : room - 1;
}

void text_add_uint(struct text *t, uint64_t value, int digits)
{
	char buf[24];
	char *end = buf + sizeof(buf);
	char *p = end;

	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
		digits--;
	} while (value > 0 || digits > 0);
	text_add_bytes(t, p, (size_t)(end - p));
}

/* Days since the epoch to a date, in years that begin with March, so that a
 * leap day is the last of its year. */
static void add_date(struct text *t, uint64_t days)
{
	uint64_t since_0 = days + 719468; /* from 0000-03-01 to 1970-01-01 */
	uint64_t era = since_0 / 146097;  /* of 400 years */
	uint64_t day = since_0 % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153; /* 0: March */

	text_add_uint(t, era * 400 + year + (month >= 10), 4);
	text_add_char(t, '-');
	text_add_uint(t, month < 10 ? month + 3 : month - 9, 2);
	text_add_char(t, '-');
	text_add_uint(t, of_year - (153 * month + 2) / 5 + 1, 2);
}

void text_add_utc(struct text *t, int64_t wall_ms)
{
	uint64_t seconds = (uint64_t)wall_ms / 1000;

	add_date(t, seconds / 86400);
	text_add_char(t, 'T');
	text_add_uint(t, seconds / 3600 % 24, 2);
	text_add_char(t, ':');
	text_add_uint(t, seconds / 60 % 60, 2);
	text_add_char(t, ':');
	text_add_uint(t, seconds % 60, 2);
	text_add_char(t, '.');
	text_add_uint(t, (uint64_t)wall_ms % 1000, 3);
	text_add_char(t, 'Z');
}

void text_add_local(struct text *t, int64_t wall_ms)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	text_printf(t, "[%02d/%s/%d:%02d:%02d:%02d.%03d]", tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)(wall_ms % 1000));
}

/* How many bytes at `s` are one character of UTF-8 (RFC 3629); 0: none. */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, second_first, second_last, length;
	} forms[] = {
	    {0x20, 0x7e, 0, 0, 1},
	    {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	size_t f = 0, i;

	while (f < 9 && (s[0] < forms[f].first || s[0] > forms[f].last))
		f++;
	if (f == 9 || forms[f].length == 1)
		return f < 9;
	if (s[1] < forms[f].second_first || s[1] > forms[f].second_last)
		return 0;
	for (i = 2; i < forms[f].length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return i;
}

/* Writes the escaped form of the character at `s` to `out`, at most 6 bytes;
 * returns how many, and in `*out_used` how many bytes of `s` it stands for. */
static size_t escape(const char *s, char *out, size_t *out_used)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *u = (const unsigned char *)s;
	size_t len = utf8_length(u);

	*out_used = len > 0 ? len : 1;
	if (len == 0) {
		for (int i = 0; i < 4; i++)
			out[i] = "\\u00"[i];
		out[4] = hex[*u >> 4];
		out[5] = hex[*u & 15];
		return 6;
	}
	if (*s == '"' || *s == '\\') {
		out[0] = '\\';
		out[1] = *s;
		return 2;
	}
	memcpy(out, s, len);
	return len;
}

void text_add_quoted(struct text *t, const char *s, size_t keep)
{
	size_t used, len;
	char form[6];

	text_add_char(t, '"');
	for (; *s != '\0'; s += used) {
		len = escape(s, form, &used);
		if (t->len + len + 1 + keep >= t->size)
			break;
		text_add_bytes(t, form, len);
	}
	text_add_char(t, '"');
}
