/*
 * value.h: what kinds of value a setting can have: how each is read, printed
 * and asked for.
 *
 * A kind turns the text of one value into the setting's field and back, and
 * what it prints it also reads. It knows nothing of flags and files; those
 * who do turn its complaint into a message.
 */
#ifndef SETTINGS_VALUE_H
#define SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct option;

/* "`value` WRONG, expected EXPECTED". */
struct value_error {
	const char *wrong;
	const char *expected; /* NULL: what the option says */
};

struct value_type {
	/* Reads `text`, which outlives the settings, into `field`. False with
	 * `*out` set: it is no such value. */
	bool (*set)(const struct option *o, void *field, const char *text,
	    struct value_error *out);
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
extern const struct value_type value_number;  /* unsigned int */
extern const struct value_type value_time;    /* int64_t, ms */
extern const struct value_type value_size;    /* size_t, bytes */
extern const struct value_type value_choice;  /* an enum or int: index of the word */
extern const struct value_type value_switch;  /* bool: index of the word */
extern const struct value_type value_word;    /* const char *, one of the words */
/* The option's one word stands for: */
extern const struct value_type value_number_or_word;  /* 0 */
extern const struct value_type value_size_or_word;    /* SIZE_MAX */
extern const struct value_type value_name; /* const char *; NULL: auto */
extern const struct value_type value_mode; /* unsigned int; 0: umask */
extern const struct value_type value_path;    /* const char *; NULL: off */
extern const struct value_type value_probe;   /* const char *; NULL: off */
extern const struct value_type value_log;     /* struct log_conf */
extern const struct value_type value_backoff; /* struct device_conf */
extern const struct value_type value_down;    /* struct device_conf */

/* value_list.c: what may be repeated or has two parts. */
extern const struct value_type value_methods; /* struct request_conf */
extern const struct value_type value_strip;   /* struct request_conf */
extern const struct value_type value_answers; /* struct request_conf */
extern const struct value_type value_limit;   /* struct clients_conf */

extern const struct value_type value_listen; /* struct listener_conf */
extern const struct value_type value_device; /* struct dial_conf, not resolved */
extern const struct value_type value_local; /* struct addr */
extern const struct value_type value_allow;  /* struct acl_conf */
extern const struct value_type value_deny;   /* struct acl_conf */
extern const struct value_type value_from;   /* struct proxy_header_conf */

enum { VALUE_NAME_MAX = 256 };

/* Cuts a device's NAME:PORT into its parts. False: it is not one. */
bool value_split_name(const char *text, char out_name[VALUE_NAME_MAX],
    uint16_t *out_port);

#endif
