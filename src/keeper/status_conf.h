/*
 * status_conf.h: where what goes on can be seen.
 */
#ifndef KEEPER_STATUS_CONF_H
#define KEEPER_STATUS_CONF_H

struct status_conf {
	const char *control_path; /* NULL: off */
	const char *admin;	  /* address or path; NULL: off */
	const char *metrics_path; /* NULL: off */
};

#endif
