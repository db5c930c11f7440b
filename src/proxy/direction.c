/*
 * direction.c: moving bytes one way: through the scratch buffer, which costs a
 * copy and no descriptor; or, after several reads in a row that filled it and
 * until the stream pauses, through a pipe with splice, which costs no copy.
 *
 * Facts are written where they happen; the state follows in `settle` only.
 */
#include "proxy/direction.h"

#include <errno.h>

#include "base/bug.h"
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

void direction_init(
    struct direction *d, size_t buffer_bytes, enum direction_nagle nagle)
{
	*d = (struct direction){
	    .buffer_bytes_ = (uint32_t)buffer_bytes,
	    .limit_bytes_ = UINT64_MAX,
	    .nagle_ = nagle & 3u,
	};
}

/* Of -errno, in a byte: the kernel has none above that for us. */
static uint8_t errno_of(ssize_t err)
{
	return err < -UINT8_MAX ? EIO : (uint8_t)-err;
}

/* The one place that writes the state. A FIN that came before a reset still
 * goes first. */
static void settle(struct direction *d)
{
	if (d->write_errno_)
		d->state_ = DIRECTION_BROKEN;
	else if (d->fin_sent_ || (direction_ended(d) && d->discards_))
		d->state_ = DIRECTION_DONE;
	else if (direction_ended(d) ||
		 (d->read_errno_ && direction_buffered(d) > 0))
		d->state_ = DIRECTION_DRAIN;
	else
		d->state_ = d->read_errno_ ? DIRECTION_BROKEN : DIRECTION_FLOW;
}

SELDOM static void leave_pipe(struct direction *d, struct direction_env *env)
{
	pipe_give(env->pipes, d->pipe_, d->piped_bytes_ == 0);
	d->pipe_ = 0;
	d->piped_bytes_ = 0;
	d->full_reads_ = 0;
}

void direction_drop(struct direction *d, struct direction_env *env)
{
	if (d->queue_.bytes > 0)
		budget_clear(&env->budget, d->lease_, &d->queue_);
	if (d->pipe_)
		leave_pipe(d, env);
}

static size_t room(const struct direction *d, const struct direction_env *env)
{
	size_t most = d->buffer_bytes_ - d->queue_.bytes;
	size_t memory = budget_room(&env->budget, d->lease_, &d->queue_);

	most = most > memory ? memory : most;
	if (most > d->limit_bytes_ - d->read_bytes_)
		most = (size_t)(d->limit_bytes_ - d->read_bytes_);
	return most > env->scratch_bytes ? env->scratch_bytes : most;
}

/* The kernel keeps a small second send back until the first is acknowledged;
 * a request in two writes must not wait for that. */
static void before_send(struct direction *d, int to)
{
	if (d->nagle_ == NAGLE_SENT_ONCE)
		sock_set_nodelay(to);
	if (d->nagle_ < NAGLE_OFF)
		d->nagle_++;
}

/* What a send took; a failure is remembered and takes nothing. Short kernel
 * memory is no failure of the socket, which goes on saying that it is ready. */
static size_t taken(struct direction *d, ssize_t n)
{
	if (n >= 0)
		d->sent_bytes_ += (uint64_t)n;
	else if (n == -ENOMEM || n == -ENOBUFS)
		d->stalled_ = true;
	else if (n != -EAGAIN)
		d->write_errno_ = errno_of(n);
	return n > 0 ? (size_t)n : 0;
}

/* Will the FIN follow the bytes at once, so that they share a segment? */
static bool fin_follows(const struct direction *d)
{
	return direction_ended(d) && d->holds_ == 0 && !d->fin_sent_;
}

/* After a short send the FIN does not follow at once, and the bytes taken
 * must not wait for it: what is left is offered without MSG_MORE. */
static size_t send_bytes(
    struct direction *d, int to, const char *bytes, size_t len, bool more)
{
	size_t sent = taken(d,
	    more ? sock_send_more(to, bytes, len) : sock_send(to, bytes, len));

	if (more && sent > 0 && sent < len) {
		before_send(d, to);
		sent += taken(d, sock_send(to, bytes + sent, len - sent));
	}
	return sent;
}

