/*
 * conf_load.c: which value wins, and what the command line asks for.
 *
 * The profile is found first, wherever it was given; its choices are laid
 * down, then the file's values over them, then the flags'. A setting that may
 * be repeated is replaced as a whole: any `--listen` makes those of the file
 * void.
 */
#include "settings/conf_load.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "settings/conf.h"
#include "settings/option_table.h"
#include "settings/parse.h"
#include "settings/value_slip.h"
#include "sys/exit_status.h"
#include "sys/file.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static bool no_memory(struct parse *p)
{
	fprintf(p->out, "sallyport: no memory for the settings\n");
	return false;
}

static bool read_config(struct parse *p, struct conf *conf)
{
	size_t bytes;
	int err;

	if (!p->file)
		return true;
	err = file_read(p->file, FILE_BYTES_MAX, &conf->file_text, &bytes);
	if (err < 0) {
		p->file_unread = true;
		parse_error(p, &(struct parse_item){.in_file = true},
		    "cannot be read (%s): expected a file of settings",
		    strerror(-err));
		if (exit_status_of(err) == EX_NOPERM) {
			p->error_in_file = false;
			p->system_status = EX_NOPERM;
		}
		return true;
	}
	return parse_file(p, conf->file_text, bytes) || no_memory(p);
}

static void set(struct parse *p, struct parse_item *it, struct conf *conf)
{
	char quoted[PARSE_QUOTE_MAX];
	struct value_error e;
	FILE *to;

	if (option_set(it->option, conf, it->value, &e))
		return;
	it->faulty = true;
	slip_of_end(it->value, &e);
	if (e.expected[0] == '\0') {
		to = fmemopen(e.expected, sizeof(e.expected), "w");
		if (to) {
			option_expect(it->option, to);
			fclose(to);
		}
	}
	parse_error(p, it, "%s %s: expected %s", parse_quote(it->value, quoted),
	    e.wrong, e.expected);
}

/* Do both fill the same field? */
static bool is_same(const struct option *a, const struct option *b)
{
	return a == b || (a->type->clear && a->type->clear == b->type->clear);
}

/* What came before `it`, from the same place, for the same field; or NULL. */
static const struct parse_item *find_earlier(
    const struct parse *p, const struct parse_item *it)
{
	for (const struct parse_item *e = p->items; e < it; e++)
		if (is_same(e->option, it->option) && e->in_file == it->in_file)
			return e;
	return NULL;
}

/* Sets what came from the file, or what came from flags. */
static void apply(struct parse *p, bool from_file, struct conf *conf)
{
	for (struct parse_item *it = p->items; it < p->items + p->count; it++) {
		const struct parse_item *earlier = find_earlier(p, it);
		bool may_repeat = it->option->type->clear != NULL;

		if (it->in_file != from_file)
			continue;
		if (!earlier && may_repeat)
			option_clear(it->option, conf);
		if (!earlier || may_repeat)
			set(p, it, conf);
		else if (from_file)
			parse_error(p, it,
			    "is already set on line %u: expected once",
			    earlier->line);
		else
			parse_error(p, it, "is set twice: expected once");
	}
}

static void apply_all(struct parse *p, struct conf *conf)
{
	const struct parse_item *it =
	    parse_last(p, option_table_find("profile"));
	struct conf chosen = {.profile = "raw"};
	struct value_error ignored;

	/* A bad profile is reported when its turn comes. */
	if (it && option_set(it->option, &chosen, it->value, &ignored))
		p->profile = it;
	option_table_set_profile(conf, option_table_profile(chosen.profile));
	apply(p, true, conf);
	apply(p, false, conf);
}

/* Loads everything; the errors are in `p`. False: no memory. */
static bool load(struct parse *p, struct conf *conf)
{
	if (!read_config(p, conf))
		return false;
	apply_all(p, conf);
	/* One process may have to be looked into. */
	if (p->asked[COMMAND_SINGLE] &&
	    !parse_last(p, option_table_find("sandbox")))
		conf->jail.sandbox = SANDBOX_OFF;
	conf_fetch(conf, p);
	conf_check(conf, p);
	if (p->asked[COMMAND_CHECK]) {
		conf_look(conf, p);
		if (parse_status(p) == EX_OK)
			conf_warn(conf, p);
	}
	return true;
}

/* The stem of the file, else the first listen address; odd letters become
 * underscores. */
static void derive_name(struct conf *conf, const char *file)
{
	const char *stem =
	    file && strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
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
	struct slots_conf *d = &conf->slots;

	if (!conf->name)
		derive_name(conf, file);
	conf->log.name = conf->name;
	if (conf->request.body_max_bytes == SIZE_MAX)
		conf->request.body_max_bytes = conf->request.body_limit_bytes;
	/* Only with gate http is it known what a request may change. */
	if (conf->request.kind != GATE_HTTP &&
	    conf->queue.fin == QUEUE_FIN_SAFE)
		conf->queue.fin = QUEUE_FIN_KEEP;
	if (d->stream_slots == 0 && d->slots > 0)
		d->stream_slots = d->slots > 1 ? d->slots - 1 : 1;
}

bool conf_load(
    int argc, char **argv, FILE *errors, struct conf *out, int *out_status)
{
	struct parse p = {.out = errors};
	bool run = false;

	*out = (struct conf){0};
	*out_status = EX_OSERR;
	if (!parse_flags(&p, argc, argv)) {
		no_memory(&p);
	} else if (p.asked_profiles) {
		option_table_print_profiles(stdout);
		*out_status = EX_OK;
	} else if (p.asked_about) {
		option_table_print_option(p.asked_about, stdout);
		*out_status = parse_status(&p);
	} else if (p.asked[COMMAND_HELP]) {
		option_table_print_help(stdout);
		*out_status = parse_status(&p);
	} else if (p.asked[COMMAND_VERSION]) {
		printf("sallyport %s\n", SALLYPORT_VERSION);
		*out_status = EX_OK;
	} else if (load(&p, out)) {
		*out_status = parse_status(&p);
		run = *out_status == EX_OK && !p.asked[COMMAND_CHECK] &&
		      !p.asked[COMMAND_SHOW];
		if (*out_status == EX_OK && p.asked[COMMAND_SHOW])
			option_table_print_conf(out, stdout);
		out->single = p.asked[COMMAND_SINGLE];
		if (run)
			derive(out, p.file);
	}
	parse_fini(&p);
	return run;
}

void conf_free(struct conf *conf)
{
	free(conf->file_text);
	free(conf->busy_text);
	*conf = (struct conf){0};
}
