/*
 * admin_request.c: reading a request's head, as strictly as it can be read.
 */
#include "keeper/admin_request.h"

#include <string.h>
#include <strings.h>

#include "base/addr.h"

enum { HOST_MAX = 64 };

struct span {
	const char *at;
	size_t len;
};

static bool is(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

/* Up to `stop`, which is taken too; up to the end where there is none. */
static struct span cut(struct span *rest, char stop)
{
	const char *end = memchr(rest->at, stop, rest->len);
	struct span s = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
	size_t taken = s.len + (end ? 1 : 0);

	rest->at += taken;
	rest->len -= taken;
	return s;
}

static struct span cut_line(struct span *rest)
{
	struct span s = cut(rest, '\n');

	if (s.len > 0 && s.at[s.len - 1] == '\r')
		s.len--;
	return s;
}

/* ADDRESS, ADDRESS:PORT, [V6], [V6]:PORT, or localhost in place of it. */
static bool is_own_host(struct span s)
{
	char host[HOST_MAX], *name = host, *port;
	struct addr a;
	uint16_t number;

	/* A scope would have to be looked up. */
	if (s.len == 0 || s.len >= sizeof(host) || memchr(s.at, '\0', s.len) ||
	    memchr(s.at, '%', s.len))
		return false;
	memcpy(host, s.at, s.len);
	host[s.len] = '\0';
	if (host[0] == '[') {
		port = strchr(++name, ']');
		if (!port)
			return false;
		*port++ = '\0';
		if (*port != '\0' && *port != ':')
			return false;
	} else {
		port = strchr(name, ':');
	}
	if (port && *port == ':') {
		*port++ = '\0';
		if (addr_parse_port(port, &number) < 0)
			return false;
	}
	return strcasecmp(name, "localhost") == 0 ||
	       addr_parse_host(name, &a) == 0;
}

static struct span trim(struct span s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* One Host, and that one good; only HTTP/1.0 may leave it out. */
static enum admin_view check_fields(struct span rest, bool may_lack)
{
	size_t hosts = 0;

	while (rest.len > 0) {
		struct span value = cut_line(&rest), name;

		if (value.len == 0)
			break;
		name = cut(&value, ':');
		if (name.len != 4 || strncasecmp(name.at, "host", 4) != 0)
			continue;
		if (++hosts > 1)
			return ADMIN_BAD_REQUEST;
		if (!is_own_host(trim(value)))
			return ADMIN_HOST;
	}
	return hosts == 1 || may_lack ? ADMIN_PAGE : ADMIN_BAD_REQUEST;
}

static enum admin_view find_view(struct span target)
{
	target = cut(&target, '?');
	if (is(target, "/"))
		return ADMIN_PAGE;
	if (is(target, "/metrics"))
		return ADMIN_METRICS;
	if (is(target, "/status.json"))
		return ADMIN_JSON;
	return ADMIN_NOT_FOUND;
}

static enum admin_view read_head(struct span rest, bool *out_head)
{
	struct span line = cut_line(&rest), method = cut(&line, ' '),
		    target = cut(&line, ' ');
	bool is_old = is(line, "HTTP/1.0");
	enum admin_view wrong;

	if (!is_old && !is(line, "HTTP/1.1"))
		return ADMIN_BAD_REQUEST;
	wrong = check_fields(rest, is_old);
	if (wrong != ADMIN_PAGE)
		return wrong;
	*out_head = is(method, "HEAD");
	if (!*out_head && !is(method, "GET"))
		return ADMIN_METHOD;
	return find_view(target);
}

bool admin_read(const char *bytes, size_t len, struct admin_request *out)
{
	if (!memmem(bytes, len, "\r\n\r\n", 4) &&
	    !memmem(bytes, len, "\n\n", 2))
		return false;
	out->head = false;
	out->view = read_head((struct span){bytes, len}, &out->head);
	return true;
}