/* Sends `len` bytes of the scratch buffer and keeps what does not fit. */
static unsigned int pass_on(
    struct direction *d, struct direction_env *env, int to, size_t len)
{
	size_t sent = 0;

	if (d->discards_)
		return MOVED_BYTES;
	if (to >= 0 && !direction_sends_held(d) && direction_buffered(d) == 0) {
		before_send(d, to);
		sent = send_bytes(d, to, env->scratch, len, fin_follows(d));
	}
	if (sent == len)
		return MOVED_BYTES;
	budget_append(&env->budget, d->lease_, &d->queue_, env->scratch + sent,
	    len - sent);
	return MOVED_BYTES | MOVED_STATE;
}

static void consider_splice(
    struct direction *d, struct direction_env *env, bool full)
{
	if (!full || direction_buffered(d) > 0 || d->holds_ != 0 ||
	    d->discards_ || d->shows_) {
		d->full_reads_ = 0;
		return;
	}
	if (++d->full_reads_ < FULL_READS_TO_SPLICE)
		return;
	d->full_reads_ = 0;
	if (env->pipes)
		d->pipe_ = pipe_take(env->pipes);
}

SELDOM static bool drain_pipe(
    struct direction *d, const struct direction_env *env, int to)
{
	size_t sent = taken(
	    d, pipe_drain(pipe_at(env->pipes, d->pipe_), to, d->piped_bytes_));

	d->piped_bytes_ -= (uint32_t)sent;
	return sent > 0;
}

/* Shows what was read; no more than `*len` of it passes then. */
static unsigned int show(
    struct direction *d, const struct direction_env *env, size_t *len)
{
	unsigned int moved = env->on_read(d, env->scratch, *len);
	uint64_t most = d->limit_bytes_ - d->read_bytes_;

	if (*len > most)
		*len = (size_t)most;
	return moved;
}

/* What the destination does not take stays in the source's socket. */
SELDOM static unsigned int pull_without_memory(
    struct direction *d, struct direction_env *env, int from, int to)
{
	uint64_t most = d->limit_bytes_ - d->read_bytes_;
	unsigned int moved = MOVED_STATE;
	size_t len, sent;
	ssize_t n;

	n = sock_peek(from, env->scratch,
	    most < env->scratch_bytes ? (size_t)most : env->scratch_bytes);
	if (n == -EAGAIN)
		return MOVED_NOTHING;
	if (n <= 0) {
		d->read_errno_ = errno_of(n);
		d->fin_seen_ = n == 0;
		return MOVED_STATE;
	}
	len = (size_t)n;
	if (d->shows_)
		moved |= show(d, env, &len);
	sent = len;
	if (!d->discards_) {
		before_send(d, to);
		sent = send_bytes(d, to, env->scratch, len, false);
		d->blocked_ = sent < len && !d->write_errno_;
	}
	sock_skip(from, sent);
	d->read_bytes_ += sent;
	return moved | (sent > 0 ? MOVED_BYTES : 0);
}

/* A read also stops at urgent data, before an error, and where descriptors
 * were passed: then RDHUP does not mean that this was all. */
static bool is_end(
    const struct direction *d, size_t n, size_t most, unsigned int events)
{
	return n == 0 ||
	       (n < most && !d->short_reads_ &&
		   (events & (EV_RDHUP | EV_PRI | EV_ERR)) == EV_RDHUP);
}

