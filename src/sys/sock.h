/*
 * sock.h: the verbs of stream sockets, as thin as they can be.
 *
 * No policy and no loop. Every descriptor made here is nonblocking and
 * close-on-exec. Failures come back as -errno; EINTR is retried here and
 * never seen above. Numbers of sections refer to doc/poll-semantics.txt.
 */
#ifndef SYS_SOCK_H
#define SYS_SOCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/addr.h"
#include "sys/sock_path.h"

/* What accepted sockets inherit; times in ms, 0: off. */
struct sock_listen_opts {
	size_t sndbuf_bytes; /* 0: the kernel's choice */
	int64_t keepalive_ms;
	struct sock_path_opts path; /* of a Unix socket */
};

/*
 * A listening socket on `a`. Port 0 lets the kernel choose. "::" also serves
 * IPv4. A Unix socket's name is made as sock_path.h says.
 * Accepted sockets inherit NODELAY, OOBINLINE, keepalive and buffer sizes
 * (accept(2), tcp(7)), so nothing is set per connection.
 */
int sock_listen(
    const struct addr *a, const struct sock_listen_opts *opts, int *out_fd);

/* The address `fd` is really bound to. */
int sock_local_addr(int fd, struct addr *out);

/* Accepts one: 0, -EAGAIN when none waits, or -errno. */
int sock_accept(int listen_fd, int *out_fd, struct peer *out_peer);

/* A fresh socket for connecting to an address of `family`. With a `source`
 * (len 0: none) it is bound without choosing the port yet. */
int sock_open(int family, const struct addr *source, int *out_fd);

/* Can a socket be bound to `a`? 0 or -errno. */
int sock_check_local(const struct addr *a);

/* Starts connecting: 0 when connected, -EINPROGRESS when under way. */
int sock_connect(int fd, const struct addr *a);

/* Has `fd` been connected to itself? Possible when the device's port lies in
 * the ephemeral range and nobody listens there. */
bool sock_self_connected(int fd);

/*
 * Bytes moved, 0 at the peer's FIN (recv), or -errno.
 *
 * A read that is shorter than its buffer has emptied a TCP socket, unless
 * urgent data are in it (9.1). It has not emptied a Unix socket: there a read
 * also ends where the sender passed descriptors or its credentials changed
 * (unix(7); they are discarded here), and more may follow, with RDHUP raised
 * already. So EOF may be concluded from RDHUP and a short read only of TCP.
 */
ssize_t sock_recv(int fd, void *buf, size_t len);
/* As sock_recv, but the bytes stay; sock_skip drops `len` that were seen. */
ssize_t sock_peek(int fd, void *buf, size_t len);
void sock_skip(int fd, size_t len);
ssize_t sock_send(int fd, const void *buf, size_t len);
ssize_t sock_sendv(int fd, struct iovec *iov, int count);

/*
 * The same, but the last segment waits for what follows in this callback: a
 * sock_shut_write, whose FIN then travels with it. After a send that took less
 * than all, the rest goes without: nothing may stay behind (tcp(7): up to
 * 200 ms). Without effect on a Unix socket.
 */
ssize_t sock_send_more(int fd, const void *buf, size_t len);
ssize_t sock_sendv_more(int fd, struct iovec *iov, int count);

/* Sends FIN after what is queued. */
int sock_shut_write(int fd);

/* The pending error, which this call clears; 0 when there is none. */
int sock_error(int fd);

/* Makes the next close send RST and discard what is unsent. */
void sock_set_reset(int fd);

/*
 * Progress that has no event, for a clock that looks before it strikes: bytes
 * the peer has not acknowledged yet. After sock_shut_write an unacknowledged
 * FIN counts as one more. On a Unix socket: memory not yet read by the peer,
 * overhead included.
 */
size_t sock_unacked(int fd);

/* How long ago the last acknowledgement came, one that acknowledged nothing
 * new included (a peer with a full window answers probes); -errno where it is
 * no TCP. */
int64_t sock_last_ack_ms(int fd);

void sock_set_nodelay(int fd);
void sock_set_quickack(int fd);
void sock_set_oobinline(int fd);

/* Probe an idle peer after `keepalive_ms`, then 3 times at a third of it. */
void sock_set_keepalive(int fd, int64_t keepalive_ms);

/* Give up on a peer that leaves sent bytes unacknowledged for so long. */
void sock_set_user_timeout(int fd, int64_t user_timeout_ms);

#endif
