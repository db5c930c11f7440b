/*
 * seen.h: which rows of the program's state tables the runs have met: states
 * of connections, directions and the device's health, and whose turn it was,
 * each by what happened in it. Counted where one file of the program calls
 * another; the linker's --wrap lets us in between.
 */
#ifndef SIM_SEEN_H
#define SIM_SEEN_H

/* All rows and how often each was met, a line each: "TABLE STATE EVENT N". */
void seen_print(void);

#endif
