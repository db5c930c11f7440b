/*
 * master.c: what masters do: ask, read answers, and leave.
 */
#include "master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "model.h"
#include "settings/conf.h"

static struct master masters[MASTERS_MAX];
static uint32_t next_id;

void masters_start(void)
{
	for (int i = 0; i < MASTERS_MAX; i++)
		masters[i].id = 0;
	next_id = 1;
}

struct master *master_find(uint32_t id)
{
	struct master *m = &masters[id % MASTERS_MAX];

	return id > 0 && m->id == id ? m : NULL;
}

/* ---- characters ---- */

static void steady(struct master *m)
{
	m->every_us = chance_between(&m->chance, 50, 2000) * MS;
	m->rounds = chance_between(&m->chance, 3, 30);
}

static void hasty(struct master *m)
{
	m->window = chance_between(&m->chance, 1, MASTER_WINDOW);
	m->rounds = chance_between(&m->chance, 5, 40);
}

static void dripper(struct master *m)
{
	steady(m);
	m->piece_bytes = chance_between(&m->chance, 1, 20);
	m->urges = chance_is(&m->chance, 300);
}

static void quitter(struct master *m)
{
	hasty(m);
	m->leaves = chance_is(&m->chance, 500) ? LEAVE_RESET : LEAVE_CLOSE;
	m->leaves_us = chance_between(&m->chance, 1, 5000) * MS;
}

static void closer(struct master *m)
{
	hasty(m);
	m->rounds = m->window;
	m->fin_after = true;
}

static void mute(struct master *m)
{
}

static const struct {
	const char *name;
	void (*make)(struct master *m);
	bool polite, babbles, never_reads;
	uint32_t writes;
	enum leave leaves;
	uint32_t leaves_ms;
} characters[MASTER_CHARACTERS] = {
    {"steady", steady, .polite = true},
    {"writer", steady, .polite = true, .writes = 700},
    {"hasty", hasty, .polite = true, .writes = 200},
    {"dripper", dripper, .writes = 0},
    {"quitter", quitter, .writes = 200},
    {"closer", closer, .writes = 200},
    {"babbler", hasty, .babbles = true, .writes = 200},
    {"non-reader", hasty, .never_reads = true, .writes = 200},
    {"mute", mute, .leaves = LEAVE_CLOSE, .leaves_ms = 30000},
    {"vanisher", hasty, .writes = 200, .leaves = LEAVE_VANISH,
	.leaves_ms = 3000},
};

static void make(struct master *m, uint32_t character)
{
	const typeof(*characters) *row = &characters[character];

	m->character = row->name;
	m->polite = row->polite;
	m->babbles = row->babbles;
	m->never_reads = row->never_reads;
	m->writes = row->writes;
	m->leaves = row->leaves;
	row->make(m);
	if (m->never_reads)
		m->rounds = 200;
	if (row->leaves)
		m->leaves_us =
		    chance_between(&m->chance, 1, row->leaves_ms) * MS;
}

const char *master_name(uint32_t character)
{
	return character < MASTER_CHARACTERS ? characters[character].name
					     : NULL;
}

/* ---- asking ---- */

static void push(struct master *m);

static void on_pause(void *obj, uint64_t arg)
{
	struct master *m = obj;

	if (m->id != arg || actor_is_gone(m))
		return;
	m->pause_due = false;
	push(m);
}

static void push(struct master *m)
{
	size_t len;
	long n;

	while (m->out_bytes > 0 && !m->pause_due && !m->fin_sent) {
		len = m->piece_bytes > 0 && m->piece_bytes < m->out_bytes
			  ? m->piece_bytes
			  : m->out_bytes;
		n = tcp_send(m->tcp, PEER, m->out, len);
		if (n <= 0)
			return;
		if (m->urges)
			tcp_mark(m->tcp, PEER);
		m->out_bytes -= (uint32_t)n;
		memmove(m->out, m->out + n, m->out_bytes);
		if (m->piece_bytes > 0 && m->out_bytes > 0) {
			m->pause_due = true;
			world_after(chance_between(&m->chance, 1, 300) * MS,
			    on_pause, m, m->id);
		}
	}
	if (m->fin_after && m->rounds == 0 && m->out_bytes == 0 &&
	    !m->fin_sent) {
		m->fin_sent = true;
		(void)tcp_shut(m->tcp, PEER);
	}
}

/* One that no other request of its own has. */
static uint16_t take_id(struct master *m)
{
	uint16_t id;
	uint32_t i;

	do {
		id = m->next_id++ % (MASTER_WINDOW + 1);
		for (i = 0; i < m->wait_count && m->waits[i].id != id; i++)
			;
	} while (i < m->wait_count);
	return id;
}

