/*
 * Proves that every error in the settings is reported with its place and what
 * is expected, all in one run.
 */
#include "conf_fixture.h"

/* What a size may be at most. */
#if __SIZEOF_SIZE_T__ > 4
#define MOST "64g"
#else
#define MOST "4095m"
#endif

#define NUMBER "expected a number from 0 to 1024"
#define UNITS  "with its unit: ms, s, m, h or d"
#define TIME   "expected a time from 1ms to 1d, " UNITS
#define ONE_LINE                                                               \
	"is not a value: expected one line without \" #\" or spaces at its "   \
	"ends"
#define PROBE	"is not a request: expected METHOD /TARGET|off"
#define BACKOFF "expected FIRST..LONGEST, each a time from 1ms to 1d, " UNITS
#define LIMIT                                                                  \
	"expected 0, or NUMBER/TIME with a number from 1 to 1000000 and a "    \
	"time from 1s to 1d, like 30/1m"

#define MODE "expected umask, or permissions in octal up to 0777, like 0660"

#define ZEROS	  "00000000000000000000000000000000000"
#define LONG_NAME "aaaaaaaaaaaaaaaaaaaaaaaaa"

/* What is said of a value, behind the option and the value. */
static const struct {
	const char *flag, *error;
} values[] = {
    {"--slots=many", "is not a number: " NUMBER},
    {"--slots=1025", "is too large: " NUMBER},
    {"--slots=", ONE_LINE},
    {"--gate-timeout=10", "has no unit: " TIME},
    {"--gate-timeout=0", "is too small: " TIME},
    {"--reply-buffer=1t", "is not a size: expected a size from 4k to 1g, in "
			  "bytes or with k, m or g"},
    {"--memory=65g", "is too large: expected a size from 64k to " MOST
		     ", in bytes or with k, m or g"},
    {"--gate=htttp", "is not known: expected none, data, line, http or modbus"},
    {"--quickack=yes", "is not known: expected off or on"},
    {"--profile=w5100",
	"is not known: expected raw, w5500, esp, printer, serial or modbus"},
    {"--probe=GET", PROBE},
    {"--probe=GET / #", ONE_LINE},
    {"--events=/x #y", ONE_LINE},
    {"--probe-backoff=1s", "is not a range: " BACKOFF},
    {"--probe-backoff=2s..1s", "ends before it begins: " BACKOFF},
    {"--probe-backoff=1s..2sec", "has an unknown unit: expected 2s"},
    {"--down-after=1,2", "has no unit: expected SILENCES (up to 1000), TIME of "
			 "refusals (up to 1d), or SILENCES,TIME"},
    {"--log=sylog", "is not known, and no path: expected stderr, syslog, or a "
		    "path with a slash, like ./sylog"},
    {"--stream-slots=0",
	"is too small: expected auto, or a number from 1 to 1024"},
    {"--body-max=x",
	"is not a size: expected body-limit, or a size from 0 to " MOST
	", in bytes or with k, m or g"},
    {"--allow-method=get", "is not a method: expected methods in capital "
			   "letters, like GET, or any"},
    {"--allow-method=ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"is too long: expected a method of at most 25 letters"},
    {"--allow-method=GET CONNECT",
	"cannot be allowed: expected a method other than CONNECT"},
    {"--allow-method=A B C D E F G H I J K L M N O P Q",
	"is one too many: expected at most 16 of them"},
    {"--strip-header=Cookie:", "is not a field name: expected names without "
			       "colon, like Cookie, or off"},
    {"--strip-header=host",
	"cannot be stripped: expected a field other than Host, Connection, "
	"Content-Length and Transfer-Encoding"},
    {"--answer=favicon.ico 404", "is not a path and a status: expected /PATH "
				 "STATUS, like /favicon.ico 404"},
    {"--answer=/ 302", "has no valid status: expected /PATH STATUS with a "
		       "status of 200, 204 or 400 to 599"},
    {"--request-limit=30", "is not a limit: " LIMIT},
    {"--request-limit=0/1m", "has a bad number: " LIMIT},
    {"--request-limit=5/1x", "is not a time: " LIMIT},
    {"--allow=nowhere/24",
	"is not a network: expected ADDRESS or ADDRESS/BITS"},
    {"--control=lab.ctl",
	"is not a path: expected a path with a slash, or off"},
    {"--control=8001", "is not a path: expected a path with a slash, or off"},
    {"--listen-mode=000", "is not a mode: " MODE},
    {"--listen-mode=0888", "is not a mode: " MODE},
    {"--settle=0.0001s", "is not a time: expected a time from 0 to 1h, " UNITS},
    {"--settle=0." ZEROS ZEROS "s",
	"is not a time: expected a time from 0 to 1h, " UNITS},
    {"--listen-group=no such group",
	"is no group here: expected its name or number"},
    {"--name=a b", "is not a name: expected a name of at most 100 printable "
		   "characters without blanks, quotes, = and \\"},
};

TEST_ROWS(every_value_is_judged, values)
{
	const char *value = strchr(row->flag, '=');
	char expected[512];

	snprintf(expected, sizeof(expected), "%.*s \"%s\" %s\n",
	    (int)(value - row->flag), row->flag, value + 1, row->error);
	bad(with_ends(row->flag), EX_USAGE, expected);
}

static const struct {
	const char *flags, *error;
} flags[] = {
    {"--slots=1|--slots=2", "--slots is set twice: expected once"},
    {"--slot=1", "unknown option \"--slot\" (did you mean --slots?)"},
    {"--quue-timeuot|5s",
	"unknown option \"--quue-timeuot\" (did you mean --queue-timeout?)"},
    {"--frobnicate",
	"unknown option \"--frobnicate\": expected one that --help lists"},
    /* Its value is not taken for LISTEN. */
    {"--frobnicate|3s|8001|8008",
	"unknown option \"--frobnicate\": expected one that --help lists"},
    {"--maxconn|3",
	"unknown option \"--maxconn\" (did you mean --max-clients or slots?)"},
    {"--proxy_pass=http://x/",
	"unknown option \"--proxy_pass\" (did you mean --device?)"},
    {"--retries|3",
	"unknown option \"--retries\" (did you mean --connect-retry?)"},
    {"--daemon", "unknown option \"--daemon\": expected one that --help lists"},
    {"-f|/nowhere.conf", "unknown option \"-f\" (did you mean --config?)"},
    {"-x", "unknown option \"-x\": expected one that --help lists"},
    {"--absorb|16k",
	"option \"--absorb\" has a new name: expected --reply-buffer"},
    {"--feed-timeout=1s",
	"option \"--feed-timeout\" has a new name: expected --send-timeout"},
    {"--source|::1",
	"option \"--source\" has a new name: expected --local-address"},
    {"--slots", "--slots has no value: expected NUMBER"},
    {"--check=yes", "--check takes no value: expected it alone"},
    {"8009", "unexpected argument \"8009\": expected only LISTEN and DEVICE"},
    {"--gate=http|--answer=/ 404|--answer=/ 403",
	"--answer \"/ 403\" is answered twice: expected each path once"},
    /* What is long is cut. */
    {"--control=/" LONG_NAME LONG_NAME LONG_NAME LONG_NAME LONG_NAME,
	"--control \"/" LONG_NAME LONG_NAME
	"aaaaaaaaaaaaaaaaaaaaaaa...\" is not an address: expected a path of at "
	"most 107 bytes"},
    {"--slots=1" ZEROS ZEROS ZEROS,
	"--slots \"1" ZEROS ZEROS "000...\" is too large: " NUMBER},
    /* Wild text is shown tamely. */
    {"--log=\033[2J/", "--log \"?[2J/\" " ONE_LINE},
};

TEST_ROWS(every_flag_is_judged, flags)
{
	char expected[512];

	snprintf(expected, sizeof(expected), "%s\n", row->error);
	bad(with_ends(row->flags), EX_USAGE, expected);
}

TEST(a_list_has_an_end)
{
	char text[1024] = "profile w5500\nlisten 1\ndevice 2\n";

	for (int i = 0; i <= REQUEST_LIST_MAX; i++)
		sprintf(text + strlen(text), "answer /%d 404\n", i);
	file_is(text);
	bad("-c|@", EX_CONFIG,
	    "@:20: answer \"/16 404\" is one too many: expected at most 16 of "
	    "them\n");
	strcpy(text, "device 2\n");
	for (int i = 0; i <= LISTEN_MAX; i++)
		sprintf(text + strlen(text), "listen 127.0.0.1:0\n");
	file_is(text);
	bad("-c|@", EX_CONFIG,
	    "@:10: listen \"127.0.0.1:0\" is one too many: expected at most 8 "
	    "of them\n");
}

TEST(all_errors_are_reported_in_one_run)
{
	file_is("listen 8001\n"
		"device 8008\n"
		"slot 1\n"
		"\n"
		"slots\n"
		"queue -1 # none\n"
		"queue 5\n"
		"help\n"
		"idle-timeout 5\n"
		"idle-timeout 6s\n"
		"absorb 16k\n");
	bad("-c|@|--gate=tcp|--no-such-thing", EX_CONFIG,
	    "unknown option \"--no-such-thing\": expected one that --help "
	    "lists\n"
	    "@:3: unknown setting \"slot\" (did you mean slots?)\n"
	    "@:5: slots has no value: expected NUMBER\n"
	    "@:8: help is only allowed on the command line: expected a "
	    "setting\n"
	    "@:11: setting \"absorb\" has a new name: expected reply-buffer\n"
	    "@:6: queue \"-1\" is not a number: expected a number from 0 to "
	    "1000000\n"
	    "@:7: queue is already set on line 6: expected once\n"
	    "@:9: idle-timeout \"5\" has no unit: expected a time from 0 to "
	    "30d, with its unit: ms, s, m, h or d\n"
	    "@:10: idle-timeout is already set on line 9: expected once\n"
	    "--gate \"tcp\" is not known: expected none, data, line, http or "
	    "modbus\n");
}

TEST(what_is_missing_is_reported)
{
	bad("", EX_USAGE,
	    "missing LISTEN and DEVICE arguments: expected them, see sallyport "
	    "--help\n");
	bad("8001", EX_USAGE,
	    "missing DEVICE argument: expected it after LISTEN \"8001\"\n");
	bad("--listen=8001|8008", EX_USAGE,
	    "unexpected argument \"8008\": expected --device before it, as "
	    "--listen is set\n");
	bad("--listen=8001", EX_USAGE,
	    "--device is missing: expected the device's address\n");
	file_is("listen 8001\n");
	bad("-c|@", EX_CONFIG,
	    "@: device is missing: expected the device's address\n");
	file_is("");
	bad_with("-c|@", EX_CONFIG, "listen");
	bad("--config=/nowhere/file", EX_CONFIG,
	    "/nowhere/file: cannot be read (No such file or directory): "
	    "expected a file of settings\n");
	bad("-c|/|-c|/|8001|8008", EX_CONFIG,
	    "--config set twice: expected one FILE\n"
	    "/: cannot be read (Is a directory): expected a file of "
	    "settings\n");
}

TEST(nul_bytes_are_reported)
{
	static const char text[] = "slots 1\0\nlisten 8001\n";

	write_file(path, text, sizeof(text) - 1);
	bad("-c|@|--device=8008", EX_CONFIG,
	    "@:1: the line has a NUL byte: expected text\n");
}

TEST(device_names_are_looked_up)
{
	good("8001|localhost:8008");
	ck_assert_uint_ge(conf.link.device_count, 1);
	ck_assert_uint_eq(addr_port(&conf.link.device[0]), 8008);
	ck_assert_str_eq(conf.link.device_text, "localhost:8008");
	bad_with("--single|8001|no-such-name.invalid:8008", EX_TEMPFAIL,
	    "DEVICE \"no-such-name.invalid\" does not resolve (");
}

static const char *const no_devices[] = {"10.0.0.300:80", "1.2:80",
    "/run/device", "localhost", "localhost:", "localhost:0", "0",
    "local host:80", "[localhost]:80", "::1:80", ":", "-x:80"};

TEST_ROWS(what_is_no_device_is_reported, no_devices)
{
	char line[64];

	snprintf(line, sizeof(line), "--listen=1|--device=%s", *row);
	bad_with(line, EX_USAGE, "--device ");
}

TEST(busy_reply_is_read_at_load)
{
	static char big[HTTP_ERROR_BUSY_MAX + 1];

	write_file(path, "a\0b\n", 4);
	good(with_ends("--busy-reply|@"));
	ck_assert_uint_eq(conf.http_error.busy_bytes, 4);
	ck_assert_mem_eq(conf.http_error.busy, "a\0b\n", 4);
	bad_with(with_ends("--busy-reply|@|--gate=http"), EX_USAGE,
	    "makes its own answers");
	write_file(path, big, HTTP_ERROR_BUSY_MAX);
	good(with_ends("--busy-reply|@"));
	write_file(path, big, sizeof(big));
	bad_with(with_ends("--busy-reply|@"), EX_USAGE,
	    "cannot be read (File too large)");
	file_is("");
	bad_with(with_ends("--busy-reply|@"), EX_USAGE, "is empty");
}

FIXTURE(make_files, remove_files)
