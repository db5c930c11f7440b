/*
 * world.h: what everything in the simulation shares: virtual time, chance,
 * the list of what is to happen, and the verdict.
 *
 * Read on in tcp.h (how sockets behave), kernel.h (the calls the proxy makes),
 * plan.h (what a run consists of), client.h and device.h (who takes part),
 * model.h (what must hold). One run depends on its plan and nothing else: no
 * address, no hash order, no clock, no libc rand.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Time is in microseconds. */
#define MS     INT64_C(1000)
#define SECOND (1000 * MS)

/* Ends the run if `is`, see violation. */
#define FORBID(is, ...) ((is) ? violation(__VA_ARGS__) : (void)0)

/* ---- chance ---- */

struct chance {
	uint64_t state;
};

static inline uint64_t chance_next(struct chance *c)
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 to n - 1; n is at least 1. */
static inline uint32_t chance_below(struct chance *c, uint32_t n)
{
	return (uint32_t)((chance_next(c) >> 32) * n >> 32);
}

static inline uint32_t chance_between(struct chance *c, uint32_t a, uint32_t b)
{
	return a + chance_below(c, b - a + 1);
}

/* True `n` times in 1000. */
static inline bool chance_is(struct chance *c, uint32_t n)
{
	return chance_below(c, 1000) < n;
}

/* Small numbers more often than large ones, up to `most`. */
uint32_t chance_skewed(struct chance *c, uint32_t most);

/* ---- the world ---- */

struct world {
	int64_t now_us;
	uint64_t events;      /* that have happened, in all runs */
	uint64_t digest;      /* of this run */
	bool tell;	      /* print what happens */
	bool calm;	      /* faults have stopped */
	struct chance chance; /* the network's and the kernel's own */
};

extern struct world world;

void world_start(uint64_t seed);

/* `fn` at `at_us`, or now if that has passed; of equal times in the order of
 * asking. */
void world_at(int64_t at_us, void (*fn)(void *obj, uint64_t arg), void *obj,
    uint64_t arg);

static inline void world_after(int64_t span_us,
    void (*fn)(void *obj, uint64_t arg), void *obj, uint64_t arg)
{
	world_at(world.now_us + span_us, fn, obj, arg);
}

/* When the next is due; INT64_MAX: none. */
int64_t world_next_us(void);

/* Lets all happen that is due. */
void world_run_due(void);

/* Something happened: it counts, and belongs to the run's digest. */
static inline void world_note(uint32_t what, uint64_t value)
{
	world.events++;
	world.digest =
	    (world.digest ^ what ^ value << 8) * UINT64_C(0x100000001b3);
	world.digest ^= world.digest >> 29;
}

/* A line of the story. */
void world_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define TELL(...) (world.tell ? world_tell(__VA_ARGS__) : (void)0)

/* A check has failed: ends the run. `check` is its name, one word. */
_Noreturn void violation(const char *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Called by it before the process ends. */
extern void (*on_violation)(const char *check, const char *text);

#endif
