/*
 * Proves that every fault in the settings is told with its place and what was
 * expected, all in one run.
 */
#include "conf_fixture.h"

START_TEST(every_value_is_judged)
{
	static const struct {
		const char *flag, *fault;
	} t[] = {
	    {"--slots=many", "--slots: \"many\" is not a number, "
			     "expected a number from 0 to 1024\n"},
	    {"--slots=1025", "--slots: \"1025\" is too large, "
			     "expected a number from 0 to 1024\n"},
	    {"--slots=", "--slots: \"\" is not a value, expected one line "
			 "without \" #\" or spaces at its ends\n"},
	    {"--gate-timeout=10", "--gate-timeout: \"10\" has no unit, "
				  "expected a time from 1ms to 1d, with its "
				  "unit: ms, s, m, h or d\n"},
	    {"--gate-timeout=0", "--gate-timeout: \"0\" is too small, "
				 "expected a time from 1ms to 1d, with its "
				 "unit: ms, s, m, h or d\n"},
	    {"--reply-buffer=1t", "--reply-buffer: \"1t\" is not a size, expected a size "
			    "from 4k to 1g, in bytes or with k, m or g\n"},
	    {"--gate=htttp", "--gate: \"htttp\" is not known, expected none, "
			     "data, line or http\n"},
	    {"--quickack=yes", "--quickack: \"yes\" is not known, expected "
			       "off or on\n"},
	    {"--profile=w5100", "--profile: \"w5100\" is not known, expected "
				"raw, w5500 or modbus\n"},
	    {"--listen=8001x", "--listen: \"8001x\" is not an address, "
			       "expected a port from 0 to 65535\n"},
	    {"--allow=10.0.0.0/33", "--allow: \"10.0.0.0/33\" is not a "
				    "network, expected at most 32 bits for "
				    "IPv4, 128 for IPv6\n"},
	    {"--accept-proxy=me", "--accept-proxy: \"me\" is not a network, "
				  "expected ADDRESS or ADDRESS/BITS\n"},
	    {"--local-address=10.0.0.1:1", "--local-address: \"10.0.0.1:1\" is not an "
				    "address, expected ADDRESS|off\n"},
	    {"--probe=GET", "--probe: \"GET\" is not a request, expected "
			    "METHOD /TARGET|off\n"},
	    {"--probe=GET / HTTP/1.0", "--probe: \"GET / HTTP/1.0\" is not a "
				       "request, expected METHOD "
				       "/TARGET|off\n"},
	    {"--probe-backoff=1s", "--probe-backoff: \"1s\" is not a range, "
				   "expected FIRST..LONGEST, each a time from "
				   "1ms to 1d, with its unit: ms, s, m, h or "
				   "d\n"},
	    {"--probe-backoff=2s..1s", "--probe-backoff: \"2s..1s\" ends "
				       "before it begins, expected "
				       "FIRST..LONGEST, each a time from 1ms "
				       "to 1d, with its unit: ms, s, m, h or "
				       "d\n"},
	    {"--down-after=1,2", "--down-after: \"1,2\" has no unit, expected "
				 "SILENCES (up to 1000), TIME of refusals (up "
				 "to 1d), or SILENCES,TIME\n"},
	    {"--log=sylog", "--log: \"sylog\" is not known, and no path, "
			    "expected stderr|syslog|PATH\n"},
	    {"--probe=GET / #", "--probe: \"GET / #\" is not a value, expected "
				"one line without \" #\" or spaces at its "
				"ends\n"},
	    {"--events=/x #y", "--events: \"/x #y\" is not a value, expected "
			       "one line without \" #\" or spaces at its "
			       "ends\n"},
	    {"--slots=1|--slots=2", "--slots: given twice, expected once\n"},
	    {"--slot=1", "\"--slot\" is not known, expected perhaps "
			 "--slots\n"},
	    {"--quue-timeuot|5s", "\"--quue-timeuot\" is not known, expected "
				  "perhaps --queue-timeout\n"},
	    {"--absorb|16k", "\"--absorb\" is now called --reply-buffer, "
			     "expected that name\n"},
	    {"--feed-timeout=1s", "\"--feed-timeout\" is now called "
				  "--send-timeout, expected that name\n"},
	    {"--source|::1", "\"--source\" is now called --local-address, "
			     "expected that name\n"},
	    {"--stream-slots=0", "--stream-slots: \"0\" is too small, "
				 "expected auto, or a number from 1 to "
				 "1024\n"},
	    {"--body-max=x", "--body-max: \"x\" is not a size, expected "
			     "body-limit, or a size from 0 to 64g, in bytes "
			     "or with k, m or g\n"},
	    {"--allow-method=get", "--allow-method: \"get\" is not a method, "
				   "expected methods in capital letters, like "
				   "GET, or any\n"},
	    {"--allow-method=GET CONNECT", "--allow-method: \"GET CONNECT\" "
					   "cannot be allowed, expected a "
					   "method other than CONNECT\n"},
	    {"--strip-header=Cookie:", "--strip-header: \"Cookie:\" is not a "
				       "field name, expected names without "
				       "colon, like Cookie, or off\n"},
	    {"--strip-header=host", "--strip-header: \"host\" cannot be "
				    "stripped, expected a field other than "
				    "Host, Connection, Content-Length and "
				    "Transfer-Encoding\n"},
	    {"--answer=favicon.ico 404", "--answer: \"favicon.ico 404\" is "
					 "not a path and a status, expected "
					 "/PATH STATUS, like /favicon.ico "
					 "404\n"},
	    {"--answer=/ 302", "--answer: \"/ 302\" has no such status, "
			       "expected /PATH STATUS with a status of 200, "
			       "204 or 400 to 599\n"},
	    {"--answer=/ 404|--answer=/ 403", "--answer: \"/ 403\" is "
					      "answered twice, expected each "
					      "path once\n"},
	    {"--allow-method=A B C D E F G H I J K L M N O P Q",
		"--allow-method: \"A B C D E F G H I J K L M N O P Q\" is one "
		"too many, expected at most 16 of them\n"},
	    {"--request-limit=30", "--request-limit: \"30\" is not a limit, "
				   "expected 0, or NUMBER/TIME with a number "
				   "from 1 to 1000000 and a time from 1s to "
				   "1d, like 30/1m\n"},
	    {"--listen-mode=0888", "--listen-mode: \"0888\" is not a mode, "
				   "expected umask, or permissions in octal "
				   "up to 0777, like 0660\n"},
	    {"--name=a b", "--name: \"a b\" is not a name, expected a name of "
			   "at most 100 printable characters without blanks, "
			   "quotes, = and \\\n"},
	    {"--frobnicate", "\"--frobnicate\" is not known, expected a name "
			     "that --help lists\n"},
	    {"-x", "\"-x\" is not known, expected a name that --help "
		   "lists\n"},
	    {"--slots", "--slots: it has no value, expected NUMBER\n"},
	    {"--check=yes", "--check: it takes no value, expected none\n"},
	    {"8009", "\"8009\" is one word too many, expected LISTEN and "
		     "DEVICE\n"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char line[256];

		snprintf(line, sizeof(line), "8001|8008|%s", t[i].flag);
		bad(line, EX_USAGE, t[i].fault);
	}
}
END_TEST

START_TEST(all_faults_are_told_in_one_run)
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
		"idle-timeout 7s\n");
	bad("-c|@|--gate=tcp|--no-such-thing", EX_CONFIG,
	    "\"--no-such-thing\" is not known, expected a name that --help "
	    "lists\n"
	    "@:3: \"slot\" is not known, expected perhaps slots\n"
	    "@:5: slots: it has no value, expected NUMBER\n"
	    "@:8: help: it is no setting, expected it as a flag\n"
	    "@:6: queue: \"-1\" is not a number, expected a number from 0 to "
	    "1000000\n"
	    "@:7: queue: it stands on line 6 already, expected once\n"
	    "@:9: idle-timeout: \"5\" has no unit, expected a time from 0 to "
	    "30d, with its unit: ms, s, m, h or d\n"
	    "@:10: idle-timeout: it stands on line 9 already, expected once\n"
	    "@:11: idle-timeout: it stands on line 9 already, expected once\n"
	    "--gate: \"tcp\" is not known, expected none, data, line or "
	    "http\n");
}
END_TEST

