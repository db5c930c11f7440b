/*
 * value_slip.c: what people write when they mean something else.
 *
 * Nothing here decides whether a value is good; it only makes the message
 * about a bad one say what to write.
 */
#include "settings/value_slip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/scan.h"

enum { AMOUNT_MAX = 64, HOST_MAX = 64, DECIMAL_MAX = 1000000000 };

bool slip_of_any(const char *text, struct value_error *out)
{
	size_t len = strlen(text);
	char quote = text[0];

	if (quote == '"' || quote == '\'') {
		len -= len > 1 && text[len - 1] == quote;
		value_reject_for(
		    out, "is in quotes", "%.*s", (int)len - 1, text + 1);
	} else if (text[0] == '=') {
		text += 1 + strspn(text + 1, " ");
		value_reject_for(out,
		    "begins with =", "a blank between name and value%s%s",
		    text[0] == '\0' ? "" : ", then ", text);
	} else {
		return false;
	}
	return true;
}

void slip_of_end(const char *text, struct value_error *out)
{
	size_t len = strlen(text);

	if (len > 1 && text[len - 1] == ';')
		value_reject_for(
		    out, "ends with a semicolon", "%.*s", (int)len - 1, text);
}

bool slip_of_request(const char *text, struct value_error *out)
{
	const char *version = strstr(text, " HTTP/");

	if (text[0] == '/')
		value_reject_for(out, "has no method", "GET %s", text);
	else if (version)
		value_reject_for(out, "has an HTTP version", "%.*s",
		    (int)(version - text), text);
	else
		return false;
	return true;
}

/* ---- amounts ---- */

static bool is_none(const char *text)
{
	static const char *const words[] = {
	    "off", "no", "none", "never", "false", "disabled"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(words[i], text) == 0)
			return true;
	return false;
}

bool slip_of_none(const char *text, struct value_error *out)
{
	if (!is_none(text))
		return false;
	value_reject_for(out, "is a word", "0, which is none");
	return true;
}

bool slip_of_off(const char *text, struct value_error *out)
{
	if (strcmp(text, "off") == 0 || !is_none(text))
		return false;
	value_reject_for(out, "is not known", "off");
	return true;
}

/* Words for a unit, parted by blanks, and the unit itself. */
struct unit_words {
	const char *words;
	const char *unit;
};

static const struct unit_words time_units[] = {
    {" ms msec msecs millisecond milliseconds ", "ms"},
    {" s sec secs second seconds ", "s"},
    {" m min mins minute minutes ", "m"},
    {" h hr hrs hour hours ", "h"},
    {" d day days ", "d"},
    {NULL, NULL},
};
static const struct unit_words size_units[] = {
    {" b byte bytes ", ""},
    {" k kb kib ", "k"},
    {" m mb mib ", "m"},
    {" g gb gib ", "g"},
    {NULL, NULL},
};

static const char *find_unit(const struct unit_words *units, const char *word)
{
	char wanted[AMOUNT_MAX];

	if (word[0] == '\0' || strlen(word) > 16 || strchr(word, ' '))
		return NULL;
	snprintf(wanted, sizeof(wanted), " %s ", word);
	while (units->words && !strcasestr(units->words, wanted))
		units++;
	return units->unit;
}

/* `digits`/`scale` units: an amount that is whole, or -1. */
static int64_t amount_of(int64_t digits, int64_t scale, int64_t unit)
{
	if (digits > INT64_MAX / unit || digits * unit % scale != 0)
		return -1;
	return digits * unit / scale;
}

/* Reads 1.5 or 1,5 as 15 and a scale of 10. Returns what follows. */
static const char *read_decimal(
    const char *text, int64_t *out_digits, int64_t *out_scale)
{
	bool after_point = false;

	*out_digits = 0;
	*out_scale = 1;
	for (; *text != '\0' && *out_digits < DECIMAL_MAX &&
	       *out_scale < DECIMAL_MAX;
	     text++) {
		if ((*text == '.' || *text == ',') && !after_point) {
			after_point = true;
			continue;
		}
		if (*text < '0' || *text > '9')
			break;
		*out_digits = *out_digits * 10 + (*text - '0');
		*out_scale *= after_point ? 10 : 1;
	}
	return text;
}

static bool slip_of_amount(const char *text, const struct unit_words *units,
    enum scan_verdict (*scan)(const char *text, int64_t *out_n),
    const char *(*print)(int64_t n, char out_text[SCAN_TEXT_MAX]),
    struct value_error *out)
{
	char meant[SCAN_TEXT_MAX], one[AMOUNT_MAX];
	int64_t digits, scale, factor, n;
	const char *word, *end, *unit;