static void ask(struct master *m)
{
	enum talk_kind kind = TALK_READ;
	uint32_t talk;
	uint16_t id;

	if (chance_is(&m->chance, m->writes))
		kind = chance_is(&m->chance, 500) ? TALK_WRITE : TALK_FILL;
	talk = talk_new(m->id, kind);
	if (talk == 0) {
		m->rounds = 0;
		return;
	}
	m->rounds--;
	id = take_id(m);
	m->out_bytes += (uint32_t)talk_request(talk, id, m->out + m->out_bytes);
	if (m->babbles && m->rounds == 0)
		m->out_bytes +=
		    (uint32_t)sprintf(m->out + m->out_bytes, "%s", talk_babble);
	if (talk_has_answer(talk))
		m->waits[m->wait_count++] = (struct waiting){talk, id};
	world_note(53, talk);
	TELL("master %u asks %u, id %u", m->id, talk, id);
}

static void ask_all(struct master *m)
{
	while (m->rounds > 0 && m->wait_count < m->window && !m->fin_sent &&
	       m->out_bytes + TALK_FRAME_MAX * 4 < sizeof(m->out)) {
		ask(m);
		if (m->every_us > 0)
			break;
	}
	push(m);
	if (m->rounds == 0 && m->wait_count == 0 && m->out_bytes == 0 &&
	    !m->fin_sent && m->next_id > 0 && chance_is(&m->chance, 500))
		actor_leave(m, LEAVE_CLOSE);
}

static void on_tick(void *obj, uint64_t arg)
{
	struct master *m = obj;

	if (m->id != arg || actor_is_gone(m))
		return;
	ask_all(m);
	if (m->rounds > 0)
		world_after(m->every_us, on_tick, m, arg);
}

/* ---- answers ---- */

static void hear(struct master *m)
{
	size_t len;

	while ((len = talk_length(m->in, m->in_bytes, true)) > 0) {
		model_answered(m, m->in, len);
		m->in_bytes -= (uint32_t)len;
		memmove(m->in, m->in + len, m->in_bytes);
	}
}

/* Returns false when it has ended. */
static bool read_all(struct master *m)
{
	long n;

	while ((n = tcp_recv(m->tcp, PEER, m->in + m->in_bytes,
		    sizeof(m->in) - m->in_bytes, false)) > 0) {
		m->in_bytes += (uint32_t)n;
		hear(m);
	}
	if (n == -EAGAIN)
		return true;
	actor_end(m, n != 0 || !tcp_fin_in(m->tcp, PEER));
	return false;
}

static void on_wake(void *actor)
{
	struct master *m = actor;

	if (m->never_reads && m->tcp->end[PEER].state == TCP_IS_DEAD) {
		actor_end(m, true);
		return;
	}
	if (!m->never_reads && !read_all(m))
		return;
	if (m->every_us == 0)
		ask_all(m);
	else
		push(m);
}

/* ---- the beginning ---- */

static const struct actor_kind kind = {.name = "master",
    .note = 50,
    .first_port = 50000,
    .on_wake = on_wake,
    .on_end = model_master_end};

bool master_open(uint32_t character, uint32_t address, uint64_t seed)
{
	uint32_t id = next_id++;
	struct master *m = &masters[id % MASTERS_MAX];

	if (m->id)
		return false;
	*m = (struct master){
	    .id = id,
	    .kind = &kind,
	    .address = address,
	    .chance.state = seed,
	    .window = 1,
	};
	m->path_in = m->path_out = kernel.path;
	make(m, character);
	if (model.conf->proxy_header.count > 0)
		m->out_bytes = (uint32_t)sprintf(m->out,
		    "PROXY TCP4 10.9.0.%u 10.0.0.1 %u 80\r\n", address + 1,
		    1000 + id % 60000);
	if (!actor_open(m))
		return false;
	ask_all(m);
	if (m->every_us > 0)
		world_after(m->every_us, on_tick, m, id);
	actor_stay(m);
	return true;
}

void masters_ended(uint32_t address)
{
	for (int i = 0; i < MASTERS_MAX; i++)
		masters[i].polite &= masters[i].address != address;
}

void masters_leave(void)
{
	for (int i = 0; i < MASTERS_MAX; i++)
		if (masters[i].id && !actor_is_gone(&masters[i]))
			actor_leave(&masters[i], LEAVE_CLOSE);
}
