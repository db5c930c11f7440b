/*
 * Fuzz target: any file of settings is taken or refused with a fault for it,
 * and what --show-config prints of one that is taken reads back the same.
 */
#include <netdb.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "must.h"
#include "settings/conf.h"
#include "settings/option_table.h"

enum { SHOWN_MAX = 256 * 1024 };

/* Names are not looked up: every one has the same address. */
int getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **out)
{
	static struct sockaddr_in sin;
	static struct addrinfo ai = {.ai_addrlen = sizeof(sin),
	    .ai_addr = (struct sockaddr *)&sin};

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

/* Loads `len` bytes as a file; returns the exit status, EX_OK to run. What
 * was reported is in `out_errors`. */
static int load(const void *text, size_t len, struct conf *out,
    char out_errors[SHOWN_MAX])
{
	static int fd = -1;
	char name[32], program[] = "sallyport", flag[] = "-c";
	char *argv[] = {program, flag, name, NULL};
	FILE *errors = fmemopen(out_errors, SHOWN_MAX, "w");
	int status;
	bool run;

	if (fd < 0)
		fd = memfd_create("conf", 0);
	MUST(fd >= 0 && errors);
	MUST(ftruncate(fd, 0) == 0);
	MUST(pwrite(fd, text, len, 0) == (ssize_t)len);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	out_errors[0] = '\0';
	run = conf_load(3, argv, errors, out, &status);
	fclose(errors);
	MUST(run == (status == EX_OK));
	MUST(run == (out_errors[0] == '\0'));
	return status;
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
	struct conf conf, back;
	int status = load(data, size, &conf, errors);

	if (status == EX_OK) {
		show(&conf, first);
		MUST(load(first, strlen(first), &back, errors) == EX_OK);
		show(&back, second);
		MUST(strcmp(first, second) == 0);
		conf_free(&back);
	} else {
		MUST(status == EX_CONFIG);
	}
	conf_free(&conf);
	return 0;
}
