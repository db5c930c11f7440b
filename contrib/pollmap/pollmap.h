/*
 * pollmap.h: the explorer: every sequence of actions there is, as a table, and
 * what can be learned from tables.
 */
#ifndef DEBUG_POLLMAP_H
#define DEBUG_POLLMAP_H

/* "pollmap enum|reduce|diff|why ...". Returns the exit status. */
int enum_main(int argc, char **argv);
int reduce_main(int argc, char **argv);
int diff_main(int argc, char **argv);
int why_main(int argc, char **argv);

#endif
