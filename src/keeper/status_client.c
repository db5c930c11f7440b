/*
 * status_client.c: finding the proxy, asking it, and what its answer means.
 */
#include "keeper/status_client.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <sysexits.h>

#include "base/text.h"
#include "keeper/status.h"
#include "keeper/watch.h"
#include "sys/ask.h"
#include "sys/file.h"

#define DIRECTORY "/run/sallyport/"

enum { LINE_MAX_BYTES = 256 };

/* ---- whom ---- */

static bool is_control(const struct dirent *e)
{
	const char *end = strrchr(e->d_name, '.');

	return end && end != e->d_name && strcmp(end, ".ctl") == 0;
}

static int find_only(char *out_path, size_t size)
{
	DIR *d = opendir(DIRECTORY);
	struct text path = {.bytes = out_path, .size = size};
	struct dirent *e;
	size_t count = 0;

	while (d && (e = readdir(d))) {
		if (!is_control(e))
			continue;
		if (count == 1)
			fprintf(stderr,
			    "sallyport: several proxies, name one: %s",
			    out_path + strlen(DIRECTORY));
		if (count++ == 0)
			text_printf(&path, DIRECTORY "%s", e->d_name);
		else
			fprintf(stderr, " %s", e->d_name);
	}
	if (d)
		closedir(d);
	if (count == 0)
		fprintf(stderr,
		    "sallyport: no proxy has a control socket in " DIRECTORY
		    ": expected one that runs with control set, or its PATH");
	if (count != 1)
		fprintf(stderr, "\n");
	if (count == 0)
		return STATUS_EXIT_NOT_RUNNING;
	return count == 1 ? EX_OK : EX_USAGE;
}

/* NAME, or a path, which has a slash; NULL: the only one. */
static int find(const char *name, char *out_path, size_t size)
{
	if (!name)
		return find_only(out_path, size);
	if (strchr(name, '/'))
		snprintf(out_path, size, "%s", name);
	else
		snprintf(out_path, size, DIRECTORY "%s%s", name,
		    strstr(name, ".ctl") ? "" : ".ctl");
	return EX_OK;
}

/* ---- asking ---- */

/* Text and JSON both say it at their start. */
static int meaning(const char *reply)
{
	if (strncmp(reply, "device up", 9) == 0 ||
	    strncmp(reply, "device suspected", 16) == 0 ||
	    strncmp(reply, "{\"state\":\"up\"", 13) == 0 ||
	    strncmp(reply, "{\"state\":\"suspected\"", 20) == 0)
		return STATUS_EXIT_UP;
	if (strncmp(reply, "device held", 11) == 0 ||
	    strncmp(reply, "{\"state\":\"held\"", 15) == 0)
		return STATUS_EXIT_HELD;
	return STATUS_EXIT_DOWN;
}

static const char *why_not(const char *path, int err)
{
	if (err == -ENOENT)
		return "nothing runs there: expected the path of a proxy's "
		       "setting control";
	if (file_type_of(path) == FILE_OTHER)
		return "is no socket: expected the path of a proxy's "
		       "setting control";
	switch (-err) {
	case EACCES:
		return "Permission denied: expected root, or the user or "
		       "group of the proxy";
	case ECONNREFUSED:
		return "it does not run any more";
	case ETIMEDOUT:
	case EAGAIN:
		return "it does not answer";
	default:
		return strerror(-err);
	}
}

static int fail(const char *path, int err)
{
	fprintf(stderr, "sallyport: %s: %s\n", path, why_not(path, err));
	return STATUS_EXIT_NOT_RUNNING;
}

static int ask_once(const char *path, const char *line, char *reply)
{
	int err = ask_line(path, line, reply, STATUS_TEXT_MAX);

	if (err < 0)
		return fail(path, err);
	fputs(reply, stdout);
	return EX_OK;
}

/* ---- the two commands ---- */

static const char forms[] =
    "  sallyport status [NAME|PATH] [--json] [--watch]\n"
    "  sallyport control NAME|PATH [--json] WORD...\n"
    "The WORD help lists the others.\n";

static int usage(const char *wrong, const char *word)
{
	fprintf(
	    stderr, "sallyport: %s \"%s\": expected\n%s", wrong, word, forms);
	return EX_USAGE;
}

static bool asks_for_help(const char *word)
{
	if (strcmp(word, "--help") != 0 && strcmp(word, "-h") != 0)
		return false;
	fputs(forms, stdout);
	return true;
}

static int run_status(char **words)
{
	static char reply[STATUS_TEXT_MAX];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	const char *name = NULL;
	bool json = false, watch = false;
	int status;

	for (; *words; words++) {
		if (strcmp(*words, "--json") == 0)
			json = true;
		else if (strcmp(*words, "--watch") == 0)
			watch = true;
		else if (asks_for_help(*words))
			return EX_OK;
		else if (**words == '-' || name)
			return usage("unexpected", *words);
		else
			name = *words;
	}
	status = find(name, path, sizeof(path));
	if (status != EX_OK)
		return status;
	if (watch)
		return watch_run(path);
	status = ask_once(path, json ? "json status\n" : "status\n", reply);
	return status == EX_OK ? meaning(reply) : status;
}

static int run_control(char **words)
{
	static char reply[STATUS_TEXT_MAX];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	char asked[LINE_MAX_BYTES], line[LINE_MAX_BYTES + sizeof("json  \n")];
	struct text t = {.bytes = asked, .size = sizeof(asked)};
	const char *name = NULL, *json = "";
	int status;

	for (; *words; words++) {
		if (asks_for_help(*words))
			return EX_OK;
		if (strcmp(*words, "--json") == 0)
			json = "json ";
		else if (**words == '-')
			return usage("unexpected", *words);
		else if (!name)
			name = *words;
		else
			text_printf(&t, "%s%s", t.len > 0 ? " " : "", *words);
	}
	if (!name)
		return usage("missing NAME and WORD after", "control");
	if (text_end(&t) == 0)
		return usage("missing WORD after", name);
	snprintf(line, sizeof(line), "%s%s\n", json, asked);
	status = find(name, path, sizeof(path));
	if (status == EX_OK)
		status = ask_once(path, line, reply);
	if (status == EX_OK && (strncmp(reply, "error", 5) == 0 ||
				   strncmp(reply, "{\"ok\":false", 11) == 0))
		return 1;
	return status;
}

bool status_client_run(int argc, char **argv, int *out_status)
{
	if (argc > 1 && strcmp(argv[1], "status") == 0)
		*out_status = run_status(argv + 2);
	else if (argc > 1 && strcmp(argv[1], "control") == 0)
		*out_status = run_control(argv + 2);
	else
		return false;
	return true;
}