static unsigned int pull_copied(struct direction *d, struct direction_env *env,
    int from, int to, unsigned int events)
{
	size_t most = room(d, env), len;
	unsigned int moved = MOVED_NOTHING;
	ssize_t n;

	if (events & EV_PRI)
		sock_set_oobinline(from);
	if (most == 0)
		return pull_without_memory(d, env, from, to);
	n = sock_recv(from, env->scratch, most);
	if (n < 0) {
		if (n == -EAGAIN)
			return MOVED_NOTHING;
		d->read_errno_ = errno_of(n);
		return MOVED_STATE;
	}
	len = (size_t)n;
	if (d->shows_)
		moved = show(d, env, &len);
	d->read_bytes_ += len;
	/* The next is late, or a splice: a mark till then may cost a byte. */
	if ((size_t)n == most && !d->inline_ && !direction_read_done(d)) {
		sock_set_oobinline(from);
		d->inline_ = true;
	}
	if (is_end(d, (size_t)n, most, events))
		d->fin_seen_ = true;
	moved |= len > 0 ? pass_on(d, env, to, len) : MOVED_BYTES;
	if (direction_read_done(d) || d->stalled_)
		return moved | MOVED_STATE;
	consider_splice(d, env, (size_t)n == most);
	return moved;
}

/* Only an empty pipe is filled, so "would block" always means that the
 * socket has nothing (doc/poll-semantics.txt, splice). A splice that moves
 * nothing may be the end or an urgent mark: the pipe is left, and with
 * MOVED_NOTHING recv is to tell which. */
SELDOM static unsigned int pull_spliced(
    struct direction *d, struct direction_env *env, int from, int to)
{
	bool moved = false, bulk = true;
	uint64_t most;
	ssize_t n;

	for (int round = 0; round < SPLICE_ROUNDS && bulk; round++) {
		most = d->limit_bytes_ - d->read_bytes_;
		n = pipe_fill(pipe_at(env->pipes, d->pipe_), from,
		    most < SPLICE_BYTES ? (size_t)most : SPLICE_BYTES);
		if (n == -EAGAIN && moved)
			return MOVED_BYTES;
		if (n <= 0)
			break;
		moved = true;
		d->read_bytes_ += (uint64_t)n;
		d->piped_bytes_ = (uint32_t)n;
		drain_pipe(d, env, to);
		if (d->piped_bytes_ > 0)
			return MOVED_BYTES | MOVED_STATE;
		bulk = n >= SPLICE_QUIET_BYTES && (uint64_t)n < most;
	}
	if (n > 0 && bulk)
		return MOVED_BYTES;
	leave_pipe(d, env);
	if (n == 0)
		return MOVED_NOTHING;
	if (n < 0 && n != -EAGAIN && n != -EINVAL)
		d->read_errno_ = errno_of(n);
	return MOVED_STATE | (moved ? MOVED_BYTES : 0);
}

unsigned int direction_pull(struct direction *d, struct direction_env *env,
    int from, int to, unsigned int events)
{
	unsigned int moved =
	    d->pipe_ ? pull_spliced(d, env, from, to) : MOVED_NOTHING;

	if (moved == MOVED_NOTHING)
		moved = pull_copied(d, env, from, to, events);
	if (moved & MOVED_STATE)
		settle(d);
	return moved;
}

static bool push_chunks(
    struct direction *d, struct direction_env *env, int to, bool more)
{
	struct iovec iov[IOV_MAX_USED];
	int count = chunk_iov(&d->queue_, iov, IOV_MAX_USED);
	size_t sent;

	more = more && iov[count - 1].iov_base == chunk_last(&d->queue_);
	before_send(d, to);
	if (count == 1)
		sent = send_bytes(d, to, iov->iov_base, iov->iov_len, more);
	else
		sent = taken(d, more ? sock_sendv_more(to, iov, count)
				     : sock_sendv(to, iov, count));
	if (sent > 0)
		budget_consume(&env->budget, d->lease_, &d->queue_, sent);
	if (more && count > 1 && sent > 0 && d->queue_.bytes > 0)
		(void)push_chunks(d, env, to, false);
	return sent > 0;
}

unsigned int direction_push(
    struct direction *d, struct direction_env *env, int to)
{
	bool sent = false;

	d->blocked_ = false;
	d->stalled_ = false;
	if (d->piped_bytes_ > 0)
		sent = drain_pipe(d, env, to);
	else if (d->queue_.bytes > 0)
		sent = push_chunks(d, env, to, fin_follows(d));
	settle(d);
	return MOVED_STATE | (sent ? MOVED_BYTES : 0);
}

