/*
 * main.c: sim SEEDS: plays the plans of seeds and stops at the first that
 * fails, which it then cuts short and tells.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "world.h"

enum { SHRINK_S = 60, USAGE = 64 };

static int usage(void)
{
	fputs(
	    "usage: sim FROM-TO     plays these seeds\n"
	    "       sim -d FROM-TO  prints each run's digest\n"
	    "       sim -e FROM-TO FILE...  the rows of the state tables met\n"
	    "       sim -t SECONDS FROM     from FROM on, for so much CPU\n"
	    "       sim -p SEED     prints the seed's plan\n"
	    "       sim -s SEED     the shortest plan that fails as it does\n"
	    "       sim -v FILE     plays a plan and tells the story\n"
	    "       sim -c FILE     plays a plan, says which check it fails\n"
	    "       sim -r FILE     plays a plan and measures\n",
	    stderr);
	return USAGE;
}

/* Of one core, whoever else uses the machine. */
static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static struct plan plan;
static bool quiet;

static void read_plan(const char *path)
{
	FILE *f = fopen(path, "r");
	int line = 0;

	if (f && plan_read(&plan, f, &line)) {
		fclose(f);
		return;
	}
	fprintf(stderr, "sim: %s:%d: cannot be read\n", path, line);
	exit(USAGE);
}

static void tell(void)
{
	fflush(NULL);
	world.tell = true;
	(void)plan_run(&plan);
	printf("no check fails\n");
}

static int failed(uint64_t seed, const char *check)
{
	printf("seed %" PRIu64 ": fails \"%s\"\n", seed, check);
	if (quiet)
		return 1;
	plan_shrink(&plan, SHRINK_S);
	printf("the shortest plan that fails so:\n\n");
	plan_print(&plan, stdout);
	printf("\nand its story:\n\n");
	tell();
	return 1;
}

static uint64_t current;

static void on_failed(const char *check, const char *text)
{
	fprintf(stderr, "sim: seed %" PRIu64 ": %s: %s (%.1f s of CPU)\n",
	    current, check, text, cpu_seconds());
	on_violation = NULL;
	/* What the world was is of no use any more: a fresh process goes on. */
	if (quiet)
		exit(1);
	if (fork() == 0) {
		char number[24];

		snprintf(number, sizeof(number), "%" PRIu64, current);
		execl("/proc/self/exe", "sim", "-s", number, NULL);
		_exit(2);
	}
	exit(1);
}

static void measure(const char *what, double number)
{
	double took = cpu_seconds();

	printf("%.10g %s, %" PRIu64 " events, %.1f s of CPU, %.2f million "
	       "events a second: no check fails\n",
	    number, what, world.events, took,
	    (double)world.events / took / 1e6);
}

static int play(const char *range, bool digests, double limit_s)
{
	char *end;
	uint64_t from = strtoull(range, &end, 10);
	uint64_t to = *end == '-' ? strtoull(end + 1, NULL, 10) : from;

	if (limit_s > 0)
		to = UINT64_MAX;
	on_violation = on_failed;
	for (current = from; current <= to; current++) {
		uint64_t digest;

		plan_make(&plan, current);
		digest = plan_run(&plan);
		if (digests)
			printf("%" PRIu64 " %016" PRIx64 "\n", current, digest);
		if (limit_s > 0 && cpu_seconds() > limit_s)
			break;
	}
	if (!digests)
		measure("runs", (double)(current - from + (limit_s > 0)));
	return 0;
}

static int time_file(const char *path)
{
	read_plan(path);
	printf("%s: %016" PRIx64 ", ", path, plan_run(&plan));
	measure("days", (double)plan.end_ms / 86400e3);
	return 0;
}

static int check_file(const char *path)
{
	const char *check;

	read_plan(path);
	check = plan_verdict(&plan);
	printf("%s: %s\n", path, check[0] ? check : "no check fails");
	return check[0] != '\0';
}

int main(int argc, char **argv)
{
	const char *flag = argc > 1 && argv[1][0] == '-' ? argv[1] + 1 : "";
	const char *last = argv[argc - 1];

	if (argc < 2 || strlen(flag) > 1)
		return usage();
	/* Some lines of the log have local times. */
	setenv("TZ", "UTC0", 1);
	switch (*flag) {
	case '\0':
		return play(last, false, 0);
	case 'd':
		quiet = true;
		return play(last, true, 0);
	case 'e': {
		int status;

		quiet = true;
		status = argc < 3 ? usage() : play(argv[2], false, 0);
		for (int i = 3; i < argc; i++) {
			read_plan(argv[i]);
			(void)plan_run(&plan);
		}
		seen_print();
		return status;
	}
	case 't':
		quiet = true;
		return argc < 4 ? usage()
				: play(argv[3], false, strtod(argv[2], NULL));
	case 'p':
		plan_make(&plan, strtoull(last, NULL, 10));
		plan_print(&plan, stdout);
		return 0;
	case 'v':
		read_plan(last);
		tell();
		return 0;
	case 'c':
		return check_file(last);
	case 'r':
		return time_file(last);
	case 's': {
		uint64_t seed = strtoull(last, NULL, 10);

		plan_make(&plan, seed);
		return failed(seed, plan_verdict(&plan));
	}
	default:
		return usage();
	}
}
