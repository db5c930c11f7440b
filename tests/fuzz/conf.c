/*
 * Fuzz target: any file of settings, or any command line (what begins with a
 * dash, a line for each word), is taken or refused with an error for it, and
 * what --show-config prints of one that is taken reads back the same.
 */
#include <netdb.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "must.h"
#include "settings/conf.h"
#include "settings/conf_load.h"
#include "settings/option_table.h"

enum { SHOWN_MAX = 256 * 1024, WORDS_MAX = 4096, ARGS_MAX = 64 };

/* Names are not looked up: every one has the same address. */
int getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **out)
{
	static struct sockaddr_in sin;
	static struct addrinfo ai = {
	    .ai_addrlen = sizeof(sin), .ai_addr = (struct sockaddr *)&sin};

	(void)name;
	(void)hints;
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)atoi(service));
	sin.sin_addr.s_addr = htonl(0xc0000201);
	*out = &ai;
	return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
	(void)ai;
}

/* Loads a command line; returns the exit status, EX_OK to run. What was
 * reported is in `out_errors`. */
static int load_words(
    int argc, char **argv, struct conf *out, char out_errors[SHOWN_MAX])
{
	FILE *errors = fmemopen(out_errors, SHOWN_MAX, "w");
	int status;
	bool run;

	MUST(errors);
	out_errors[0] = '\0';
	run = conf_load(argc, argv, errors, out, &status);
	fclose(errors);
	MUST(run == (status == EX_OK));
	MUST(run == (out_errors[0] == '\0'));
	return status;
}

/* The same of `len` bytes as a file. */
static int load_file(
    const void *text, size_t len, struct conf *out, char out_errors[SHOWN_MAX])
{
	static int fd = -1;
	char name[32], program[] = "sallyport", flag[] = "-c";
	char *argv[] = {program, flag, name, NULL};

	if (fd < 0)
		fd = memfd_create("conf", 0);
	MUST(fd >= 0);
	MUST(ftruncate(fd, 0) == 0);
	MUST(pwrite(fd, text, len, 0) == (ssize_t)len);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return load_words(3, argv, out, out_errors);
}

/* Commands would print, or read any file. */
static bool is_command(const char *word)
{
	size_t dashes = strspn(word, "-");
	char name[16];

	if (dashes == 1)
		return option_table_find_letter(word[1]);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + dashes, "="),
	    word + dashes);
	for (const struct option *o = options; o->name; o++)
		if (o->command != COMMAND_NONE && strcmp(o->name, name) == 0)
			return true;
	return false;
}

/* Loads `len` bytes as a command line; `out_words` outlives `out`. */
static int load_flags(const void *text, size_t len, struct conf *out,
    char out_words[WORDS_MAX], char out_errors[SHOWN_MAX])
{
	char program[] = "sallyport", *argv[ARGS_MAX + 2] = {program};
	char *rest = out_words;
	int argc = 1;

	len = len < WORDS_MAX ? len : WORDS_MAX - 1;
	memcpy(out_words, text, len);
	out_words[len] = '\0';
	for (char *w; argc <= ARGS_MAX && (w = strsep(&rest, "\n"));)
		if (!is_command(w))
			argv[argc++] = w;
	return load_words(argc, argv, out, out_errors);
}

static void show(const struct conf *conf, char out[SHOWN_MAX])
{
	FILE *to = fmemopen(out, SHOWN_MAX, "w");

	MUST(to);
	option_table_print_conf(conf, to);
	fclose(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char errors[SHOWN_MAX], first[SHOWN_MAX], second[SHOWN_MAX];
	static char words[WORDS_MAX];
	bool is_flags = size > 0 && data[0] == '-';
	struct conf conf, back;
	int status;

	status = is_flags ? load_flags(data, size, &conf, words, errors)
			  : load_file(data, size, &conf, errors);
	if (status == EX_OK) {
		show(&conf, first);
		MUST(load_file(first, strlen(first), &back, errors) == EX_OK);
		show(&back, second);
		MUST(strcmp(first, second) == 0);
		conf_free(&back);
	} else {
		MUST(status == (is_flags ? EX_USAGE : EX_CONFIG));
	}
	conf_free(&conf);
	return 0;
}