	if (text[0] < '0' || text[0] > '9')
		return false;
	end = read_decimal(text, &digits, &scale);
	word = end + strspn(end, " ");
	unit = find_unit(units, word);
	if (!unit)
		return false;
	snprintf(one, sizeof(one), "1%s", unit);
	if (scan(one, &factor) != SCAN_OK)
		return false;
	n = amount_of(digits, scale, factor);
	if (n < 0)
		return false;
	value_reject_for(out,
	    scale > 1	  ? "has a fraction"
	    : word != end ? "has a blank before its unit"
			  : "has an unknown unit",
	    "%s", print(n, meant));
	return true;
}

bool slip_of_time(const char *text, struct value_error *out)
{
	return slip_of_amount(
	    text, time_units, scan_time, scan_print_time, out);
}

bool slip_of_size(const char *text, struct value_error *out)
{
	return slip_of_amount(
	    text, size_units, scan_size, scan_print_size, out);
}

/* ---- addresses ---- */

static bool is_host(const char *text, size_t len)
{
	char host[HOST_MAX];
	struct addr a;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return addr_parse_host(host, &a) == 0;
}

/* Digits alone are an address gone wrong, not a name. */
static bool is_name(const char *text, size_t len)
{
	size_t plain = strspn(text, "0123456789.");

	return len > 0 && plain < len && strcspn(text, " /[]:=,;") >= len;
}

static bool slip_of_url(const char *text, struct value_error *out)
{
	const char *host = strstr(text, "://");
	const char *port = "PORT";
	size_t len, name_len;

	if (!host)
		return false;
	host += strlen("://");
	len = strcspn(host, "/?#");
	name_len = host[0] == '[' ? strcspn(host, "]") : 0;
	if (strncasecmp(text, "http:", 5) == 0)
		port = "80";
	else if (strncasecmp(text, "https:", 6) == 0)
		port = "443";
	if (name_len < len && memchr(host + name_len, ':', len - name_len))
		port = "";
	value_reject_for(out, "is a URL", "%.*s%s%s", (int)len, host,
	    port[0] == '\0' ? "" : ":", port);
	return true;
}

static bool slip_of_prefix(const char *text, struct value_error *out)
{
	const char *slash = strchr(text, '/');
	const char *after =
	    slash ? slash + 1 + strspn(slash + 1, "0123456789") : NULL;

	if (!slash || after == slash + 1 || (*after != '\0' && *after != ':') ||
	    !is_host(text, (size_t)(slash - text)))
		return false;
	value_reject_for(out, "has a prefix length", "%.*s%s",
	    (int)(slash - text), text, *after == ':' ? after : ":PORT");
	return true;
}

bool slip_of_path(const char *text, struct value_error *out)
{
	return slip_of_url(text, out) || slip_of_prefix(text, out);
}

/* [192.168.1.10]:80, *:80 */
static bool slip_of_ipv4(
    const char *text, bool looked_up, struct value_error *out)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (len == 0)
		return false;
	if (len == 1 && text[0] == '*' && !looked_up)
		value_reject_for(
		    out, "begins with an asterisk", "[::]%s", colon);
	else if (text[0] == '[' && text[len - 1] == ']' &&
		 is_host(text + 1, len - 2))
		value_reject_for(out, "has brackets around its IPv4 address",
		    "%.*s%s", (int)len - 2, text + 1, colon);
	else
		return false;
	return true;
}

static bool slip_of_brackets(const char *text, struct value_error *out)
{
	const char *last = strrchr(text, ':');

	if (text[0] == '[' && !strchr(text, ']')) {
		value_reject_for(out, "has no closing bracket", "[IPV6]:PORT");
		return true;
	}
	if (!last || strchr(text, ':') == last || strchr(text, '['))
		return false;
	if (is_host(text, (size_t)(last - text)) &&
	    last[1 + strspn(last + 1, "0123456789")] == '\0' && last[1] != '\0')
		value_reject_for(out, "has no brackets around its IPv6 address",
		    "[%.*s]:%s", (int)(last - text), text, last + 1);
	else if (is_host(text, strlen(text)))
		value_reject_for(
		    out, "has no brackets and no port", "[%s]:PORT", text);
	else
		return false;
	return true;
}

static bool slip_of_port(
    const char *text, bool looked_up, struct value_error *out)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);
	uint16_t port;

	if (text[0] == '[' && len > 2 && text[len - 1] == ']' &&
	    is_host(text + 1, len - 2))
		colon = NULL;
	else if (!colon && !is_host(text, len) &&
		 !(looked_up && is_name(text, len)))
		return false;
	if (!colon)
		value_reject_for(out, "has no port", "%s:PORT", text);
	else if (addr_parse_port(colon + 1, &port) < 0)
		value_reject_for(out, "has a bad port",
		    "a port from %d to 65535", looked_up ? 1 : 0);
	else
		return false;
	return true;
}

/* Digits and dots that are no IPv4 address. */
static bool slip_of_numbers(const char *text, struct value_error *out)
{
	size_t len = strspn(text, "0123456789.");

	if (!memchr(text, '.', len) || !strchr(":/", text[len]) ||
	    is_host(text, len))
		return false;
	value_reject_for(out, "is not an IPv4 address",
	    "four numbers from 0 to 255, parted by dots");
	return true;
}

