/*
 * fw_session.c: one client, from its first byte to stop().
 *
 * The request is read a byte at a time and is complete at an empty line; the
 * first line counts as empty, so a leading CRLF is a request. The 1000 ms
 * limit is tested only when no byte waits. The reply is written piece by
 * piece, each until the chip reports it sent, however long that takes.
 * stop() ends politely and after 1000 ms by force.
 */
#include "base/bug.h"
#include "fw_impl.h"

enum {
	READ_LIMIT_US = 1000 * US_PER_MS,
	STOP_LIMIT_US = STOP_MS_LIMIT * US_PER_MS,
	WAIT_MARK_US = 10 * US_PER_MS, /* between two '!' */
	SEND_POLL_US = US_PER_MS,
	STOP_POLL_US = US_PER_MS,
	FIRST_TESTED = 4,  /* writes whose failure is reported */
	DOCTYPE_FROM = 12, /* the two writes reported as "Sent 17" */
	DOCTYPE_END = 14,
};

static void step_read(struct firmware *fw);
static void step_write(struct firmware *fw);
static void step_stop(struct firmware *fw);

static uint16_t read_reg(const struct firmware *fw, enum chip_reg reg)
{
	return chip_read(fw->chip, fw->slot, reg);
}

static void command(const struct firmware *fw, enum chip_cr cr)
{
	chip_write(fw->chip, fw->slot, CHIP_CR, cr);
}

/* ---- stop() ---- */

static void session_end(struct firmware *fw)
{
	if (!fw->pushing && !fw->reclaims)
		fw_print_end(fw);
	fw->pushing = fw->reclaims = false;
	fw_next(fw, fw_loop, 0);
}

static void stopped(struct firmware *fw)
{
	int64_t ms = (fw->clock->now_us - fw->stop_us) / US_PER_MS;

	fw->totals.stops++;
	fw->totals.stop_ms[ms < STOP_MS_LIMIT ? ms : STOP_MS_LIMIT]++;
	session_end(fw);
}

static void step_stop_poll(struct firmware *fw)
{
	if (read_reg(fw, CHIP_SR) == CHIP_CLOSED) {
		stopped(fw);
	} else if (fw->clock->now_us - fw->stop_us >= STOP_LIMIT_US) {
		command(fw, CHIP_CR_CLOSE);
		fw->totals.forced_closes++;
		stopped(fw);
	} else {
		fw_wait(fw, step_stop_poll, STOP_POLL_US);
	}
}

static void disconnect(struct firmware *fw)
{
	fw->state = FW_STOP;
	fw->stop_us = fw->clock->now_us;
	command(fw, CHIP_CR_DISCON);
	step_stop_poll(fw);
}

void fw_reclaim(struct firmware *fw)
{
	fw->reclaims = true;
	disconnect(fw);
}

static void step_stop(struct firmware *fw)
{
	if (fw->era->first_build)
		console_printf(fw->console, "Out of while...\r\n");
	if (fw->struck.no_close) {
		session_end(fw);
		return;
	}
	if (fw->struck.no_fin) {
		command(fw, CHIP_CR_CLOSE);
		session_end(fw);
		return;
	}
	disconnect(fw);
}

void fw_stop(struct firmware *fw)
{
	fw->kept[fw->slot].is_kept = false;
	fw_next(fw, step_stop, fw->costs.pause_us);
}

/* ---- the reply ---- */

/* Another program's reply comes from its own table. */
static bool is_site_reply(const struct firmware *fw)
{
	return fw->is_site && !fw->pushing;
}

static unsigned int reply_writes(const struct firmware *fw)
{
	return is_site_reply(fw) ? site_writes(&fw->site)
				 : page_writes(&fw->page);
}

static const char *reply_write(struct firmware *fw, size_t *out_len)
{
	return is_site_reply(fw) ? site_write(&fw->site, fw->write, out_len)
				 : page_write(&fw->page, fw->write, out_len);
}

