/*
 * value.h: what types of value a setting can have: how each is read, printed
 * and asked for.
 *
 * A type turns the text of one value into the setting's field and back, and
 * what it prints it also reads. It knows nothing of flags and files; those
 * who do turn its error into a message.
 */
#ifndef SETTINGS_VALUE_H
#define SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/scan.h"
#include "settings/value_error.h"

struct option;

struct value_type {
	/* Reads `text`, which outlives the settings, into `field`. False with
	 * `*out` set: it is no such value. */
	bool (*set)(const struct option *o, void *field, const char *text,
	    struct value_error *out);
	/* Prints the value, or a line for each, of what is set. */
	void (*print)(const struct option *o, const void *field, FILE *to);
	/* Prints what is expected; NULL: the option's form does. */
	void (*expect)(const struct option *o, FILE *to);
	/* Only for what may be repeated: forgets all of them. */
	void (*clear)(void *field);
	/* Only for what may be without a value: is it? */
	bool (*is_unset)(const void *field);
};

/* The field's type stands behind each. value.c: numbers and words. */
extern const struct value_type value_number; /* unsigned int */
extern const struct value_type value_time;   /* int64_t, ms */
extern const struct value_type value_size;   /* size_t, bytes */
extern const struct value_type value_choice; /* an enum: index of the word */
extern const struct value_type value_switch; /* bool: index of the word */
extern const struct value_type value_word; /* const char *, one of the words */
/* The option's one word stands for: */
extern const struct value_type value_number_or_word; /* 0 */
extern const struct value_type value_size_or_word;   /* SIZE_MAX */

/* value_text.c: texts. */
extern const struct value_type value_name;  /* const char *; NULL: auto */
extern const struct value_type value_mode;  /* unsigned int; 0: the word */
extern const struct value_type value_path;  /* const char *; NULL: off */
extern const struct value_type value_probe; /* const char *; NULL: off */
extern const struct value_type value_log;   /* struct log_conf */

/* value_pair.c: two numbers in one value. */
extern const struct value_type value_backoff; /* struct health_conf */
extern const struct value_type value_down;    /* struct health_conf */
extern const struct value_type value_limit;   /* struct clients_conf */

/* value_list.c: lists of words. */
extern const struct value_type value_methods; /* struct request_conf */
extern const struct value_type value_strip;   /* struct request_conf */
extern const struct value_type value_answers; /* struct request_conf */

/* value_addr.c: addresses and networks. */
extern const struct value_type value_listen; /* struct listener_conf */
extern const struct value_type
    value_device; /* struct device_link_conf, not resolved */
extern const struct value_type value_admin;   /* const char *; NULL: off */
extern const struct value_type value_control; /* the same, a path only */
extern const struct value_type value_local;   /* struct addr */
extern const struct value_type value_allow;   /* struct acl_conf */
extern const struct value_type value_deny;    /* struct acl_conf */
extern const struct value_type value_from;    /* struct proxy_header_conf */

enum { VALUE_NAME_MAX = 256 };

/* Cuts a device's NAME:PORT into its parts. False: it is not one. */
bool value_split_name(
    const char *text, char out_name[VALUE_NAME_MAX], uint16_t *out_port);

/* Is the device's `text` an address, and not a name? */
bool value_is_address(const char *text);

/* ---- for the value_*.c only ---- */

/* What all numbers share: is it one, with its unit, within the option's
 * bounds? Writes `*out_n` when it is. */
bool value_read_number(const struct option *o, const char *text, int64_t *out_n,
    struct value_error *out);
bool value_read_time(const struct option *o, const char *text, int64_t *out_ms,
    struct value_error *out);
bool value_read_size(const struct option *o, const char *text,
    int64_t *out_bytes, struct value_error *out);

/* Prints "a time from ... to ..., with its unit". */
void value_expect_time(const struct option *o, FILE *to);

/* Copies what stands before `mark`. Returns what follows it, or NULL. */
const char *value_cut(
    const char *text, const char *mark, char out_first[SCAN_TEXT_MAX]);

#endif
