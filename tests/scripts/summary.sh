#!/bin/sh
# Proves that the log has a line for each hour in which something happened, and
# none for one in which nothing did. The clock is moved on by hours.
PROXY_MODE=
. tests/lib.sh
is_sanitized && skip "a sanitizer wants to be loaded first"
cat >"$TMPDIR/clock.c" <<-END
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <sys/stat.h>
	#include <time.h>

	/* As many hours on as the file has bytes. */
	int clock_gettime(clockid_t id, struct timespec *t)
	{
		static int (*real)(clockid_t, struct timespec *);
		struct stat s;
		int err;

		if (!real)
			real = dlsym(RTLD_NEXT, "clock_gettime");
		err = real(id, t);
		if (id == CLOCK_MONOTONIC && stat("$TMPDIR/hours", &s) == 0)
			t->tv_sec += 3600 * s.st_size;
		return err;
	}
END
"${CC:-cc}" -shared -fPIC -o "$TMPDIR/clock.so" "$TMPDIR/clock.c" -ldl \
	2>"$TMPDIR/cc.err" || skip "no C compiler"

# What comes by a signal wakes the keeper, which looks at its clock.
an_hour_later()
{
	printf x >>"$TMPDIR/hours"
	kill -USR1 "$proxy"
}

start_echod --fork
proxy_under="env LD_PRELOAD=$TMPDIR/clock.so"
start_proxy --sandbox off --gate data --slots 1 127.0.0.1:0 "$echod_addr"
for i in 1 2 3; do client snd=foo rcv=foo shw eof; done
logged 3 "cause=done"
an_hour_later
logged 1 "level=info .*the last hour: accepted 3, done 3; wait for a slot: .* ms\""
an_hour_later
logged 2 "accepted=3 "
client snd=foo rcv=foo shw eof
logged 4 "cause=done"
an_hour_later
logged 1 "the last hour: accepted 1, done 1; "
logged 2 "the last hour: "
stop_proxy
