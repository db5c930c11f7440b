/*
 * script.c: reading scripts. The format is told in script.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "script.h"

enum { LINE_MAX_BYTES = 2048, VOTES_MAX = 99, LIMIT_DEFAULT_MS = 2000,
	LIMIT_MAX_MS = 60000 };

/* Sets `set[i]` for each word of `text` that `find` knows. */
static int read_ids(char *text, bool *set, int (*find)(const char *),
    char why[WHY_MAX])
{
	char *save = NULL;

	for (char *w = strtok_r(text, " \t", &save); w;
	    w = strtok_r(NULL, " \t", &save)) {
		int i = find(w);

		if (i < 0) {
			snprintf(why, WHY_MAX, "'%s' is not known", w);
			return -1;
		}
		set[i] = true;
	}
	return 0;
}

static int read_number(const char *text, int low, int high, int *out,
    char why[WHY_MAX])
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < low || n > high) {
		snprintf(why, WHY_MAX, "'%s' is not a number from %d to %d",
		    text, low, high);
		return -1;
	}
	*out = (int)n;
	return 0;
}

static int read_need(struct script *s, const char *text, char why[WHY_MAX])
{
	if (strcmp(text, "root") == 0) {
		s->need_root = true;
		return 0;
	}
	if (strcmp(text, "netns") == 0) {
		s->need_netns = true;
		return 0;
	}
	if (sscanf(text, "kernel %3[<>=] %d.%d", s->kernel_op, &s->kernel[0],
		&s->kernel[1]) == 3)
		return 0;
	snprintf(why, WHY_MAX, "cannot need '%s'; expected root, netns, or "
	    "kernel OP MAJOR.MINOR", text);
	return -1;
}

static int read_sysctl(struct script *s, const char *text, char why[WHY_MAX])
{
	if (s->sysctl_count == SYSCTLS_MAX || !strchr(text, ' ') ||
	    strlen(text) >= SCRIPT_TEXT_MAX) {
		snprintf(why, WHY_MAX, "expected KEY VALUE, at most %d times",
		    SYSCTLS_MAX);
		return -1;
	}
	snprintf(s->sysctl[s->sysctl_count++], SCRIPT_TEXT_MAX, "%s", text);
	return 0;
}

static int read_header(struct script *s, const char *word, char *rest,
    char why[WHY_MAX])
{
	if (strcmp(word, "family") == 0)
		return read_ids(rest, s->family, family_find, why);
	if (strcmp(word, "poller") == 0)
		return read_ids(rest, s->poller, poller_find, why);
	if (strcmp(word, "need") == 0)
		return read_need(s, rest, why);
	if (strcmp(word, "sysctl") == 0)
		return read_sysctl(s, rest, why);
	if (strcmp(word, "votes") == 0)
		return read_number(rest, 1, VOTES_MAX, &s->votes, why);
	if (strcmp(word, "limit") == 0)
		return read_number(rest, 1, LIMIT_MAX_MS, &s->limit_ms, why);
	if (strcmp(word, "name") == 0 || strcmp(word, "todo") == 0) {
		snprintf(*word == 'n' ? s->name : s->todo, SCRIPT_TEXT_MAX,
		    "%s", rest);
		return 0;
	}
	if (strcmp(word, "implicit") == 0 && strcmp(rest, "off") == 0) {
		s->story.bare = true;
		return 0;
	}
	snprintf(why, WHY_MAX, "'%s %s' is no header; expected name, family, "
	    "poller, need, sysctl, votes, implicit off, limit, todo, or "
	    "c: s: l: with actions", word, rest);
	return -1;
}

/* One line without its comment and the blanks around it; it is cut up. */
static int read_line(struct script *s, char *line, int number,
    char why[WHY_MAX])
{
	int side = side_find(line[0]);
	char *rest = line + strcspn(line, " \t");

	if (side >= 0 && line[1] == ':')
		return story_add(&s->story, (enum side)side, line + 2, number,
		    why);
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " \t");
	return read_header(s, line, rest, why);
}

/* Cuts off the comment and the blanks around. */
static char *strip(char *line)
{
	size_t len;

	line[strcspn(line, "#\n")] = '\0';
	line += strspn(line, " \t");
	len = strlen(line);
	while (len && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	return line;
}

static int read_lines(FILE *f, struct script *s)
{
	char line[LINE_MAX_BYTES];

	for (int n = 1; fgets(line, sizeof(line), f); n++) {
		char why[WHY_MAX] = "no memory";
		char *text = strip(line);

		if (*text && read_line(s, text, n, why) < 0) {
			fprintf(stderr, "%s:%d: %s\n", s->path, n, why);
			return EX_DATAERR;
		}
	}
	if (ferror(f) || !s->story.command_count) {
		fprintf(stderr, "%s: %s\n", s->path,
		    ferror(f) ? strerror(errno) : "no actions in it");
		return ferror(f) ? EX_NOINPUT : EX_DATAERR;
	}
	return 0;
}

/* If nothing in `set` is chosen, the first is. */
static void choose_one(bool *set, int count)
{
	for (int i = 0; i < count; i++)
		if (set[i])
			return;
	set[0] = true;
}

int script_read(const char *path, struct script *out)
{
	FILE *f = fopen(path, "r");
	int status;

	memset(out, 0, sizeof(*out));
	out->path = path;
	out->votes = 1;
	out->limit_ms = LIMIT_DEFAULT_MS;
	snprintf(out->name, sizeof(out->name), "%s", path);
	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return EX_NOINPUT;
	}
	status = read_lines(f, out);
	fclose(f);
	if (!status && out->sysctl_count && !out->need_netns) {
		fprintf(stderr, "%s: sysctl without 'need netns'\n", path);
		status = EX_DATAERR;
	}
	choose_one(out->family, FAMILIES);
	choose_one(out->poller, POLLERS);
	return status;
}

void script_fini(struct script *s)
{
	story_fini(&s->story);
}
