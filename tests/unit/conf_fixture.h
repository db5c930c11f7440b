/*
 * conf_fixture.h: command lines and a file of settings, loaded as the program
 * loads them, and what is reported of them.
 */
#ifndef TESTS_UNIT_CONF_FIXTURE_H
#define TESTS_UNIT_CONF_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "settings/conf.h"
#include "settings/conf_load.h"
#include "settings/option_table.h"
#include "unit.h"

enum { WORDS_MAX = 64, TEXT_MAX = 64 * 1024 };

static struct conf conf;
static int status;
static char errors[TEXT_MAX];
static char path[256];
static char words[4096];

static inline void write_file(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "w");

	ck_assert(f && fwrite(text, 1, len, f) == len && fclose(f) == 0);
}

/* Leaves `errors` without the program's name, which begins each line, and
 * with @ for the file. */
static inline void shorten_errors(void)
{
	const size_t name = strlen("sallyport: "), file = strlen(path);

	for (char *at = errors; *at != '\0'; at = strchr(at, '\n') + 1) {
		ck_assert_int_eq(strncmp(at, "sallyport: ", name), 0);
		memmove(at, at + name, strlen(at + name) + 1);
	}
	for (char *at = errors; (at = strstr(at, path)) != NULL; at++) {
		*at = '@';
		memmove(at + 1, at + file, strlen(at + file) + 1);
	}
}

/* Loads a command line, words parted by `|`; @ stands for the file. */
static inline bool load(const char *line)
{
	char name[] = "sallyport", *argv[WORDS_MAX] = {name}, *rest = words;
	FILE *to = fmemopen(errors, sizeof(errors), "w");
	int argc = 1;
	bool run;

	conf_free(&conf);
	strcpy(words, line);
	for (char *w; (w = strsep(&rest, "|")) != NULL;) {
		ck_assert_int_lt(argc, WORDS_MAX - 1);
		argv[argc++] = strcmp(w, "@") == 0 ? path : w;
	}
	if (line[0] == '\0')
		argc = 1;
	argv[argc] = NULL;
	memset(errors, 0, sizeof(errors));
	run = conf_load(argc, argv, to, &conf, &status);
	fclose(to);
	shorten_errors();
	return run;
}

/* A command line of LISTEN, DEVICE and `flags`. */
static inline const char *with_ends(const char *flags)
{
	static char line[512];

	snprintf(line, sizeof(line), "8001|8008|%s", flags);
	return line;
}

static inline void good(const char *line)
{
	ck_assert_msg(load(line), "%s: %s", line, errors);
}

/* `part` is among what is reported. */
static inline void bad_with(
    const char *line, int expected_status, const char *part)
{
	ck_assert_msg(!load(line), "%s", line);
	ck_assert_msg(strstr(errors, part), "%s", errors);
	ck_assert_msg(status == expected_status, "%s: %d", line, status);
}

/* `expected` is all that is reported. */
static inline void bad(
    const char *line, int expected_status, const char *expected)
{
	bad_with(line, expected_status, "");
	ck_assert_str_eq(errors, expected);
}

static inline void file_is(const char *text)
{
	write_file(path, text, strlen(text));
}

static inline void make_files(void)
{
	const char *dir = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/options.XXXXXX", dir ? dir : "/tmp");
	close(mkstemp(path));
}

static inline void remove_files(void)
{
	unlink(path);
	conf_free(&conf);
}

#endif
