/*
 * conf.c: which value wins, and what the command line asks for.
 *
 * The profile is found first, wherever it was given; its choices are laid
 * down, then the file's values over them, then the flags'. A setting that may
 * be repeated is replaced as a whole: any `--listen` makes those of the file
 * void.
 */
#include "settings/conf.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "settings/parse.h"
#include "settings/option_table.h"
#include "sys/file.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static bool no_memory(struct parse *g)
{
	fprintf(g->faults, "sallyport: no memory for the settings\n");
	return false;
}

static bool read_config(struct parse *g, struct conf *conf)
{
	size_t bytes;
	int err;

	if (!g->file)
		return true;
	err = file_read(g->file, FILE_BYTES_MAX, &conf->file_text, &bytes);
	if (err < 0) {
		g->file_unread = true;
		parse_fault(g, &(struct given){.in_file = true},
		    "cannot be read: %s, expected a file of settings",
		    strerror(-err));
		return true;
	}
	return parse_read_file(g, conf->file_text, bytes) || no_memory(g);
}

static void set(struct parse *g, struct given *it, struct conf *conf)
{
	char quoted[PARSE_QUOTE_MAX], expected[256] = "";
	struct value_error c;
	FILE *to;

	if (option_set(it->option, conf, it->value, &c))
		return;
	it->faulty = true;
	to = c.expected ? NULL : fmemopen(expected, sizeof(expected), "w");
	if (to) {
		option_expect(it->option, to);
		fclose(to);
	}
	parse_fault(g, it, "%s %s, expected %s", parse_quote(it->value, quoted),
	    c.wrong, c.expected ? c.expected : expected);
}

/* Do both fill the same field? */
static bool is_same(const struct option *a, const struct option *b)
{
	return a == b || (a->type->clear && a->type->clear == b->type->clear);
}

/* What came before `it`, from the same place, for the same field; or NULL. */
static const struct given *find_earlier(const struct parse *g,
    const struct given *it)
{
	for (const struct given *e = g->all; e < it; e++)
		if (is_same(e->option, it->option) &&
		    e->in_file == it->in_file)
			return e;
	return NULL;
}

/* Sets what came from the file, or what came from flags. */
static void apply(struct parse *g, bool from_file, struct conf *conf)
{
	for (struct given *it = g->all; it < g->all + g->count; it++) {
		const struct given *earlier = find_earlier(g, it);
		bool may_repeat = it->option->type->clear != NULL;

		if (it->in_file != from_file)
			continue;
		if (!earlier && may_repeat)
			option_clear(it->option, conf);
		if (!earlier || may_repeat)
			set(g, it, conf);
		else if (from_file)
			parse_fault(g, it,
			    "it stands on line %u already, expected once",
			    earlier->line);
		else
			parse_fault(g, it, "given twice, expected once");
	}
}

static void apply_all(struct parse *g, struct conf *conf)
{
	const struct given *it = parse_last(g, option_table_find("profile"));
	struct conf chosen = {.profile = "raw"};
	struct value_error c;

	/* A bad profile is told when its turn comes. */
	if (it)
		option_set(it->option, &chosen, it->value, &c);
	option_table_set_profile(conf, option_table_profile(chosen.profile));
	apply(g, true, conf);
	apply(g, false, conf);
}

/* Loads everything; the faults are in `g`. False: no memory. */
static bool load(struct parse *g, struct conf *conf)
{
	if (!read_config(g, conf))
		return false;
	apply_all(g, conf);
	conf_fetch(conf, g);
	conf_check(conf, g);
	return true;
}

/* The stem of the file, else the first listen address; odd letters become
 * underscores. */
static void derive_name(struct conf *conf, const char *file)
{
	const char *stem = file && strrchr(file, '/') ? strrchr(file, '/') + 1
						      : file;
	const char *dot = stem ? strrchr(stem, '.') : NULL;
	char *text = conf->name_text;

	if (stem)
		snprintf(text, CONF_NAME_MAX, "%.*s",
		    dot > stem ? (int)(dot - stem) : CONF_NAME_MAX, stem);
	else
		addr_print(&conf->listener.listen[0], text);
	for (char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 127 || strchr("\"=\\", *c))
			*c = '_';
	conf->name = text;
}

/* Settings that follow others. */
static void derive(struct conf *conf, const char *file)
{
	struct device_conf *d = &conf->device;

	if (!conf->name)
		derive_name(conf, file);
	if (conf->request.body_max_bytes == SIZE_MAX)
		conf->request.body_max_bytes = conf->request.body_limit_bytes;
	if (d->stream_slots == 0 && d->slots > 0)
		d->stream_slots = d->slots > 1 ? d->slots - 1 : 1;
}

bool conf_load(int argc, char **argv, FILE *faults, struct conf *out,
    int *out_status)
{
	struct parse g = {.faults = faults};
	bool run = false;

	*out = (struct conf){0};
	*out_status = EX_OSERR;
	if (!parse_read_flags(&g, argc, argv)) {
		no_memory(&g);
	} else if (g.asked[COMMAND_HELP]) {
		option_table_print_help(stdout);
		*out_status = EX_OK;
	} else if (g.asked[COMMAND_VERSION]) {
		printf("sallyport %s\n", SALLYPORT_VERSION);
		*out_status = EX_OK;
	} else if (load(&g, out)) {
		*out_status = parse_status(&g);
		run = *out_status == EX_OK && !g.asked[COMMAND_CHECK] &&
		    !g.asked[COMMAND_SHOW];
		if (*out_status == EX_OK && g.asked[COMMAND_SHOW])
			option_table_print_conf(out, stdout);
		if (run)
			derive(out, g.file);
	}
	parse_fini(&g);
	return run;
}

void conf_free(struct conf *conf)
{
	free(conf->file_text);
	free(conf->busy_text);
	*conf = (struct conf){0};
}
