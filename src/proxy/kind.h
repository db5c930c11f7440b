/*
 * kind.h: what kinds of value a setting can have: how each is read, printed
 * and asked for.
 *
 * A kind turns the text of one value into the setting's field and back, and
 * what it prints it also reads. It knows nothing of flags and files; those
 * who do turn its complaint into a message.
 */
#ifndef PROXY_KIND_H
#define PROXY_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct option;

/* "`value` WRONG, expected EXPECTED". */
struct complaint {
	const char *wrong;
	const char *expected; /* NULL: what kind_expect says */
};

struct kind {
	/* Reads `text`, which outlives the settings, into `field`. False with
	 * `*out` set: it is no such value. */
	bool (*set)(const struct option *o, void *field, const char *text,
	    struct complaint *out);
	/* Prints the value, or a line for each, of what is set. */
	void (*print)(const struct option *o, const void *field, FILE *to);
	/* Says what is expected; NULL: the option's form does. */
	void (*expect)(const struct option *o, FILE *to);
	/* Only for what may be given several times: forgets all of them. */
	void (*clear)(void *field);
	/* Only for what may be without a value: is it? */
	bool (*is_unset)(const void *field);
};

/* The field's type stands behind each. */
extern const struct kind kind_number;  /* unsigned int */
extern const struct kind kind_time;    /* int64_t, ms */
extern const struct kind kind_size;    /* size_t, bytes */
extern const struct kind kind_choice;  /* an enum or int: index of the word */
extern const struct kind kind_switch;  /* bool: index of the word */
extern const struct kind kind_word;    /* const char *, one of the words */
extern const struct kind kind_path;    /* const char *; NULL: off */
extern const struct kind kind_probe;   /* const char *; NULL: off */
extern const struct kind kind_log;     /* struct log_conf */
extern const struct kind kind_backoff; /* struct device_conf */
extern const struct kind kind_down;    /* struct device_conf */

extern const struct kind kind_listen; /* struct listener_conf */
extern const struct kind kind_device; /* struct dial_conf, not resolved */
extern const struct kind kind_source; /* struct addr */
extern const struct kind kind_allow;  /* struct admit_conf */
extern const struct kind kind_deny;   /* struct admit_conf */
extern const struct kind kind_from;   /* struct pphdr_conf */

enum { KIND_NAME_MAX = 256 };

/* Cuts a device's NAME:PORT into its parts. False: it is not one. */
bool kind_split_name(const char *text, char out_name[KIND_NAME_MAX],
    uint16_t *out_port);

#endif
