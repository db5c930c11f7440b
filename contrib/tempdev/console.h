/*
 * console.h: the serial line to the log: where lines go and how they end.
 *
 * The library ends its lines with LF, the firmware with CRLF. Unless --crlf
 * asks for the difference, CR is dropped, the client's included. The keys
 * h/H hush the line: only the answer to a key then comes through.
 */
#ifndef TEMPDEV_CONSOLE_H
#define TEMPDEV_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct console {
	FILE *file;
	bool crlf;
	bool hushed;
};

/* `path` "-" is standard output. 0 or -errno. */
int console_open(struct console *c, const char *path, bool crlf);
void console_close(struct console *c);
void console_flush(struct console *c);

/* As it stands; "\r\n" loses its CR unless they are wanted. */
void console_printf(struct console *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One byte of a client's request. */
void console_echo(struct console *c, char byte);

#endif