START_TEST(what_is_missing_is_said)
{
	bad("", EX_USAGE,
	    "--listen: it is missing, expected where to listen\n"
	    "--device: it is missing, expected the device's address\n");
	bad("8001", EX_USAGE,
	    "\"8001\" stands alone, expected LISTEN and DEVICE\n"
	    "--listen: it is missing, expected where to listen\n"
	    "--device: it is missing, expected the device's address\n");
	file_is("listen 8001\n");
	bad("-c|@", EX_CONFIG,
	    "@: device: it is missing, expected the device's address\n");
	file_is("");
	ck_assert(!load("-c|@"));
	ck_assert_int_eq(status, EX_CONFIG);
	bad("--config=/nowhere/file", EX_CONFIG,
	    "/nowhere/file: cannot be read: No such file or directory, "
	    "expected a file of settings\n");
	bad("-c|/|-c|/|8001|8008", EX_CONFIG,
	    "--config: given twice, expected one FILE\n"
	    "/: cannot be read: Is a directory, expected a file of "
	    "settings\n");
}
END_TEST

START_TEST(zero_bytes_and_wild_text_are_told_tamely)
{
	static const char text[] = "slots 1\0\nlisten 8001\n";

	write_file(path, text, sizeof(text) - 1);
	bad("-c|@|--device=8008", EX_CONFIG,
	    "@:1: the line holds a zero byte, expected text\n");
	bad("8001|8008|--log=\033[2J/", EX_USAGE,
	    "--log: \"?[2J/\" is not a value, expected one line without \" "
	    "#\" or spaces at its ends\n");
	bad("8001|8008|--slots=0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345",
	    EX_USAGE,
	    "--slots: \"0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123...\" is too large, expected "
	    "a number from 0 to 1024\n");
}
END_TEST

