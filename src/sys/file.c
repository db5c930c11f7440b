/*
 * file.c: open, read to the end, close.
 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads until the end or until `room` is used up. Bytes read, or -errno. */
static ssize_t read_to_end(int fd, char *buffer, size_t room)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buffer + len, room - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			len += (size_t)n;
	} while (n != 0 && len < room);
	return (ssize_t)len;
}

int file_read(const char *path, size_t most, char **out_text,
    size_t *out_bytes)
{
	/* The open of a FIFO would wait for a writer; a read does not, when
	 * there is none, but it does for one that is slow. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text;
	ssize_t len;

	if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	text = malloc(most + 2);
	len = text ? read_to_end(fd, text, most + 1) : -ENOMEM;
	close(fd);
	if (len < 0 || (size_t)len > most) {
		free(text);
		return len < 0 ? (int)len : -EFBIG;
	}
	text[len] = '\0';
	*out_text = text;
	*out_bytes = (size_t)len;
	return 0;
}
