/*
 * direction.c: moving bytes one way.
 *
 * Two ways of moving: through the scratch buffer, which costs a copy and no
 * descriptor, and through a pipe with splice, which costs no copy. A half
 * starts with the first, changes to the second when several reads in a row
 * filled the buffer, and goes back as soon as the stream pauses.
 */
#include "proxy/direction.h"

#include <errno.h>

#include "evloop/evloop.h"
#include "sys/sock.h"

enum {
	IOV_MAX_USED = 16,
	FULL_READS_TO_SPLICE = 3,
	SPLICE_BYTES = 1 << 20,
	SPLICE_ROUNDS = 4,
	/* A splice that moves less means that the stream is no longer bulk. */
	SPLICE_QUIET_BYTES = 16 * 1024,
};

void half_init(struct half *h, size_t limit_bytes, enum half_nagle nagle)
{
	*h = (struct half){
	    .limit_bytes = (uint32_t)limit_bytes,
	    .quota_bytes = UINT64_MAX,
	    .nagle = (uint8_t)nagle,
	};
}

static void leave_pipe(struct half *h, struct half_env *env)
{
	pipe_give(env->pipes, h->pipe, h->piped_bytes == 0);
	h->pipe = NULL;
	h->piped_bytes = 0;
	h->full_reads = 0;
}

void half_fini(struct half *h, struct half_env *env)
{
	if (h->owed.bytes > 0)
		chunk_clear(env->arena, &h->owed);
	if (h->pipe)
		leave_pipe(h, env);
}

static bool may_read(const struct half *h)
{
	return !half_deaf(h) && !h->read_err &&
	    h->piped_bytes == 0 && h->owed.bytes < h->limit_bytes;
}

/* Replies of the device have the last chunks to themselves: whoever waits
 * for it must not be able to keep it waiting. */
static size_t memory_left(const struct half *h, const struct half_env *env)
{
	size_t room = chunk_room(env->arena, &h->owed);
	size_t kept = h->favoured ? 0 : env->kept_chunks * CHUNK_BYTES;

	return room > kept ? room - kept : 0;
}

static size_t room(const struct half *h, const struct half_env *env)
{
	size_t most = h->limit_bytes - h->owed.bytes;
	size_t chunks = memory_left(h, env);

	if (most > chunks)
		most = chunks;
	if (most > h->quota_bytes - h->bytes)
		most = (size_t)(h->quota_bytes - h->bytes);
	return most > env->scratch_bytes ? env->scratch_bytes : most;
}

/* Without memory bytes can still pass straight through. */
static bool may_pass(const struct half *h)
{
	return h->owed.bytes == 0 && !h->hold && !h->blocked;
}

bool half_wants_input(const struct half *h, const struct half_env *env)
{
	return may_read(h) && (may_pass(h) || memory_left(h, env) > 0);
}

bool half_starved(const struct half *h, const struct half_env *env)
{
	return may_read(h) && !may_pass(h) && memory_left(h, env) == 0;
}

/* The kernel keeps a small second send back until the first is acknowledged;
 * a request in two writes must not wait for that. */
static void before_send(struct half *h, int to)
{
	if (h->nagle == NAGLE_OFF)
		return;
	if (h->nagle == NAGLE_SENT_ONCE)
		sock_set_nodelay(to);
	h->nagle++;
}

/* What a send took; a failure is remembered and takes nothing. Short kernel
 * memory is no failure of the socket, which goes on saying that it is ready. */
static size_t taken(struct half *h, ssize_t n)
{
	if (n >= 0)
		return (size_t)n;
	if (n == -ENOMEM || n == -ENOBUFS)
		h->stalled = true;
	else if (n != -EAGAIN)
		h->write_err = (int16_t)n;
	return 0;
}

/* Sends `len` bytes of the scratch buffer and keeps what does not fit. */
static void pass_on(struct half *h, struct half_env *env, int to, size_t len)
{
	size_t sent = 0;

	if (h->discard)
		return;
	if (to >= 0 && !h->hold && half_owed(h) == 0) {
		before_send(h, to);
		sent = taken(h, sock_send(to, env->scratch, len));
	}
	if (sent < len)
		chunk_append(env->arena, &h->owed, env->scratch + sent,
		    len - sent);
}

