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

TEST(every_value_is_judged)
{
	static const struct {
		const char *flag, *error;
	} t[] = {
	    {"--slots=many",
		"--slots \"many\" is not a number: expected a number from"
		" 0 to 1024\n"},
	    {"--slots=1025",
		"--slots \"1025\" is too large: expected a number from 0"
		" to 1024\n"},
	    {"--slots=",
		"--slots \"\" is not a value: expected one line without \""
		" #\" or spaces at its ends\n"},
	    {"--gate-timeout=10",
		"--gate-timeout \"10\" has no unit: expected a time from"
		" 1ms to 1d, with its unit: ms, s, m, h or d\n"},
	    {"--gate-timeout=0",
		"--gate-timeout \"0\" is too small: expected a time from"
		" 1ms to 1d, with its unit: ms, s, m, h or d\n"},
	    {"--reply-buffer=1t",
		"--reply-buffer \"1t\" is not a size: expected a size from"
		" 4k to 1g, in bytes or with k, m or g\n"},
	    {"--memory=65g",
		"--memory \"65g\" is too large: expected a size from 64k"
		" to " MOST ", in bytes or with k, m or g\n"},
	    {"--gate=htttp",
		"--gate \"htttp\" is not known: expected none, data,"
		" line, http or modbus\n"},
	    {"--quickack=yes",
		"--quickack \"yes\" is not known: expected off or on\n"},
	    {"--profile=w5100",
		"--profile \"w5100\" is not known: expected raw, w5500,"
		" esp, printer, serial or modbus\n"},
	    {"--probe=GET", "--probe \"GET\" is not a request: expected METHOD"
			    " /TARGET|off\n"},
	    {"--probe=GET / HTTP/1.0",
		"--probe \"GET / HTTP/1.0\" is not a request: expected"
		" METHOD /TARGET|off\n"},
	    {"--probe-backoff=1s",
		"--probe-backoff \"1s\" is not a range: expected"
		" FIRST..LONGEST, each a time from 1ms to 1d, with its"
		" unit: ms, s, m, h or d\n"},
	    {"--probe-backoff=2s..1s",
		"--probe-backoff \"2s..1s\" ends before it begins:"
		" expected FIRST..LONGEST, each a time from 1ms to 1d,"
		" with its unit: ms, s, m, h or d\n"},
	    {"--probe-backoff=1s..2sec",
		"--probe-backoff \"1s..2sec\" has an unknown unit:"
		" expected 2s\n"},
	    {"--down-after=1,2",
		"--down-after \"1,2\" has no unit: expected SILENCES (up"
		" to 1000), TIME of refusals (up to 1d), or SILENCES,TIME\n"},
	    {"--log=sylog",
		"--log \"sylog\" is not known, and no path: expected"
		" stderr, syslog, or a path with a slash, like ./sylog\n"},
	    {"--probe=GET / #",
		"--probe \"GET / #\" is not a value: expected one line"
		" without \" #\" or spaces at its ends\n"},
	    {"--events=/x #y",
		"--events \"/x #y\" is not a value: expected one line"
		" without \" #\" or spaces at its ends\n"},
	    {"--slots=1|--slots=2", "--slots is set twice: expected once\n"},
	    {"--slot=1", "unknown option \"--slot\" (did you mean --slots?)\n"},
	    {"--quue-timeuot|5s",
		"unknown option \"--quue-timeuot\" (did you mean"
		" --queue-timeout?)\n"},
	    {"--frobnicate",
		"unknown option \"--frobnicate\": expected one that --help"
		" lists\n"},
	    {"-x", "unknown option \"-x\": expected one that --help lists\n"},
	    {"--absorb|16k", "option \"--absorb\" has a new name: expected"
			     " --reply-buffer\n"},
	    {"--feed-timeout=1s",
		"option \"--feed-timeout\" has a new name: expected"
		" --send-timeout\n"},
	    {"--source|::1", "option \"--source\" has a new name: expected"
			     " --local-address\n"},
	    {"--slots", "--slots has no value: expected NUMBER\n"},
	    {"--check=yes", "--check takes no value: expected it alone\n"},
	    {"8009", "unexpected argument \"8009\": expected only LISTEN and"
		     " DEVICE\n"},
	    {"--stream-slots=0",
		"--stream-slots \"0\" is too small: expected auto, or a"
		" number from 1 to 1024\n"},
	    {"--body-max=x",
		"--body-max \"x\" is not a size: expected body-limit, or a"
		" size from 0 to " MOST ", in bytes or with k, m or g\n"},
	    {"--allow-method=get",
		"--allow-method \"get\" is not a method: expected methods"
		" in capital letters, like GET, or any\n"},
	    {"--allow-method=ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"--allow-method \"ABCDEFGHIJKLMNOPQRSTUVWXYZ\" is too long: "
		"expected a method of at most 25 letters\n"},
	    {"--allow-method=GET CONNECT",
		"--allow-method \"GET CONNECT\" cannot be allowed:"
		" expected a method other than CONNECT\n"},
	    {"--allow-method=A B C D E F G H I J K L M N O P Q",
		"--allow-method \"A B C D E F G H I J K L M N O P Q\" is"
		" one too many: expected at most 16 of them\n"},
	    {"--strip-header=Cookie:",
		"--strip-header \"Cookie:\" is not a field name: expected"
		" names without colon, like Cookie, or off\n"},
	    {"--strip-header=host",
		"--strip-header \"host\" cannot be stripped: expected a"
		" field other than Host, Connection, Content-Length and"
		" Transfer-Encoding\n"},
	    {"--answer=favicon.ico 404",
		"--answer \"favicon.ico 404\" is not a path and a status:"
		" expected /PATH STATUS, like /favicon.ico 404\n"},
	    {"--answer=/ 302",
		"--answer \"/ 302\" has no valid status: expected /PATH"
		" STATUS with a status of 200, 204 or 400 to 599\n"},
	    {"--gate=http|--answer=/ 404|--answer=/ 403",
		"--answer \"/ 403\" is answered twice: expected each path"
		" once\n"},
	    {"--request-limit=30",
		"--request-limit \"30\" is not a limit: expected 0, or"
		" NUMBER/TIME with a number from 1 to 1000000 and a time"
		" from 1s to 1d, like 30/1m\n"},
	    {"--request-limit=0/1m",
		"--request-limit \"0/1m\" has a bad number: expected 0, or"
		" NUMBER/TIME with a number from 1 to 1000000 and a time"
		" from 1s to 1d, like 30/1m\n"},
	    {"--request-limit=5/1x",
		"--request-limit \"5/1x\" is not a time: expected 0, or"
		" NUMBER/TIME with a number from 1 to 1000000 and a time"
		" from 1s to 1d, like 30/1m\n"},
	    {"--allow=nowhere/24",
		"--allow \"nowhere/24\" is not a network: expected ADDRESS"
		" or ADDRESS/BITS\n"},
	    {"--control=lab.ctl",
		"--control \"lab.ctl\" is not an address: expected PORT,"
		" ADDRESS:PORT, [IPV6]:PORT or a path with a slash\n"},
	    {"--control=8001",
		"--control \"8001\" is not a path: expected a path with a"
		" slash, or off\n"},
	    {"--control=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"--control "
		"\"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaa...\" is not an"
		" address: expected a path of at most 107 bytes\n"},
	    {"--listen-mode=000",
		"--listen-mode \"000\" is not a mode: expected umask, or "
		"permissions in octal up to 0777, like 0660\n"},
	    {"--settle=0.0001s",
		"--settle \"0.0001s\" is not a time: expected a time from 0 to "
		"1h, with its unit: ms, s, m, h or d\n"},
	    {"--settle=0.000000000000000000000000000000000000000000000000"
	     "0000000000000000000000s",
		"--settle \"0.000000000000000000000000000000000000000000000000"
		"0000000000000000000000s\" is not a time: expected a time "
		"from 0 to 1h, with its unit: ms, s, m, h or d\n"},
	    {"--listen-mode=0888",
		"--listen-mode \"0888\" is not a mode: expected umask, or"
		" permissions in octal up to 0777, like 0660\n"},
	    {"--listen-group=no such group",
		"--listen-group \"no such group\" is no group here:"
		" expected its name or number\n"},
	    {"--name=a b",
		"--name \"a b\" is not a name: expected a name of at most"
		" 100 printable characters without blanks, quotes, = and"
		" \\\n"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char line[256];

		snprintf(line, sizeof(line), "8001|8008|%s", t[i].flag);
		bad(line, EX_USAGE, t[i].error);
	}
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
	    "@:11: setting \"absorb\" has a new name: expected "
	    "reply-buffer\n"
	    "@:6: queue \"-1\" is not a number: expected a number from 0 to "
	    "1000000\n"
	    "@:7: queue is already set on line 6: expected once\n"
	    "@:9: idle-timeout \"5\" has no unit: expected a time from 0 to "
	    "30d, with its unit: ms, s, m, h or d\n"
	    "@:10: idle-timeout is already set on line 9: expected once\n"
	    "--gate \"tcp\" is not known: expected none, data, line, "
	    "http or modbus\n");
}

