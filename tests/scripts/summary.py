#!/usr/bin/env python3
"""Proves that the log has a line for each hour in which something happened, and
none for one in which nothing did. The clock is moved on by hours."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import echoed
from sallyport import (ECHOD, Listening, folder, is_sanitized, own_network,
                       skip, write)
from stand import Proxy

CLOCK = """
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
	if (id == CLOCK_MONOTONIC && stat(HOURS, &s) == 0)
		t->tv_sec += 3600 * s.st_size;
	return err;
}
"""


def main():
    own_network()
    if is_sanitized():
        skip("a sanitizer wants to be loaded first")
    here = folder()
    hours, clock = here + "/hours", here + "/clock.so"
    if subprocess.run(
            [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", clock,
             '-DHOURS="%s"' % hours, write(here + "/clock.c", CLOCK), "-ldl"],
            stderr=subprocess.DEVNULL, check=False).returncode:
        skip("no C compiler")
    echod = Listening(ECHOD, "--fork")
    proxy = Proxy(echod.listen, "--sandbox", "off", "--gate", "data", "--slots",
                  "1", profile="raw", single=False,
                  under=["env", "LD_PRELOAD=" + clock])

    def an_hour_later():
        """What comes by a signal wakes the keeper, who looks at its clock."""
        with open(hours, "a", encoding="ascii") as file:
            file.write("x")
        proxy.signal(signal.SIGUSR1)

    for _ in range(3):
        echoed(proxy)
    proxy.logged(3, "cause=done")
    an_hour_later()
    proxy.logged(1, "level=info .*the last hour: accepted 3, done 3; "
                 'wait for a slot: .* ms"')
    an_hour_later()
    proxy.logged(2, "accepted=3 ")
    echoed(proxy)
    proxy.logged(4, "cause=done")
    an_hour_later()
    proxy.logged(1, "the last hour: accepted 1, done 1; ")
    proxy.logged(2, "the last hour: ")
    proxy.terminate()


if __name__ == "__main__":
    main()
