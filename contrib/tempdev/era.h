/*
 * era.h: what the firmware printed, build by build.
 *
 * Between 2017-07-14 and 07-29 the log shows four builds. They differ in what
 * they print and in the page, not in how they serve. E0 came before them,
 * with the stock library and no tables. E5 is the sketch that ran from
 * 2017-08-02 on, with the Ethernet2 library and eight slots.
 */
#ifndef TEMPDEV_ERA_H
#define TEMPDEV_ERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server.h"

enum { ERA_STATE_TEXT = 8 };

struct era {
	const char *name;
	const char *dates;   /* of the log entries it wrote, for --era */
	bool first_build;    /* E0, E1: own lines, page and 8-row table */
	bool no_tables;	     /* E0, nor a line for a new client */
	bool says_newline;   /* E2: after each line of the request */
	bool upper_case;     /* states in hexadecimal */
	bool names_all;	     /* 0x1c is ClsWait, 0x22 Open */
	bool table_in_reply; /* E4: line break and table before the reply */
	bool page_has_build; /* and "max ... w/o client" */
	bool later_sketch;   /* E5: peers in its tables, steps of the reply */
	bool quiet_library;  /* it prints nothing */
	enum server_lib lib; /* which it was built with */
	unsigned int slots;
	const char *build_time, *build_date;
};

/* By name ("E3") or log date ("2017-07-29", "07-29"; E5: any from 2017-08-02
 * on); NULL: there is none. */
const struct era *era_find(const char *text);

/* Everything --era accepts, in one line. */
const char *era_allowed(void);

/* A socket's state and mode as the status table shows them. */
const char *era_state(
    const struct era *e, uint16_t sr, char out_text[ERA_STATE_TEXT]);
const char *era_mode(uint16_t mr);

#endif
