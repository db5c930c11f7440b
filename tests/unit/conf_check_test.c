/*
 * Proves that settings that do not go together are refused, and that -t looks
 * at what will be opened and warns of settings without effect.
 */
#include "conf_fixture.h"

#include <sys/stat.h>

#define UNREAD                                                                 \
	" is set, but requests are not read: expected gate http with it\n"
#define PIPELINE                                                               \
	"--pipeline is more than 1: expected gate modbus and "                 \
	"shared-connection on with it\n"

static const struct {
	const char *flags, *errors;
} conflicts[] = {
    {"--share=on|--upgrade=on|--reply=hold",
	"--share" UNREAD "--upgrade" UNREAD},
    {"--answer=/ 404|--strip-header=Cookie|--request-limit=1/1s|--gate=line",
	"--answer" UNREAD "--strip-header" UNREAD "--request-limit" UNREAD},
    {"--share=on|--gate=http",
	"--share gives out whole replies: expected reply hold with it\n"},
    {"--profile=w5500|--keep-reply=5s",
	"--keep-reply is set, but share is off: expected share on with it\n"},
    {"--profile=w5500|--body-limit=0",
	"--body-max (of profile w5500) is body-limit, which is 0: "
	"expected a size, or 0 for no limit\n"},
    {"--local-address=::1", "--local-address has a family of which the device "
			    "has no address: expected an IPv4 address\n"},
    {"--profile=modbus|--gate=data",
	"--shared-connection (of profile modbus) is on, but requests cannot be "
	"told apart: expected gate modbus or line with it\n"},
    {"--profile=modbus|--send-proxy=v1",
	"--send-proxy is set, but shared-connection is on and has no client of "
	"its own: expected one of them off\n"},
    {"--profile=modbus|--probe=GET /",
	"--probe is set, but shared-connection is on: expected off, the next "
	"request is the probe\n"},
    {"--profile=w5500|--profile=none|--shared-connection=on",
	"--profile is set twice: expected once\n"
	"--shared-connection is on, but requests cannot be told apart: "
	"expected gate modbus or line with it\n"},
    {"--profile=w5500|--gate=line|--shared-connection=on|--share=off",
	"--probe (of profile w5500) is set, but shared-connection is on: "
	"expected off, the next request is the probe\n"},
    {"--gate=modbus|--pipeline=2", PIPELINE},
    {"--gate=line|--shared-connection=on|--pipeline=2", PIPELINE},
    /* A chunk is 4k with its header; each slot's reply is reserved. */
    {"--memory=91k|--reply-buffer=64k",
	"--memory is too small for 1 reply of reply-buffer and a request of "
	"head-limit and body-limit: expected 92k or more\n"},
    {"--slots=3|--memory=227k|--reply-buffer=64k",
	"--memory is too small for 3 replies of reply-buffer and a request of "
	"head-limit and body-limit: expected 228k or more\n"},
    {"--profile=w5500|--slots=64|--reply-buffer=4k|--body-limit=1m|--memory="
     "1044k",
	"--memory is too small for 64 replies of reply-buffer and a request of "
	"head-limit and body-limit: expected 1548k or more\n"},
};

TEST_ROWS(settings_must_go_together, conflicts)
{
	bad(with_ends(row->flags), EX_USAGE, row->errors);
}

TEST(a_conflict_in_a_file_has_its_line)
{
	file_is("listen 8001\ndevice 8008\nupgrade on\n");
	bad("-c|@", EX_CONFIG, "@:3: upgrade" UNREAD);
}

static const char *const together[] = {
    "8001|8008|--share=on|--upgrade=on|--gate=http|--reply=hold|--keep-reply="
    "5s",
    "8001|[::1]:8008|--local-address=::1",
    "8001|8008|--profile=modbus|--pipeline=4",
    "8001|8008|--gate=line|--shared-connection=on",
    "8001|8008|--memory=92k|--reply-buffer=64k",
    "8001|8008|--slots=3|--memory=228k|--reply-buffer=64k",
    /* Without -t the opening itself will tell. */
    "/nowhere/socket|8008|--log=/nowhere/log|--events=/nowhere/"
    "fifo|--local-address=192.0.2.1",
    /* Somebody else is the device. */
    "8001|8002",
    "127.0.0.1:8001|127.0.0.2:8001",
    "8001|10.0.0.1:8001",
    "10.0.0.1:8001|127.0.0.1:8001",
    "/run/proxy|8001",
};

TEST_ROWS(what_goes_together_is_taken, together)
{
	good(*row);
}

static const char *const circles[] = {"8001|8001",
    "0.0.0.0:8001|127.5.5.5:8001", "8001|[::1]:8001",
    "127.0.0.1:8001|127.0.0.1:8001", "127.0.0.1:8001|0.0.0.0:8001",
    "10.0.0.1:8001|10.0.0.1:8001", "8002|8001|--listen|127.0.0.1:8001"};

TEST_ROWS(the_proxy_is_not_its_own_device, circles)
{
	bad_with(*row, EX_USAGE, "is the proxy itself");
}

