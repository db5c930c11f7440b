/*
 * reload.c: other settings while the proxy serves. What could fail is tried
 * first, and what is in force stays until another worker is ready.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "keeper/events.h"
#include "keeper/inside.h"
#include "keeper/report.h"
#include "settings/conf_load.h"
#include "sys/exit_status.h"

static void free_words(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
}

/* Reading the words cuts them. */
static char **copy_words(int argc, char **argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));

	for (int i = 0; copy && i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i]) {
			free_words(copy);
			return NULL;
		}
	}
	return copy;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	conf_free(s->conf);
	if (s->words) {
		free_words(s->words);
		free(s->conf);
	}
	free(s);
}

/* Without what is in force, `conf` alone says what is wanted. */
static struct settings *settings_new(int argc, char **argv)
{
	struct settings *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->conf = calloc(1, sizeof(*s->conf));
	s->words = copy_words(argc, argv);
	if (s->conf && s->words)
		return s;
	free_words(s->words);
	free(s->conf);
	free(s);
	return NULL;
}

static bool is_other_device(const struct conf *a, const struct conf *b)
{
	return strcmp(a->link.device_text, b->link.device_text) != 0;
}

/* What is known of a name stays known while nothing better is. */
static void keep_addresses(struct conf *fresh, const struct conf *old)
{
	struct device_link_conf *d = &fresh->link;

	if (d->device_count > 0 || is_other_device(fresh, old))
		return;
	memcpy(d->device, old->link.device, sizeof(d->device));
	d->device_count = old->link.device_count;
}

/* Everything that may be wrong; faults go to `errors`. */
static bool try(struct keeper *k, struct settings *s, FILE *errors)
{
	struct conf *c = s->conf;
	int status, err;

	if (!conf_load(k->argc, s->words, errors, c, &status))
		return false;
	keep_addresses(c, k->settings->conf);
	if (events_check(c->health.events_path, errors) < 0)
		return false;
	err = log_open(&k->next_log, &c->log);
	if (err < 0) {
		fprintf(errors, "sallyport: cannot open the log %s: %s%s\n",
		    log_name(&c->log), strerror(-err),
		    exit_status_expected(err));
		return false;
	}
	if (sockets_open(&s->sockets, c, &k->settings->sockets, NULL, errors) ==
	    EX_OK) {
		err = process_start(k, s, &k->coming);
		if (err == 0) {
			k->coming->other_device = is_other_device(c, k->conf);
			return true;
		}
		fprintf(errors, "sallyport: cannot start a worker: %s\n",
		    strerror(-err));
		sockets_close(&s->sockets, &k->settings->sockets);
	}
	log_close(&k->next_log);
	return false;
}

static void say_faults(struct keeper *k, char *text)
{
	static const char prefix[] = "sallyport: ";
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")))
		if (*line != '\0')
			log_message(&k->log, LOG_LEVEL_ERROR,
			    "reload refused: %s",
			    strncmp(line, prefix, strlen(prefix)) == 0
				? line + strlen(prefix)
				: line);
}

static void refuse(struct keeper *k)
{
	k->stats->reloads_refused++;
	k->was_refused = true;
	service_reloaded(k);
}

static bool may_begin(const struct keeper *k)
{
	size_t retired = 0;

	for_each_process (k, w)
		retired += w->phase >= PROCESS_RETIRING;
	return !k->let_go && !k->coming && !k->predecessor && k->newest &&
	       k->newest->phase == PROCESS_SERVING && retired < RETIRED_MAX;
}

static void begin(struct keeper *k)
{
	struct settings *s = settings_new(k->argc, k->argv);
	size_t size;
	char *text = NULL;
	FILE *errors = open_memstream(&text, &size);
	bool begun = s && errors && try(k, s, errors);

	if (errors)
		fclose(errors);
	if (begun) {
		k->next = s;
	} else {
		say_faults(k, text ? text : (char[]){"out of memory"});
		settings_free(s);
		refuse(k);
	}
	free(text);
}

static void ask(struct keeper *k, bool *wanted)
{
	if (k->ending)
		return;
	if (!*wanted && !may_begin(k))
		log_message(&k->log, LOG_LEVEL_INFO,
		    "reload: waits until an older worker has ended");
	*wanted = true;
	service_reloading(k);
}

void reload_ask(struct keeper *k)
{
	ask(k, &k->reload_wanted);
}

void upgrade_ask(struct keeper *k)
{
	ask(k, &k->upgrade_wanted);
}

void reload_run(struct keeper *k)
{
	bool *wanted =
	    k->upgrade_wanted ? &k->upgrade_wanted : &k->reload_wanted;

	if (!*wanted || k->ending || !may_begin(k))
		return;
	*wanted = false;
	if (wanted == &k->upgrade_wanted)
		upgrade_begin(k);
	else
		begin(k);
}

void reload_succeeded(struct keeper *k)
{
	struct settings *before = k->settings;
	struct process *m = k->newest;

	if (!k->next)
		return;
	k->settings = k->next;
	k->next = NULL;
	sockets_close(&before->sockets, &k->settings->sockets);
	log_close(&k->log);
	k->log = k->next_log;
	k->conf = k->settings->conf;
	for_each_process (k, w)
		w->other_device |= m->other_device;
	m->other_device = false;
	report_reload(k, before->conf);
	settings_free(before);
	k->stats->reloads++;
	k->was_refused = false;
	k->stats->slots = k->conf->slots.slots;
	names_start(k);
	log_message(&k->log, LOG_LEVEL_INFO,
	    "settings loaded: worker %d serves", (int)m->pid);
	service_reloaded(k);
}

void reload_failed(struct keeper *k)
{
	if (!k->next)
		return;
	log_message(&k->log, LOG_LEVEL_ERROR,
	    "reload refused: the new worker has ended before it was ready");
	sockets_close(&k->next->sockets, &k->settings->sockets);
	log_close(&k->next_log);
	settings_free(k->next);
	k->next = NULL;
	refuse(k);
}
