/*
 * line.c: strace's syntax: prefixes, calls, results, exits and signals.
 *
 * Before a call may stand: a pid (with or without brackets), a time stamp in
 * any of strace's forms, the call's number (-n), its address (-i). Old and
 * new forms differ only inside arguments, so this level reads both with one
 * grammar; strings and brackets are balanced and their contents left to the
 * caller.
 */
#include "line.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

bool slice_is(struct slice a, const char *text)
{
	return a.len == strlen(text) && memcmp(a.s, text, a.len) == 0;
}

bool slice_has(struct slice a, const char *part)
{
	return memmem(a.s, a.len, part, strlen(part)) != NULL;
}

struct slice slice_after(struct slice a, const char *mark)
{
	const char *at = memmem(a.s, a.len, mark, strlen(mark));

	if (!at)
		return (struct slice){a.s + a.len, 0};
	at += strlen(mark);
	return (struct slice){at, (size_t)(a.s + a.len - at)};
}

/* Like strchr, but a zero byte is no member of any set. */
static bool one_of(const char *set, char c)
{
	return c && strchr(set, c);
}

static int digit_value(char c, int base)
{
	int v = -1;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (base == 16 && isxdigit((unsigned char)c))
		v = tolower((unsigned char)c) - 'a' + 10;
	return v < base ? v : -1;
}

bool slice_number(struct slice a, int64_t *out)
{
	int base = 10;
	size_t i = 0;
	bool minus = a.len > 0 && a.s[0] == '-';
	uint64_t value = 0;

	if (minus)
		i = 1;
	if (a.len >= i + 2 && a.s[i] == '0' && a.s[i + 1] == 'x') {
		base = 16;
		i += 2;
	}
	if (i >= a.len || digit_value(a.s[i], base) < 0)
		return false;
	for (; i < a.len && digit_value(a.s[i], base) >= 0; i++) {
		if (value > UINT64_MAX / 16 - 1)
			return false;
		value = value * (unsigned int)base +
			(unsigned int)digit_value(a.s[i], base);
	}
	/* Event data fills all 64 bits: wrap as the kernel's own cast does. */
	*out = (int64_t)(minus ? -value : value);
	return true;
}

static size_t unescape(const char *s, size_t len, char *out)
{
	static const char names[] = "n\nt\tr\rv\vf\fa\ab\be\033";
	unsigned int value = 0;
	size_t i = 0;

	if (s[0] == 'x') {
		for (i = 1; i < len && i < 3 && digit_value(s[i], 16) >= 0; i++)
			value =
			    value * 16 + (unsigned int)digit_value(s[i], 16);
		*out = (char)value;
		return i;
	}
	for (; i < len && i < 3 && digit_value(s[i], 8) >= 0; i++)
		value = value * 8 + (unsigned int)digit_value(s[i], 8);
	if (i > 0) {
		*out = (char)value;
		return i;
	}
	*out = s[0];
	for (const char *p = names; *p; p += 2) {
		if (*p == s[0])
			*out = p[1];
	}
	return 1;
}

size_t slice_unquote(struct slice a, char *out, size_t size)
{
	size_t n = 0, i = 1;

	if (a.len < 2 || a.s[0] != '"')
		return 0;
	while (i < a.len && a.s[i] != '"' && n < size) {
		if (a.s[i] == '\\' && i + 1 < a.len) {
			i += 1 + unescape(a.s + i + 1, a.len - i - 1, &out[n]);
			n++;
		} else {
			out[n++] = a.s[i++];
		}
	}
	return n;
}

/* The length of the literal at `a`, closing quote included. */
static size_t quoted_length(struct slice a)
{
	size_t i = 1;

	while (i < a.len && a.s[i] != '"')
		i += a.s[i] == '\\' ? 2 : 1;
	return i + 1 < a.len ? i + 1 : a.len;
}

/* The length of `a` up to a character of `stops` outside quotes, brackets. */
static size_t balanced_length(struct slice a, const char *stops)
{
	size_t i = 0, depth = 0;

	while (i < a.len) {
		char c = a.s[i];

		if (depth == 0 && one_of(stops, c))
			break;
		if (c == '"') {
			struct slice from = {a.s + i, a.len - i};

			i += quoted_length(from);
			continue;
		}
		if (one_of("([{", c))
			depth++;
		else if (one_of(")]}", c) && depth > 0)
			depth--;
		i++;
	}
	return i;
}