START_TEST(settings_must_go_together)
{
	bad("8001|8008|--share=on|--upgrade=on", EX_USAGE,
	    "--share: it needs to read requests, expected gate http with it\n"
	    "--upgrade: it needs to read requests, expected gate http with "
	    "it\n");
	bad("8001|8008|--share=on|--gate=http", EX_USAGE,
	    "--share: it gives out whole replies, expected reply hold with "
	    "it\n");
	good("8001|8008|--share=on|--upgrade=on|--gate=http|--reply=hold");
	file_is("listen 8001\ndevice 8008\nshare on\n");
	bad("-c|@", EX_CONFIG,
	    "@:3: share: it needs to read requests, expected gate http with "
	    "it\n");
	bad("8001|8008|--memory=64k|--reply-buffer=64k", EX_USAGE,
	    "--memory: it is too small for one connection, expected 92k "
	    "(reply-buffer, head-limit, body-limit, in whole pages) or more\n");
	bad("8001|8008|--memory=91k|--reply-buffer=64k", EX_USAGE,
	    "--memory: it is too small for one connection, expected 92k "
	    "(reply-buffer, head-limit, body-limit, in whole pages) or more\n");
	good("8001|8008|--memory=92k|--reply-buffer=64k");
	bad("8001|8008|--local-address=::1", EX_USAGE,
	    "--local-address: the device has no address of its family, expected an "
	    "IPv4 address\n");
	good("8001|[::1]:8008|--local-address=::1");
}
END_TEST

START_TEST(the_door_is_not_its_own_device)
{
	static const char *const circles[] = {
	    "8001|8001",
	    "0.0.0.0:8001|127.5.5.5:8001",
	    "8001|[::1]:8001",
	    "127.0.0.1:8001|127.0.0.1:8001",
	    "127.0.0.1:8001|0.0.0.0:8001",
	    "10.0.0.1:8001|10.0.0.1:8001",
	    "8002|8001|--listen|127.0.0.1:8001",
	};
	static const char *const lines[] = {
	    "8001|8002",
	    "127.0.0.1:8001|127.0.0.2:8001",
	    "8001|10.0.0.1:8001",
	    "10.0.0.1:8001|127.0.0.1:8001",
	    "/run/door|8001",
	};

	for (size_t i = 0; i < sizeof(circles) / sizeof(*circles); i++) {
		ck_assert_msg(!load(circles[i]), "%s", circles[i]);
		ck_assert_msg(
		    strstr(faults, "is the door itself"), "%s", faults);
		ck_assert_int_eq(status, EX_USAGE);
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		good(lines[i]);
}
END_TEST

START_TEST(device_names_are_looked_up)
{
	static const char *const no_address[] = {"10.0.0.300:80", "1.2:80",
	    "/run/device", "localhost", "localhost:", "localhost:0", "0",
	    "local host:80", "[localhost]:80", "::1:80", ":", "-x:80"};

	good("8001|localhost:8008");
	ck_assert_uint_ge(conf.dial.device_count, 1);
	ck_assert_uint_eq(addr_port(&conf.dial.device[0]), 8008);
	ck_assert_str_eq(conf.dial.device_text, "localhost:8008");
	ck_assert(!load("8001|no-such-name.invalid:8008"));
	ck_assert_msg(strstr(faults, "DEVICE: \"no-such-name.invalid\" does "
				     "not resolve (") == faults,
	    "%s", faults);
	for (size_t i = 0; i < sizeof(no_address) / sizeof(*no_address); i++) {
		char line[64];

		snprintf(line, sizeof(line), "--listen=1|--device=%s",
		    no_address[i]);
		ck_assert_msg(!load(line), "%s", line);
		ck_assert_msg(
		    strstr(faults, "--device: ") == faults, "%s", faults);
	}
}
END_TEST

START_TEST(busy_reply_is_read_at_load)
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
	    strstr(faults, "cannot be read: File too large"), "%s", faults);
	write_file(busy, "", 0);
	ck_assert(!load(line));
	ck_assert_msg(strstr(faults, "is empty"), "%s", faults);
	write_file(busy, "x", 1);
	strcat(line, "|--gate=http");
	ck_assert(!load(line));
	ck_assert_msg(strstr(faults, "answers by itself"), "%s", faults);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("faults");
	TCase *t = unit_case(s, "faults");

	tcase_add_checked_fixture(t, make_files, remove_files);
	tcase_add_test(t, every_value_is_judged);
	tcase_add_test(t, all_faults_are_told_in_one_run);
	tcase_add_test(t, what_is_missing_is_said);
	tcase_add_test(t, zero_bytes_and_wild_text_are_told_tamely);
	tcase_add_test(t, settings_must_go_together);
	tcase_add_test(t, the_door_is_not_its_own_device);
	tcase_add_test(t, device_names_are_looked_up);
	tcase_add_test(t, busy_reply_is_read_at_load);
	return unit_run(s);
}
