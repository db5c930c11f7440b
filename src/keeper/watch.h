/*
 * watch.h: the screen of `sallyport status --watch`.
 */
#ifndef KEEPER_WATCH_H
#define KEEPER_WATCH_H

/* Until a signal; the terminal is as before then. Returns an exit status. */
int watch_run(const char *path);

#endif
