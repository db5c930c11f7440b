/*
 * wire.c: deadlines and errno behind an actor's sends and receives.
 */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool wire_fail(struct actor *a, const char *what, const char *detail)
{
	snprintf(a->why, sizeof(a->why), "%s %.200s", what, detail);
	return false;
}

bool wire_fail_errno(struct actor *a, const char *what)
{
	return wire_fail(a, what, strerrorname_np(errno));
}

bool wire_ready(int fd, short events, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

void wire_pattern(char *out_bytes, size_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out_bytes[i] = (char)((offset + i) % 251);
}

bool wire_leave_to_receiver(struct actor *a, int error)
{
	if (error != ECONNRESET && error != EPIPE)
		return false;
	if (a->met == 0)
		a->met = error;
	return true;
}

bool wire_send(struct actor *a, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(a->fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			if (!wire_ready(a->fd, POLLOUT, STEP_MS))
				return wire_fail(
				    a, "the other side", "is stuck");
			continue;
		}
		if (n < 0)
			return wire_leave_to_receiver(a, errno) ||
			       wire_fail_errno(a, "send:");
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Bytes received, 0 at the end, -1 with errno; ETIMEDOUT: nothing came. */
static ssize_t receive(struct actor *a, char *out_bytes, size_t len)
{
	ssize_t n;

	if (!wire_ready(a->fd, POLLIN | POLLRDHUP, STEP_MS)) {
		errno = ETIMEDOUT;
		return -1;
	}
	n = recv(a->fd, out_bytes, len, 0);
	if (n > 0 || a->met == 0)
		return n;
	errno = a->met;
	return -1;
}

bool wire_expect(struct actor *a, const char *bytes, size_t len)
{
	char got[CHUNK + 1];
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = receive(a, got, len - done);
		if (n < 0)
			return wire_fail_errno(a, "instead of bytes:");
		if (n == 0)
			return wire_fail(a, "instead of bytes:", "the end");
		if (memcmp(got, bytes + done, (size_t)n) != 0) {
			got[n] = '\0';
			return wire_fail(a, "other bytes:", got);
		}
		done += (size_t)n;
	}
	return true;
}

const char *wire_drain(struct actor *a, size_t *out_bytes)
{
	char bytes[CHUNK];
	ssize_t n;

	*out_bytes = 0;
	while ((n = receive(a, bytes, sizeof(bytes))) > 0)
		*out_bytes += (size_t)n;
	if (n == 0)
		return "eof";
	return errno == ECONNRESET ? "reset" : strerrorname_np(errno);
}