static bool is_connected_now(const struct firmware *fw)
{
	uint16_t sr = read_reg(fw, CHIP_SR);

	return sr == CHIP_ESTABLISHED || sr == CHIP_CLOSE_WAIT;
}

static void reply_done(struct firmware *fw)
{
	if (fw->pushing) {
		session_end(fw);
		return;
	}
	if (fw->era->later_sketch)
		fw_print_detail(fw, "Sent all of body\r\n");
	console_printf(
	    fw->console, fw->era->later_sketch ? "    ----\r\n" : "done\r\n");
	fw->counts.idle_s = 0;
	if (fw->is_site && fw->site.after != SITE_STOP &&
	    is_connected_now(fw)) {
		fw_site_keep(fw);
		session_end(fw);
		return;
	}
	fw_stop(fw);
}

/* One write is over, `len` bytes sent. */
static void written(struct firmware *fw, size_t len)
{
	unsigned int n = fw->write++;

	if (fw->is_site) {
		fw_next(fw, step_write,
		    fw->struck.slow_us + (fw->pushing ? 0 : fw->site.pause_us));
		return;
	}
	if (n >= DOCTYPE_FROM && n < DOCTYPE_END)
		fw->sent += (unsigned int)len;
	if (fw->era->later_sketch)
		fw_print_progress(fw, n + 1);
	else if (n + 1 == DOCTYPE_END && !fw->era->first_build && fw->verbose)
		console_printf(fw->console, "Sent %u\r\n", fw->sent);
	fw_next(fw, step_write, fw->struck.slow_us);
}

/* print() gives up only on a connection that is gone. */
static void not_written(struct firmware *fw)
{
	if (fw->write < FIRST_TESTED && fw->write % 2 == 1)
		console_printf(fw->console, "Could not print to client\r\n");
	written(fw, 0);
}

static void step_sent(struct firmware *fw)
{
	size_t len;

	if (read_reg(fw, CHIP_IR) & CHIP_IR_SEND_OK) {
		chip_write(fw->chip, fw->slot, CHIP_IR, CHIP_IR_SEND_OK);
		reply_write(fw, &len);
		written(fw, len);
	} else if (read_reg(fw, CHIP_SR) == CHIP_CLOSED) {
		not_written(fw);
	} else {
		fw_wait(fw, step_sent, SEND_POLL_US);
	}
}

/* Whether a fault ends the reply here. */
static bool is_cut_short(struct firmware *fw)
{
	const struct fw_faults *f = &fw->faults;

	if (fw->struck.is_reset && fw->write == f->rst_writes) {
		chip_abort(fw->chip, fw->slot);
		return true;
	}
	return fw->struck.is_short && fw->write == f->short_writes;
}

static void step_write(struct firmware *fw)
{
	const char *bytes;
	size_t len;

	if (fw->struck.hangs && fw->write + 1 == fw->faults.hang_write) {
		fw_hang(fw);
		return;
	}
	if (is_cut_short(fw)) {
		fw_stop(fw);
		return;
	}
	if (fw->write == reply_writes(fw)) {
		reply_done(fw);
		return;
	}
	if (!is_connected_now(fw)) {
		not_written(fw);
		return;
	}
	bytes = reply_write(fw, &len);
	if (read_reg(fw, CHIP_TX_FSR) < len) {
		fw_wait(fw, step_write, SEND_POLL_US);
		return;
	}
	chip_tx(fw->chip, fw->slot, bytes, len);
	command(fw, CHIP_CR_SEND);
	fw_next(fw, step_sent, fw->costs.write_us);
}

/* Which faults this request meets. */
static void strike(struct firmware *fw)
{
	struct fw_faults *f = &fw->faults;

	fw->struck = (struct fw_struck){.hangs = strikes_next(&f->hang),
	    .no_close = strikes_next(&f->no_close),
	    .no_fin = strikes_next(&f->no_fin),
	    .is_short = strikes_next(&f->short_reply),
	    .is_reset = strikes_next(&f->rst_reply),
	    .slow_us = strikes_next(&f->slow_reply) ? f->slow_reply_us : 0};
}