/* fe80::1%nope, ::1%lo: behind the address is no interface, or it has none. */
static bool slip_of_scope(const char *text, struct value_error *out)
{
	const char *host = text + (text[0] == '[');
	const char *scope = strchr(host, '%');
	size_t len = strcspn(host, "]"), host_len;
	bool is_local;

	if (!scope || !memchr(host, ':', len) || is_host(host, len))
		return false;
	host_len = (size_t)(scope - host);
	is_local = strncasecmp(host, "fe80:", 5) == 0;
	if (host_len > len || !is_host(host, host_len))
		return false;
	if (is_local)
		value_reject_for(out, "names no interface of this machine",
		    "one that `ip link` lists, behind the %%");
	else
		value_reject_for(out, "has an interface, and needs none",
		    "%.*s%s", (int)(scope - text), text, host + len);
	return true;
}

static const char no_look_up[] = "an address, as names are looked up for "
				 "device only";

bool slip_of_address(const char *text, bool looked_up, struct value_error *out)
{
	const char *colon = strchr(text, ':');
	size_t first = strcspn(text, " \t");

	if (text[first] != '\0') {
		value_reject_for(
		    out, "is more than one word", "%.*s", (int)first, text);
		return true;
	}
	if (slip_of_scope(text, out) || slip_of_numbers(text, out) ||
	    slip_of_ipv4(text, looked_up, out) || slip_of_brackets(text, out) ||
	    slip_of_port(text, looked_up, out))
		return true;
	if (looked_up)
		return false;
	if (colon && is_name(text, (size_t)(colon - text)))
		value_reject_for(out, "is a name", "%s", no_look_up);
	else if (!colon && is_name(text, strlen(text)))
		value_reject_for(out, "is not an address",
		    "PORT, ADDRESS:PORT, [IPV6]:PORT, or a path with a "
		    "slash, like ./%s",
		    text);
	else
		return false;
	return true;
}

/* A host with what does not belong to it. */
static bool slip_of_rest(const char *text, struct value_error *out)
{
	size_t len = strcspn(text, ":");
	bool is_v6 = text[0] == '[';

	if (is_v6)
		len = strcspn(text, "]");
	if (!is_host(text + is_v6, len - is_v6))
		return false;
	value_reject_for(out,
	    strlen(text + len) < 2 ? "has brackets" : "has a port", "%.*s",
	    (int)len - is_v6, text + is_v6);
	return true;
}

bool slip_of_host(const char *text, struct value_error *out)
{
	const char *slash = strchr(text, '/');

	if (slip_of_scope(text, out) || slip_of_numbers(text, out))
		return true;
	if (slash && is_host(text, (size_t)(slash - text)))
		value_reject_for(out, "has a prefix length", "%.*s",
		    (int)(slash - text), text);
	else if (is_name(text, strlen(text)))
		value_reject_for(out, "is a name", "%s", no_look_up);
	else
		return slip_of_rest(text, out);
	return true;
}

/* 255.255.255.0 is 24; -1: is no netmask. */
static int bits_of_mask(const char *text)
{
	struct in_addr a;
	uint32_t mask;
	int bits;

	if (inet_pton(AF_INET, text, &a) != 1)
		return -1;
	mask = ntohl(a.s_addr);
	bits = __builtin_popcount(mask);
	return mask == (uint32_t)(UINT64_MAX << (32 - bits)) ? bits : -1;
}

/* 10.0.0.1-10.0.0.9, 10.0.0.* */
static bool slip_of_range(const char *text, struct value_error *out)
{
	size_t len = strspn(text, "0123456789.");

	if (!memchr(text, '.', len) || !strchr("-*", text[len]) ||
	    text[len] == '\0')
		return false;
	value_reject_for(out, "is a range",
	    "ADDRESS/BITS, like 10.0.0.0/24; may be repeated");
	return true;
}

bool slip_of_network(const char *text, struct value_error *out)
{
	const char *slash = strchr(text, '/');
	int bits;

	if (strcmp(text, "all") == 0 || strcmp(text, "any") == 0) {
		value_reject_for(out, "is a word of other programs",
		    "0.0.0.0/0 for IPv4, ::/0 for IPv6");
		return true;
	}
	if (slip_of_range(text, out))
		return true;
	if (!slash)
		return slip_of_host(text, out);
	if (!is_host(text, (size_t)(slash - text)))
		return slip_of_numbers(text, out);
	bits = bits_of_mask(slash + 1);
	if (bits >= 0)
		value_reject_for(out, "has a netmask", "%.*s/%d",
		    (int)(slash - text), text, bits);
	else
		value_reject_for(out, "has a bad prefix length",
		    "at most 32 bits for IPv4, 128 for IPv6");
	return true;
}
