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
static char busy[256];
static char words[4096];

static inline void write_file(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "w");

	ck_assert(f && fwrite(text, 1, len, f) == len && fclose(f) == 0);
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

/* `expected` is all that is reported, without the program's name in front of
 * each line; @ in it stands for the file. */
static inline void is_reported(const char *expected)
{
	static char wanted[TEXT_MAX];
	bool at_start = true;

	wanted[0] = '\0';
	for (size_t len; *expected != '\0'; expected += len) {
		if (at_start)
			strcat(wanted, "sallyport: ");
		len = strcspn(expected, "@\n") + 1;
		strncat(wanted, expected, len - (expected[len - 1] == '@'));
		if (expected[len - 1] == '@')
			strcat(wanted, path);
		at_start = expected[len - 1] == '\n';
	}
	ck_assert_str_eq(errors, wanted);
}

static inline void bad(
    const char *line, int expected_status, const char *expected)
{
	ck_assert_msg(!load(line), "%s", line);
	is_reported(expected);
	ck_assert_msg(status == expected_status, "%s: %d", line, status);
}

/* `part` is among what is reported. */
static inline void bad_with(
    const char *line, int expected_status, const char *part)
{
	ck_assert_msg(!load(line), "%s", line);
	ck_assert_msg(strstr(errors, part), "%s", errors);
	ck_assert_msg(status == expected_status, "%s: %d", line, status);
}

static inline void file_is(const char *text)
{
	write_file(path, text, strlen(text));
}

static inline void make_file(char *name, size_t room)
{
	const char *dir = getenv("TMPDIR");

	snprintf(name, room, "%s/options.XXXXXX", dir ? dir : "/tmp");
	close(mkstemp(name));
}

static inline void make_files(void)
{
	make_file(path, sizeof(path));
	make_file(busy, sizeof(busy));
}

static inline void remove_files(void)
{
	unlink(path);
	unlink(busy);
	conf_free(&conf);
}

#endif