void direction_send_fin(struct direction *d, int to)
{
	int err = sock_shut_write(to);

	d->fin_sent_ = true;
	if (err < 0)
		d->write_errno_ = errno_of(err);
	settle(d);
}

/* ---- what it is told ---- */

void direction_hold(struct direction *d, unsigned int reasons)
{
	d->holds_ = (d->holds_ | reasons) & HOLD_ALL;
}

void direction_release(struct direction *d, unsigned int reasons)
{
	d->holds_ = d->holds_ & ~reasons & HOLD_ALL;
}

void direction_limit(struct direction *d, uint64_t bytes)
{
	d->limit_bytes_ = bytes;
	d->full_reads_ = 0;
}

void direction_set_buffer(struct direction *d, size_t bytes)
{
	d->buffer_bytes_ = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}

void direction_set_lease(struct direction *d, struct lease *lease)
{
	d->lease_ = lease;
}

void direction_show(struct direction *d, bool shows)
{
	d->shows_ = shows;
}

void direction_watch_fin(struct direction *d, bool watches)
{
	d->watches_fin_ = watches;
}

void direction_expect_short_reads(struct direction *d)
{
	d->short_reads_ = true;
}

void direction_finish(struct direction *d)
{
	d->finished_ = true;
	d->read_errno_ = 0;
	settle(d);
}

void direction_discard(
    struct direction *d, struct direction_env *env, uint64_t bytes)
{
	direction_drop(d, env);
	d->holds_ = 0;
	d->discards_ = true;
	d->blocked_ = false;
	d->stalled_ = false;
	d->write_errno_ = 0;
	d->limit_bytes_ = bytes > UINT64_MAX - d->read_bytes_
			      ? UINT64_MAX
			      : d->read_bytes_ + bytes;
	settle(d);
}

void direction_source_lost(struct direction *d, int err, bool fin_was_none)
{
	if (fin_was_none)
		d->fin_seen_ = false;
	d->read_errno_ = errno_of(err);
	settle(d);
}

void direction_destination_lost(
    struct direction *d, struct direction_env *env, int err)
{
	direction_drop(d, env);
	if (!d->discards_ && !d->write_errno_)
		d->write_errno_ = errno_of(err);
	settle(d);
}

void direction_new_destination(struct direction *d)
{
	d->write_errno_ = 0;
	d->nagle_ = NAGLE_UNTOUCHED;
	settle(d);
}

void direction_new_source(struct direction *d, struct direction *other)
{
	uint64_t read_bytes = d->read_bytes_;

	d->read_bytes_ = other->read_bytes_;
	d->limit_bytes_ = other->limit_bytes_;
	other->read_bytes_ = read_bytes;
	d->fin_seen_ = other->fin_seen_;
	d->read_errno_ = 0;
	settle(d);
}

void direction_say(struct direction *d, struct direction_env *env, int to,
    const void *bytes, size_t len)
{
	size_t sent = 0, left;

	if (direction_buffered(d) == 0) {
		before_send(d, to);
		sent = send_bytes(d, to, bytes, len, fin_follows(d));
	}
	left = budget_room(&env->budget, d->lease_, &d->queue_);
	if (sent + left < len)
		d->write_errno_ = ENOMEM;
	else if (sent < len)
		budget_append(&env->budget, d->lease_, &d->queue_,
		    (const char *)bytes + sent, len - sent);
	settle(d);
}

void direction_put_first(struct direction *d, struct direction_env *env,
    const void *bytes, size_t len)
{
	budget_prepend(&env->budget, d->lease_, &d->queue_, bytes, len);
}

void direction_cut(struct direction *d, struct direction_env *env, size_t len)
{
	budget_consume(&env->budget, d->lease_, &d->queue_, len);
}

void direction_trim(struct direction *d, struct direction_env *env, size_t keep)
{
	budget_trim(&env->budget, d->lease_, &d->queue_, keep);
}

void direction_overwrite(struct direction *d, const void *bytes, size_t len)
{
	chunk_overwrite(&d->queue_, bytes, len);
}

void direction_join(struct direction *d, struct chunk_queue *more)
{
	chunk_join(&d->queue_, more);
}
