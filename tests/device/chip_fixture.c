/* chip_fixture.c: set-up and tear-down, and waits bounded by looks. */
#include "chip_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 8080 };

struct chip chip;
struct clock clk;
struct poller poller;
struct addr where;
unsigned int interrupts;

static void on_interrupt(void *arg)
{
	(void)arg;
	interrupts++;
}

static void set_up(void)
{
	struct addr any;
	const char *why;

	memset(&chip, 0, sizeof(chip));
	interrupts = 0;
	clock_init(&clk, 0);
	ck_assert_int_eq(poller_init(&poller), 0);
	ck_assert_int_eq(addr_parse("0", "127.0.0.1", &any, &why), 0);
	ck_assert_int_eq(chip_init(&chip, SLOTS, &any, &clk, &poller), 0);
	ck_assert_int_eq(chip_address(&chip, &where), 0);
	chip.hooks.on_interrupt = on_interrupt;
	chip_reset(&chip, true);
}

static void tear_down(void)
{
	chip_fini(&chip);
	poller_fini(&poller);
}

bool comes_to(unsigned int n, uint16_t sr)
{
	for (int i = 0; i < LOOKS && chip_read(&chip, n, CHIP_SR) != sr; i++)
		poller_look(&poller, LOOK_NS);
	return chip_read(&chip, n, CHIP_SR) == sr;
}

bool receives(unsigned int n, uint16_t bytes)
{
	for (int i = 0; i < LOOKS; i++) {
		if (chip_read(&chip, n, CHIP_RX_RSR) == bytes)
			return true;
		poller_look(&poller, LOOK_NS);
	}
	return false;
}

bool orphans_come_to(unsigned int count)
{
	for (int i = 0; i < LOOKS && chip.counts.orphans != count; i++)
		poller_look(&poller, LOOK_NS);
	return chip.counts.orphans == count;
}

void pass_ms(int64_t ms)
{
	clk.now_us += ms * US_PER_MS;
	chip_tick(&chip);
}

void command(unsigned int n, enum chip_cr cr)
{
	chip_write(&chip, n, CHIP_CR, cr);
}

void listen_on(unsigned int n)
{
	chip_write(&chip, n, CHIP_MR, CHIP_MR_TCP);
	chip_write(&chip, n, CHIP_PORT, PORT);
	command(n, CHIP_CR_OPEN);
	ck_assert_uint_eq(chip_read(&chip, n, CHIP_SR), CHIP_INIT);
	command(n, CHIP_CR_LISTEN);
	ck_assert_uint_eq(chip_read(&chip, n, CHIP_SR), CHIP_LISTEN);
}

int try_connect(int *out_fd)
{
	*out_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(*out_fd, &where.u.sa, where.len) == 0)
		return 0;
	close(*out_fd);
	return -errno;
}

int client_in(unsigned int n)
{
	int fd;

	listen_on(n);
	ck_assert_int_eq(try_connect(&fd), 0);
	ck_assert(comes_to(n, CHIP_ESTABLISHED));
	return fd;
}

void reset_client(int fd)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

ssize_t meets(int fd)
{
	char bytes[4096];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	return n < 0 ? -errno : n;
}

bool hears_nothing(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

FIXTURE(set_up, tear_down)
