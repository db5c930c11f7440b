/*
 * script.h: scripts (*.pp): a story with expectations, and what it needs.
 *
 *   # a comment            anywhere
 *   name TEXT              what the test point is called
 *   family ID ...          played in each of these (tcp4)
 *   poller ID ...          and under each of these (poll)
 *   need kernel >= 6.1     also > < <= =; else skipped
 *   need root | netns      netns: played in a network namespace of its own
 *   sysctl KEY VALUE       set there; "need netns" goes with it
 *   votes N                played N times; most of them must agree
 *   implicit off           no implicit connect and accept
 *   limit MS               the longest wait of one action (2000)
 *   todo TEXT              known to fail, and why
 *   c: ACTION=WANT, ...    actions on the client; s: server, l: listener
 */
#ifndef DEBUG_SCRIPT_H
#define DEBUG_SCRIPT_H

#include "story.h"

enum { SYSCTLS_MAX = 8, SCRIPT_TEXT_MAX = 128 };

struct script {
	const char *path;
	char name[SCRIPT_TEXT_MAX];
	char todo[SCRIPT_TEXT_MAX];
	bool family[FAMILIES];
	bool poller[POLLERS];
	bool need_root;
	bool need_netns;
	char kernel_op[4]; /* "": any kernel */
	int kernel[2];
	int votes;
	int limit_ms;
	int sysctl_count;
	char sysctl[SYSCTLS_MAX][SCRIPT_TEXT_MAX]; /* "KEY VALUE" */
	struct story story;
};

/* Reads `path`. 0, or an exit status after saying on stderr what is wrong,
 * where. */
int script_read(const char *path, struct script *out);
void script_fini(struct script *s);

/* "poll-probe run SCRIPT ...": plays all of them and speaks TAP. Returns the
 * exit status: 0, 1 for a mismatch, 77 if all was skipped. */
int script_main(int argc, char **argv);

#endif
