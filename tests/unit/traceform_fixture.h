/*
 * traceform_fixture.h: two known streams, and strace's lines against the
 * canonical form that is expected of them.
 */
#ifndef TESTS_UNIT_TRACEFORM_FIXTURE_H
#define TESTS_UNIT_TRACEFORM_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../contrib/trace/canon.h"
#include "unit.h"

static struct stream_set streams;

static void add_stream(const char *name, const char *bytes)
{
	stream_add(&streams, name, strdup(bytes), strlen(bytes));
}

static void setup(void)
{
	add_stream("req", "GET /one two three\n");
	add_stream("rep", "0123456789abcdefghijklmnopqrstuv");
}

static void teardown(void)
{
	stream_fini(&streams);
}

static void both_passes(struct canon *c, const char *const *lines)
{
	for (size_t i = 0; lines[i]; i++)
		canon_seed(c, lines[i], strlen(lines[i]));
	for (size_t i = 0; lines[i]; i++)
		ck_assert_msg(canon_line(c, lines[i], strlen(lines[i])) == 0,
		    "refused: %s", lines[i]);
}

static void expect_after(
    const char *ready, const char *const *lines, const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct canon *c = canon_new(out, &streams);

	ck_assert_ptr_nonnull(c);
	c->ready = ready;
	c->addresses[0].key = "127.0.0.1:8008";
	c->addresses[0].name = "back";
	c->address_count = 1;
	both_passes(c, lines);
	canon_flush(c);
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
	canon_free(c);
}

static void expect(const char *const *lines, const char *wanted)
{
	expect_after(NULL, lines, wanted);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

FIXTURE(setup, teardown)

#endif
