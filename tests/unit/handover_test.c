/*
 * Proves to whom of the workers that have retired a slot goes.
 */
#include "keeper/inside.h"
#include "unit.h"

static const struct process *told; /* the last that got slots */

bool process_tell(
    struct keeper *k, struct process *m, const struct line_message *said)
{
	(void)k;
	if (said->kind == LINE_SLOTS)
		told = m;
	return true;
}

void process_serves(struct keeper *k, struct process *m)
{
	(void)k, (void)m;
}

int64_t keeper_now_ms(void)
{
	return 0;
}

/* The newest, and two retired. */
static struct conf conf = {.slots.slots = 2};
static struct keeper keeper = {
    .conf = &conf,
    .processes =
	{
	    {.phase = PROCESS_RETIRED, .wants = 5, .line = -1},
	    {.phase = PROCESS_SERVING, .slots = 2, .line = -1},
	    {.phase = PROCESS_RETIRED, .wants = 5, .line = -1},
	},
    .newest = &keeper.processes[1],
};
static struct process *const newest = &keeper.processes[1];
static struct process *const first = &keeper.processes[0];
static struct process *const other = &keeper.processes[2];

static void pass_on(struct process *from)
{
	static const struct line_message one = {.kind = LINE_SLOTS, .count = 1};

	handover_said(&keeper, from, &one);
}

/* A slot that comes back goes through the newest. */
TEST(those_who_wait_have_turns_about)
{
	struct process *had = first;

	pass_on(newest);
	ck_assert_ptr_eq(told, first);
	ck_assert_uint_eq(first->slots, 1);
	ck_assert_uint_eq(first->wants, 4);
	for (int i = 0; i < 4; i++) {
		pass_on(had);
		ck_assert_ptr_eq(told, newest);
		pass_on(newest);
		had = had == first ? other : first;
		ck_assert_ptr_eq(told, had);
	}
}

TEST(each_has_one_before_somebody_has_two)
{
	pass_on(newest);
	pass_on(newest);
	ck_assert_ptr_eq(told, other);
}

TEST(nobody_has_more_than_he_wants)
{
	first->wants = 0;
	pass_on(newest);
	ck_assert_ptr_eq(told, other);
	other->wants = 0;
	pass_on(newest);
	ck_assert_ptr_eq(told, newest);
}