size_t slice_element(struct slice a)
{
	return balanced_length(a, ",");
}

struct slice slice_trim(struct slice a)
{
	while (a.len > 0 && isspace((unsigned char)a.s[0])) {
		a.s++;
		a.len--;
	}
	while (a.len > 0 && isspace((unsigned char)a.s[a.len - 1]))
		a.len--;
	return a;
}

bool slice_starts(struct slice a, const char *text)
{
	return a.len >= strlen(text) && memcmp(a.s, text, strlen(text)) == 0;
}

static bool ends(struct slice a, const char *text)
{
	size_t n = strlen(text);

	return a.len >= n && memcmp(a.s + a.len - n, text, n) == 0;
}

struct slice slice_skip(struct slice a, size_t n)
{
	return (struct slice){a.s + n, a.len - n};
}

/* A leading pid or time stamp is made of these and followed by a space. */
static size_t prefix_length(struct slice a)
{
	size_t i = 0;

	while (i < a.len && (isdigit((unsigned char)a.s[i]) || a.s[i] == ':' ||
				a.s[i] == '.'))
		i++;
	return i > 0 && i < a.len && a.s[i] == ' ' ? i : 0;
}

/* "17:09:53.663154" and "1795618646.105823" are absolute, "0.000384" is not. */
static void take_time(struct slice a, struct line *out)
{
	enum { LONGEST_PAUSE_S = 100000000 };
	bool of_day = memchr(a.s, ':', a.len) != NULL;
	int64_t seconds = 0, part = 0, micros = 0, unit = 100000;
	bool fraction = false;

	for (size_t i = 0; i < a.len; i++) {
		if (a.s[i] == ':') {
			seconds = (seconds + part) * 60;
			part = 0;
		} else if (a.s[i] == '.') {
			fraction = true;
		} else if (fraction) {
			micros += unit * (a.s[i] - '0');
			unit /= 10;
		} else if (part < INT32_MAX) {
			part = 10 * part + a.s[i] - '0';
		}
		if (seconds > INT32_MAX)
			return;
	}
	seconds += part;
	out->clock = of_day || seconds >= LONGEST_PAUSE_S ? CLOCK_ABSOLUTE
							  : CLOCK_RELATIVE;
	out->time_us = seconds * 1000000 + micros;
}

/* "[pid 7]", "[ 232]", "[00007fa93a3288e7]", "(+ 0.000123)": the length of
 * what is in these brackets, with them, if `a` begins with such. */
static size_t bracket_length(struct slice a)
{
	size_t i = 1;

	if (slice_starts(a, "[pid "))
		i = 5;
	else if (slice_starts(a, "(+"))
		i = 2;
	else if (!slice_starts(a, "["))
		return 0;
	while (i < a.len &&
	       (isxdigit((unsigned char)a.s[i]) || one_of(" ?.", a.s[i])))
		i++;
	return i < a.len && one_of("])", a.s[i]) ? i + 1 : 0;
}

static struct slice take_prefixes(struct slice a, struct line *out)
{
	size_t n;

	for (;;) {
		a = slice_trim(a);
		if ((n = bracket_length(a)) > 0) {
			slice_number(slice_trim(slice_after(
					 (struct slice){a.s, n}, "[pid")),
			    &out->pid);
		} else if ((n = prefix_length(a)) > 0) {
			struct slice word = {a.s, n};

			if (out->pid == 0 && !memchr(a.s, ':', n) &&
			    !memchr(a.s, '.', n))
				slice_number(word, &out->pid);
			else
				take_time(word, out);
		} else {
			return a;
		}
		a = slice_skip(a, n);
	}
}

static size_t name_length(struct slice a)
{
	size_t i = 0;

	while (i < a.len && (isalnum((unsigned char)a.s[i]) || a.s[i] == '_'))
		i++;
	return i;
}

/* " = -1 EAGAIN (Resource temporarily unavailable) (INJECTED) <0.01>" */
static int parse_result(struct slice a, struct line *out)
{
	size_t n;

	a = slice_trim(a);
	if (!slice_starts(a, "="))
		return -EINVAL;
	a = slice_trim(slice_skip(a, 1));
	out->injected = slice_has(a, "(INJECTED)");
	out->has_ret = slice_number(a, &out->ret);
	if (!out->has_ret && !slice_starts(a, "?"))
		return -EINVAL;
	for (n = 0; n < a.len && a.s[n] != ' ';)
		n++;
	a = slice_trim(slice_skip(a, n));
	if (slice_starts(a, "E"))
		out->err = (struct slice){a.s, name_length(a)};
	out->tail = a;
	return 0;
}