static void consider_splice(struct half *h, struct half_env *env, bool full)
{
	if (!full || half_owed(h) > 0 || h->hold || h->discard ||
	    h->quota_bytes != UINT64_MAX) {
		h->full_reads = 0;
		return;
	}
	if (++h->full_reads < FULL_READS_TO_SPLICE)
		return;
	h->full_reads = 0;
	if (env->pipes)
		h->pipe = pipe_take(env->pipes);
}

static bool drain_pipe(struct half *h, int to)
{
	size_t sent = taken(h, pipe_drain(h->pipe, to, h->piped_bytes));

	h->piped_bytes -= (uint32_t)sent;
	return sent > 0;
}

/* Only an empty pipe is filled, so "would block" always means that the
 * socket has nothing (doc/poll-semantics.txt, splice). */
static bool pull_spliced(struct half *h, struct half_env *env, int from, int to)
{
	bool moved = false;
	ssize_t n;

	for (int round = 0; round < SPLICE_ROUNDS; round++) {
		n = pipe_fill(h->pipe, from, SPLICE_BYTES);
		if (n == -EAGAIN && moved)
			return true;
		if (n <= 0)
			break;
		moved = true;
		h->bytes += (uint64_t)n;
		h->piped_bytes = (uint32_t)n;
		drain_pipe(h, to);
		if (h->piped_bytes > 0)
			return true;
		if (n < SPLICE_QUIET_BYTES)
			break;
	}
	if (n >= SPLICE_QUIET_BYTES)
		return true;
	leave_pipe(h, env);
	h->eof = n == 0;
	if (n < 0 && n != -EAGAIN && n != -EINVAL)
		h->read_err = (int16_t)n;
	return moved || h->eof;
}

/* What the destination does not take stays in the source's socket. */
static bool pull_without_memory(struct half *h, struct half_env *env, int from,
    int to)
{
	uint64_t most = h->quota_bytes - h->bytes;
	size_t sent = 0;
	ssize_t n;

	n = sock_peek(from, env->scratch,
	    most < env->scratch_bytes ? (size_t)most : env->scratch_bytes);
	if (n < 0) {
		if (n != -EAGAIN)
			h->read_err = (int16_t)n;
		return false;
	}
	h->eof = n == 0;
	if (h->eof)
		return true;
	if (h->discard) {
		sent = (size_t)n;
	} else {
		before_send(h, to);
		sent = taken(h, sock_send(to, env->scratch, (size_t)n));
		h->blocked = sent < (size_t)n && !h->write_err;
	}
	sock_skip(from, sent);
	h->bytes += sent;
	return sent > 0;
}

bool half_pull(struct half *h, struct half_env *env, int from, int to,
    unsigned int events)
{
	size_t most;
	ssize_t n;

	if (h->pipe)
		return pull_spliced(h, env, from, to);
	most = room(h, env);
	if (events & EV_PRI)
		sock_set_oobinline(from);
	if (most == 0)
		return pull_without_memory(h, env, from, to);
	n = sock_recv(from, env->scratch, most);
	if (n < 0) {
		if (n != -EAGAIN)
			h->read_err = (int16_t)n;
		return false;
	}
	h->bytes += (uint64_t)n;
	/* A read also stops at urgent data, and before an error: then RDHUP
	 * does not mean that this was all. */
	h->eof = n == 0 ||
	    ((size_t)n < most &&
		(events & (EV_RDHUP | EV_PRI | EV_ERR)) == EV_RDHUP);
	if (n > 0)
		pass_on(h, env, to, (size_t)n);
	if (!h->eof)
		consider_splice(h, env, (size_t)n == most);
	return true;
}

static bool push_chunks(struct half *h, struct half_env *env, int to)
{
	struct iovec iov[IOV_MAX_USED];
	int count = chunk_iov(&h->owed, iov, IOV_MAX_USED);
	size_t sent;

	before_send(h, to);
	if (count == 1)
		sent = taken(h, sock_send(to, iov[0].iov_base, iov[0].iov_len));
	else
		sent = taken(h, sock_sendv(to, iov, count));
	if (sent > 0)
		chunk_consume(env->arena, &h->owed, sent);
	return sent > 0;
}

bool half_push(struct half *h, struct half_env *env, int to)
{
	h->blocked = false;
	h->stalled = false;
	if (h->piped_bytes > 0)
		return drain_pipe(h, to);
	if (h->owed.bytes == 0)
		return false;
	return push_chunks(h, env, to);
}

void half_send_fin(struct half *h, int to)
{
	int err = sock_shut_write(to);

	h->fin_sent = true;
	if (err < 0)
		h->write_err = (int16_t)err;
}