void fw_reply(struct firmware *fw)
{
	fw->write = 0;
	fw->sent = 0;
	fw->state = FW_SEND;
	if (is_site_reply(fw) && fw->site.before_us > 0)
		fw_next(fw, step_write, fw->site.before_us);
	else
		step_write(fw);
}

static void begin_reply(struct firmware *fw)
{
	const struct era *e = fw->era;
	struct page_facts facts = {.uptime_s = fw->second, .temp = fw->temp};

	fw->counts.requests++;
	fw->totals.requests++;
	facts.requests = fw->counts.requests;
	facts.timeouts = fw->counts.timeouts;
	facts.idle_max_s = fw->counts.idle_max_s;
	if (!e->first_build)
		fw_print_detail(fw, "Request is complete\r\n");
	console_printf(fw->console, "Sending Response...%s",
	    e->table_in_reply || e->later_sketch ? "\r\n" : "");
	if (e->table_in_reply)
		fw_print_own_table(fw);
	strike(fw);
	page_compose(&fw->page, e, &facts, fw->faults.reply_bytes);
	if (fw->is_site)
		fw_site_request(fw);
	else
		fw_reply(fw);
}

/* ---- the request ---- */

/* The temperature server knows an empty line, the second program a head. */
static bool is_complete(struct firmware *fw, char byte)
{
	bool was_blank = fw->blank_line;

	if (byte == '\n')
		fw->blank_line = true;
	else if (byte != '\r')
		fw->blank_line = false;
	if (fw->is_site)
		return site_take(&fw->site, byte);
	return byte == '\n' && was_blank;
}

static void read_byte(struct firmware *fw)
{
	char byte;

	chip_rx(fw->chip, fw->slot, &byte, 1);
	command(fw, CHIP_CR_RECV);
	if (fw->verbose)
		console_echo(fw->console, byte);
	if (byte == '\n' && fw->era->says_newline)
		fw_print_detail(fw, "newline\r\n");
	if (is_complete(fw, byte)) {
		begin_reply(fw);
		return;
	}
	fw_next(fw, step_read, fw->costs.byte_us);
}

static void wait_for_byte(struct firmware *fw)
{
	int64_t now = fw->clock->now_us;
	int64_t left = fw->pass_us + READ_LIMIT_US + 1 - now;

	if (now >= fw->waited_us + WAIT_MARK_US) {
		console_printf(fw->console, "!");
		fw->waited_us = now;
	}
	if (left <= 0) {
		console_printf(fw->console,
		    "Error! Break out of waiting for request to finish\r\n");
		fw->counts.timeouts++;
		fw_stop(fw);
		return;
	}
	fw_wait(fw, step_read, left < WAIT_MARK_US ? left : WAIT_MARK_US);
}

static bool is_connected(uint16_t sr, uint16_t waiting)
{
	return sr != CHIP_CLOSED && sr != CHIP_LISTEN && sr != CHIP_FIN_WAIT &&
	       (sr != CHIP_CLOSE_WAIT || waiting > 0);
}

static void step_read(struct firmware *fw)
{
	uint16_t waiting = read_reg(fw, CHIP_RX_RSR);

	if (!is_connected(read_reg(fw, CHIP_SR), waiting))
		fw_stop(fw);
	else if (waiting > 0)
		read_byte(fw);
	else
		wait_for_byte(fw);
}

void fw_session(struct firmware *fw)
{
	fw->state = FW_READ;
	fw->blank_line = true;
	site_begin(&fw->site);
	fw->struck = (struct fw_struck){0};
	fw->waited_us = INT64_MIN / 2;
	fw_print_client(fw);
	fw_next(fw, step_read, fw->costs.byte_us);
}
