/* console.c: one formatted line at a time, CR as wanted. */
#include "console.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int console_open(struct console *c, const char *path, bool crlf)
{
	*c = (struct console){.file = stdout, .crlf = crlf};
	if (strcmp(path, "-") != 0)
		c->file = fopen(path, "we");
	return c->file == NULL ? -errno : 0;
}

void console_close(struct console *c)
{
	fflush(c->file);
	if (c->file != stdout)
		fclose(c->file);
}

void console_flush(struct console *c)
{
	fflush(c->file);
}

void console_echo(struct console *c, char byte)
{
	if (!c->hushed && (c->crlf || byte != '\r'))
		fputc(byte, c->file);
}

void console_printf(struct console *c, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *p = text; *p != '\0'; p++)
		console_echo(c, *p);
}