TEST(check_looks_at_what_will_be_opened)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    "-t|%s|8008|--log=%s/|--events=%s|--local-address=192.0.2.1", path,
	    path, path);
	bad_with(line, EX_OSERR,
	    "\" exists and is no socket: expected a socket or a free path\n");
	bad_with(line, EX_OSERR, "/\" cannot be written (Not a directory): ");
	bad_with(line, EX_OSERR, "\" is no FIFO: expected ");
	bad("-t|8001|8008|--local-address=192.0.2.1", EX_TEMPFAIL,
	    "--local-address 192.0.2.1:0 cannot be used (Cannot assign "
	    "requested address): expected an address of this machine\n");
	snprintf(line, sizeof(line), "-t|8001|8008|--control=%s|--admin=%s",
	    path, path);
	bad_with(line, EX_OSERR,
	    "\" exists and is no socket: expected a socket or a free path\n");
	bad("-t|192.0.2.1:8001|8008|--admin=203.0.113.1:80", EX_TEMPFAIL,
	    "LISTEN 192.0.2.1:8001 cannot be used (Cannot assign requested "
	    "address): expected an address of this machine\n"
	    "--admin 203.0.113.1:80 cannot be used (Cannot assign requested "
	    "address): expected an address of this machine\n");
	bad("-t|8001|8008|--control=/nowhere/x.ctl|--admin=/run/nowhere/page",
	    EX_OK,
	    "warning: --control \"/nowhere/x.ctl\" has no directory: expected "
	    "one, made before the start\n");
	bad("-t|8001|8008|--metrics-file=/", EX_OK,
	    "warning: --metrics-file \"/\" cannot be written (Is a "
	    "directory): expected a path in a directory that can\n");
	bad("-t|8001|8008|--metrics-file=/nowhere/m|--chroot=/nowhere",
	    EX_OSERR,
	    "warning: --metrics-file \"/nowhere/m\" cannot be written (No such "
	    "file or directory): expected a path in a directory that can\n"
	    "--chroot \"/nowhere\" cannot be entered (No such file or "
	    "directory): expected a directory\n");
	bad("-t|/nowhere/socket|8008|--events=/nowhere/fifo", EX_OSERR,
	    "LISTEN \"/nowhere/socket\" cannot be written (No such file or "
	    "directory): expected a path in a directory that can\n"
	    "--events \"/nowhere/fifo\" does not exist: expected a FIFO made "
	    "with mkfifo(1)\n");
}

static const struct {
	const char *flags, *warning;
} warnings[] = {
    {"--slots=1|--queue-timeout=5s|--preempt-idle=6s",
	"preempt-idle is longer than queue-timeout: who waits may leave before "
	"a slot is given up"},
    {"--queue=5", "queue has no effect: slots is 0, so nobody waits"},
    {"--preempt-idle=5s",
	"preempt-idle has no effect: slots is 0, so nobody waits"},
    {"--slots=2|--stream-slots=3",
	"stream-slots is more than slots, which is 2"},
    {"--gate=line|--shared-connection=on|--slots=2",
	"slots is more than 1: shared-connection keeps one"},
    {"--slots=9|--max-clients=8", "slots is more than max-clients, which is 8"},
    {"--probe=GET /", "probe is never sent: down-after is 0, so the device "
		      "never counts as down"},
    {"--down-after=1",
	"down-after counts no silences: first-byte-timeout is 0"},
    {"--idle-timeout=0|--keepalive=0",
	"idle-timeout is 0, and so are max-age and keepalive: a connection "
	"whose device has gone may stay for ever"},
    {"--reply-timeout=9s|--reply-max=9s",
	"reply-timeout has no effect: it is not shorter than reply-max"},
    {"--first-byte-timeout=5s|--user-timeout=5s",
	"user-timeout is not longer than first-byte-timeout and "
	"request-timeout, which say who was late"},
    {"--resolve-every=5m",
	"resolve-every has no effect: device is an address, not a name"},
    {"--allow-method=GET", "allow-method has no effect without gate http"},
    {"--gate-timeout=5s",
	"gate-timeout has no effect without gate or accept-proxy"},
    {"--gate=data|--head-limit=1k",
	"head-limit has no effect without gate http or line"},
    {"--body-limit=1k", "body-limit has no effect without gate http"},
    {"--body-max=1m", "body-max has no effect without gate http"},
    {"--slots=1|--queue-fin=safe",
	"queue-fin safe is the same as keep without gate http"},
    {"--single|--admin=0", "admin has no effect: --single runs no keeper"},
    {"--listen-mode=0660", "listen-mode has no effect: no listen is a path"},
};

TEST_ROWS(check_warns_of_settings_without_effect, warnings)
{
	char line[128], expected[256];

	snprintf(line, sizeof(line), "-t|8001|8008|%s", row->flags);
	snprintf(expected, sizeof(expected), "warning: --%s\n", row->warning);
	bad(line, EX_OK, expected);
}

static const char *const quiet[] = {
    "-t|8001|8008|--gate-timeout=5s|--accept-proxy=::1",
    "-t|8001|8008",
    "-t|8001|8008|--connect-gap=1s|--queue=5",
    "-t|8001|8008|--profile=w5500|--resolve-every=5m",
    "-t|--profile=w5500|8001|8008",
};

TEST(check_warns_of_events_that_never_come)
{
	char line[300];

	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	snprintf(line, sizeof(line), "-t|8001|8008|--events=%s", path);
	bad(line, EX_OK,
	    "warning: --events gets no down: down-after is 0, so the device "
	    "never counts as down\n");
}

TEST_ROWS(check_warns_of_nothing_else, quiet)
{
	bad(*row, EX_OK, "");
}

FIXTURE(make_files, remove_files)