TEST(what_is_missing_is_reported)
{
	bad("", EX_USAGE,
	    "missing LISTEN and DEVICE arguments: expected them, see sallyport "
	    "--help\n");
	bad("8001", EX_USAGE,
	    "missing DEVICE argument: expected it after LISTEN \"8001\"\n");
	bad("--listen=8001", EX_USAGE,
	    "--device is missing: expected the device's address\n");
	file_is("listen 8001\n");
	bad("-c|@", EX_CONFIG,
	    "@: device is missing: expected the device's address\n");
	file_is("");
	ck_assert(!load("-c|@"));
	ck_assert_int_eq(status, EX_CONFIG);
	bad("--config=/nowhere/file", EX_CONFIG,
	    "/nowhere/file: cannot be read (No such file or directory): "
	    "expected a file of settings\n");
	bad("-c|/|-c|/|8001|8008", EX_CONFIG,
	    "--config set twice: expected one FILE\n"
	    "/: cannot be read (Is a directory): expected a file of "
	    "settings\n");
}

TEST(nul_bytes_and_wild_text_are_reported_tamely)
{
	static const char text[] = "slots 1\0\nlisten 8001\n";

	write_file(path, text, sizeof(text) - 1);
	bad("-c|@|--device=8008", EX_CONFIG,
	    "@:1: the line has a NUL byte: expected text\n");
	bad("8001|8008|--log=\033[2J/", EX_USAGE,
	    "--log \"?[2J/\" is not a value: expected one line without \" "
	    "#\" or spaces at its ends\n");
	bad("8001|8008|--slots=0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345",
	    EX_USAGE,
	    "--slots \"0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123...\" is too large: expected "
	    "a number from 0 to 1024\n");
}