static int parse_call(struct slice a, struct line *out)
{
	size_t n = name_length(a);

	if (n == 0 || n >= a.len || a.s[n] != '(')
		return -EINVAL;
	out->kind = LINE_CALL;
	out->name = (struct slice){a.s, n};
	a = slice_skip(a, n + 1);
	for (;;) {
		struct slice arg = {a.s, balanced_length(a, ",)")};

		a = slice_skip(a, arg.len);
		arg = slice_trim(arg);
		if (arg.len > 0 && out->arg_count < LINE_ARGS_MAX)
			out->arg[out->arg_count++] = arg;
		if (a.len == 0)
			return -EINVAL;
		if (a.s[0] == ')')
			return parse_result(slice_skip(a, 1), out);
		a = slice_skip(a, 1);
	}
}

/* "+++ exited with 0 +++", "+++ killed by SIGSYS (core dumped) +++" */
static int parse_end(struct slice a, struct line *out)
{
	struct slice status = slice_after(a, "exited with ");
	struct slice sig = slice_after(a, "killed by ");

	out->kind = LINE_EXIT;
	out->has_ret = slice_number(status, &out->ret);
	if (out->has_ret)
		return 0;
	out->kind = LINE_KILLED;
	out->name = (struct slice){sig.s, name_length(sig)};
	return sig.len > 0 ? 0 : -EINVAL;
}

/* The length of the <...> that `a` begins with; 0 when it does not end. An
 * arrow inside, as in <TCP:[1.2.3.4:5->6.7.8.9:10]>, ends nothing. */
static size_t note_length(struct slice a)
{
	size_t depth = 0;

	for (size_t i = 0; i < a.len; i++) {
		if (a.s[i] == '<')
			depth++;
		else if (a.s[i] == '>' && a.s[i - 1] != '-' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* The length of what -y or -X verbose has put at the beginning of `a`, which
 * comes after the character `before`. */
static size_t addition_length(struct slice a, char before)
{
	struct slice end;

	if (a.s[0] == '<' && isalnum((unsigned char)before))
		return note_length(a);
	if (!slice_starts(a, " /*"))
		return 0;
	end = slice_after(a, "*/");
	return end.s > a.s + 3 && end.s[-1] == '/' ? (size_t)(end.s - a.s) : 0;
}

size_t line_clean(const char *text, size_t len, char *out)
{
	size_t n = 0, i = 0;

	while (i < len) {
		struct slice rest = {text + i, len - i};
		size_t skip = i > 0 ? addition_length(rest, text[i - 1]) : 0;
		size_t keep = 1;

		if (skip > 0) {
			i += skip;
			continue;
		}
		if (rest.s[0] == '"')
			keep = quoted_length(rest);
		memcpy(out + n, rest.s, keep);
		n += keep;
		i += keep;
	}
	return n;
}

int line_parse(const char *text, size_t len, struct line *out)
{
	struct slice a;

	memset(out, 0, sizeof(*out));
	a = take_prefixes((struct slice){text, len}, out);
	out->kind = LINE_NOTHING;
	if (a.len == 0 || slice_starts(a, "strace: ") ||
	    slice_starts(a, "[ Process PID=") || slice_starts(a, "> ") ||
	    ends(a, "<detached ...>") || slice_starts(a, "+++ superseded"))
		return 0;
	if (slice_starts(a, "+++ "))
		return parse_end(a, out);
	if (slice_starts(a, "--- ")) {
		out->kind = LINE_SIGNAL;
		a = slice_skip(a, 4);
		out->name = (struct slice){a.s, name_length(a)};
		return slice_starts(a, "stopped") ? -EINVAL : 0;
	}
	if (slice_starts(a, "<... ")) {
		out->kind = LINE_RESUMED;
		out->rest = slice_after(a, "resumed>");
		return out->rest.len > 0 ? 0 : -EINVAL;
	}
	if (ends(a, "<unfinished ...>")) {
		out->kind = LINE_UNFINISHED;
		out->head =
		    (struct slice){a.s, a.len - strlen("<unfinished ...>")};
		return 0;
	}
	return parse_call(a, out);
}