TEST(device_names_are_looked_up)
{
	static const char *const no_address[] = {"10.0.0.300:80", "1.2:80",
	    "/run/device", "localhost", "localhost:", "localhost:0", "0",
	    "local host:80", "[localhost]:80", "::1:80", ":", "-x:80"};

	good("8001|localhost:8008");
	ck_assert_uint_ge(conf.link.device_count, 1);
	ck_assert_uint_eq(addr_port(&conf.link.device[0]), 8008);
	ck_assert_str_eq(conf.link.device_text, "localhost:8008");
	ck_assert(!load("--single|8001|no-such-name.invalid:8008"));
	ck_assert_msg(
	    strstr(errors, "sallyport: DEVICE \"no-such-name.invalid\" "
			   "does not resolve (") == errors,
	    "%s", errors);
	for (size_t i = 0; i < sizeof(no_address) / sizeof(*no_address); i++) {
		char line[64];

		snprintf(line, sizeof(line), "--listen=1|--device=%s",
		    no_address[i]);
		ck_assert_msg(!load(line), "%s", line);
		ck_assert_msg(strstr(errors, "sallyport: --device ") == errors,
		    "%s", errors);
	}
}

TEST(busy_reply_is_read_at_load)
{
	static char big[HTTP_ERROR_BUSY_MAX + 1];
	char line[512];

	snprintf(line, sizeof(line), "8001|8008|--busy-reply|%s", busy);
	write_file(busy, "a\0b\n", 4);
	good(line);
	ck_assert_uint_eq(conf.http_error.busy_bytes, 4);
	ck_assert_mem_eq(conf.http_error.busy, "a\0b\n", 4);
	write_file(busy, big, HTTP_ERROR_BUSY_MAX);
	good(line);
	write_file(busy, big, sizeof(big));
	ck_assert(!load(line));
	ck_assert_msg(
	    strstr(errors, "cannot be read (File too large)"), "%s", errors);
	write_file(busy, "", 0);
	ck_assert(!load(line));
	ck_assert_msg(strstr(errors, "is empty"), "%s", errors);
	write_file(busy, "x", 1);
	strcat(line, "|--gate=http");
	ck_assert(!load(line));
	ck_assert_msg(strstr(errors, "makes its own answers"), "%s", errors);
}

FIXTURE(make_files, remove_files)
