/*
 * Proves that common slips in settings are reported with what to write
 * instead, on the command line and in a file.
 */
#include "conf_fixture.h"

#define NO_NAMES     "an address, as names are looked up for device only"
#define FOUR	     "four numbers from 0 to 255, parted by dots"
#define DEVICE_FORMS "PORT|ADDRESS:PORT|[IPV6]:PORT|NAME:PORT"
#define INTERFACE    "one behind the address, like fe80::1%eth0"
#define NONE	     "0, which is none"
#define RANGE	     "ADDRESS/BITS, like 10.0.0.0/24; may be repeated"
#define NOT_HERE                                                               \
	"names no interface of this machine",                                  \
	    "one that `ip link` lists, behind the %"

/* The common slips: what is written, what is wrong, what to write. */
static const struct {
	const char *name, *value, *wrong, *remedy;
} slips[] = {
    /* a blank before the unit */
    {"idle-timeout", "10 s", "has a blank before its unit", "10s"},
    {"memory", "16 M", "has a blank before its unit", "16m"},
    /* a unit in other words */
    {"gate-timeout", "5sec", "has an unknown unit", "5s"},
    {"gate-timeout", "2Minutes", "has an unknown unit", "2m"},
    {"reply-buffer", "64kb", "has an unknown unit", "64k"},
    {"memory", "16MB", "has an unknown unit", "16m"},
    {"memory", "1048576 bytes", "has a blank before its unit", "1m"},
    /* a fraction */
    {"settle", "1.5s", "has a fraction", "1500ms"},
    {"settle", "0,25 s", "has a fraction", "250ms"},
    {"memory", "1.5g", "has a fraction", "1536m"},
    /* a word for 0 */
    {"idle-timeout", "off", "is a word", NONE},
    {"per-source", "None", "is a word", NONE},
    {"reply-rate", "none", "is a word", NONE},
    {"down-after", "never", "is a word", NONE},
    {"gate-timeout", "off", "is not a time",
	"a time from 1ms to 1d, with its unit: ms, s, m, h or d"},
    {"metrics-file", "none", "is not known", "off"},
    {"quickack", "OFF", "is not known", "off"},
    /* quotes */
    {"name", "\"my proxy\"", "is not a name",
	"a name of at most 100 printable characters without blanks, quotes, = "
	"and \\"},
    {"probe", "\"GET /\"", "is in quotes", "GET /"},
    {"log", "'/var/log/x'", "is in quotes", "/var/log/x"},
    /* an equals sign */
    {"slots", "= 1", "begins with =", "a blank between name and value, then 1"},
    {"slots", "=", "begins with =", "a blank between name and value"},
    /* a semicolon */
    {"listen", "8001;", "ends with a semicolon", "8001"},
    {"slots", "1;", "ends with a semicolon", "1"},
    /* a URL */
    {"listen", "http://127.0.0.1/", "is a URL", "127.0.0.1:80"},
    {"listen", "https://[::1]/x", "is a URL", "[::1]:443"},
    {"listen", "tcp://127.0.0.1:5", "is a URL", "127.0.0.1:5"},
    {"listen", "tcp://127.0.0.1", "is a URL", "127.0.0.1:PORT"},
    /* no port */
    {"listen", "127.0.0.1", "has no port", "127.0.0.1:PORT"},
    {"listen", "[::1]", "has no port", "[::1]:PORT"},
    /* a bad port */
    {"listen", "127.0.0.1:65536", "has a bad port", "a port from 0 to 65535"},
    {"listen", "127.0.0.1:http", "has a bad port", "a port from 0 to 65535"},
    {"listen", "127.0.0.1:", "has a bad port", "a port from 0 to 65535"},
    {"listen", "8001x", "is not an address",
	"PORT, ADDRESS:PORT, [IPV6]:PORT, or a path with a slash, like "
	"./8001x"},
    /* a prefix length */
    {"listen", "127.0.0.1/8", "has a prefix length", "127.0.0.1:PORT"},
    {"listen", "127.0.0.1/8:80", "has a prefix length", "127.0.0.1:80"},
    {"local-address", "127.0.0.1/8", "has a prefix length", "127.0.0.1"},
    {"allow", "10.0.0.0/33", "has a bad prefix length",
	"at most 32 bits for IPv4, 128 for IPv6"},
    {"deny", "10.0.0.0/255.255.240.0", "has a netmask", "10.0.0.0/20"},
    {"allow", "10.0.0.1/8", "has bits beyond its prefix",
	"10.0.0.0/8, or 10.0.0.1 for this address alone"},
    {"accept-proxy", "2001:db8::1/63", "has bits beyond its prefix",
	"2001:db8::/63, or 2001:db8::1 for this address alone"},
    /* a range */
    {"allow", "10.0.0.1-10.0.0.9", "is a range", RANGE},
    {"deny", "10.0.0.*", "is a range", RANGE},
    /* no brackets */
    {"listen", "::1:80", "has no brackets around its IPv6 address", "[::1]:80"},
    {"listen", "fe80::1", "has no brackets and no port", "[fe80::1]:PORT"},
    {"allow", "[::1]", "has brackets", "::1"},
    {"allow", "[::1:80", "has brackets", "::1:80"},
    {"listen", "[::1:80", "has no closing bracket", "[IPV6]:PORT"},
    /* not four numbers */
    {"listen", "10.0.0.256:80", "is not an IPv4 address", FOUR},
    {"listen", "10.0.0.1.2:80", "is not an IPv4 address", FOUR},
    {"local-address", "10.0.1", "is not an IPv4 address", FOUR},
    {"allow", "10.0.0.300", "is not an IPv4 address", FOUR},
    {"accept-proxy", "10.0.256.0/24", "is not an IPv4 address", FOUR},
    {"DEVICE", "192.168.1.999:80", "is not an IPv4 address", FOUR},
    /* no interface */
    {"listen", "[fe80::1]:80", "has no interface", INTERFACE},
    {"local-address", "fe80::1", "has no interface", INTERFACE},
    {"local-address", "fe80::1%nope", NOT_HERE},
    {"listen", "[fe80::1%nope]:80", NOT_HERE},
    {"DEVICE", "[fe80::1%nope]:80", NOT_HERE},
    {"listen", "[::1%lo]:80", "has an interface, and needs none", "[::1]:80"},
    {"allow", "::1%lo", "has an interface, and needs none", "::1"},
    /* a port too many */
    {"local-address", "127.0.0.1:1", "has a port", "127.0.0.1"},
    {"accept-proxy", "[::1]:1", "has a port", "::1"},
    /* a name where none is looked up */
    {"listen", "localhost:80", "is a name", NO_NAMES},
    {"allow", "localhost", "is a name", NO_NAMES},
    {"deny", "all", "is a word of other programs",
	"0.0.0.0/0 for IPv4, ::/0 for IPv6"},
    {"allow", "any", "is a word of other programs",
	"0.0.0.0/0 for IPv4, ::/0 for IPv6"},
    {"gate", "HTTP", "has capitals", "http"},
    {"half-close", "After-Reply", "has capitals", "after-reply"},
    {"accept-proxy", "proxy.example", "is a name", NO_NAMES},
    {"local-address", "eth0", "is a name", NO_NAMES},
    /* a request line */
    {"probe", "GET / HTTP/1.0", "has an HTTP version", "GET /"},
    {"probe", "/status", "has no method", "GET /status"},
    /* two words */
    {"listen", "8001 ssl", "is more than one word", "8001"},
    {"DEVICE", "10.0.0.1:80 check", "is more than one word", "10.0.0.1:80"},
    /* all addresses */
    {"listen", "*:80", "begins with an asterisk", "[::]:80"},
    /* brackets too many */
    {"listen", "[127.0.0.1]:80", "has brackets around its IPv4 address",
	"127.0.0.1:80"},
    /* a path without a slash */
    {"listen", "proxy.sock", "is not an address",
	"PORT, ADDRESS:PORT, [IPV6]:PORT, or a path with a slash, "
	"like ./proxy.sock"},
    {"log", "proxy.log", "is not known, and no path",
	"stderr, syslog, or a path with a slash, like ./proxy.log"},
    /* none of these */
    {"listen", "[1.2.3]:80", "is not an address",
	"PORT, ADDRESS:PORT, [IPV6]:PORT or a path with a slash"},
    {"admin", "127.0.0.1", "has no port", "127.0.0.1:PORT"},
    {"admin", "localhost:80", "is a name", NO_NAMES},
    {"admin", "http://127.0.0.1/", "is a URL", "127.0.0.1:80"},
    {"control", "8001", "is not a path", "a path with a slash, or off"},
    {"control", "http://127.0.0.1:8001/x", "is not a path",
	"a path with a slash, or off"},
    {"control", "here", "is not a path", "a path with a slash, or off"},
    /* the same of what stands without a name */
    {"DEVICE", "192.168.1.10", "has no port", "192.168.1.10:PORT"},
    {"DEVICE", "greenhouse", "has no port", "greenhouse:PORT"},
    {"DEVICE", "greenhouse:http", "has a bad port", "a port from 1 to 65535"},
    {"DEVICE", "greenhouse:0", "has a bad port", "a port from 1 to 65535"},
    {"DEVICE", "http://greenhouse/index.html", "is a URL", "greenhouse:80"},
    {"DEVICE", "fd00::1:80", "has no brackets around its IPv6 address",
	"[fd00::1]:80"},
    {"DEVICE", "[fe80::1]:80", "has no interface", INTERFACE},
    {"DEVICE", "[10.0.0.1]:80", "has brackets around its IPv4 address",
	"10.0.0.1:80"},
    {"DEVICE", "10.0.0.1/24", "has a prefix length", "10.0.0.1:PORT"},
    {"DEVICE", "*:80", "is not an address", DEVICE_FORMS},
    {"DEVICE", "green\\house:80", "is not an address", DEVICE_FORMS},
    {"DEVICE", "\"greenhouse:80\"", "is in quotes", "greenhouse:80"},
};

TEST_ROWS(a_slip_is_reported_with_its_remedy, slips)
{
	bool is_listen = strcmp(row->name, "listen") == 0;
	bool is_device = strcmp(row->name, "DEVICE") == 0;
	char text[256], expected[512];

	if (is_device)
		snprintf(text, sizeof(text), "9|%s", row->value);
	else
		snprintf(text, sizeof(text), "9|8008|--%s|%s", row->name,
		    row->value);
	snprintf(expected, sizeof(expected), "%s%s \"%s\" %s: expected %s\n",
	    is_device ? "" : "--", row->name, row->value, row->wrong,
	    row->remedy);
	bad(text, EX_USAGE, expected);
	if (is_device)
		return;
	snprintf(text, sizeof(text), "%s#\ndevice 8008\n\n%s %s\n",
	    is_listen ? "" : "listen 9\n", row->name, row->value);
	file_is(text);
	snprintf(expected, sizeof(expected),
	    "@:%d: %s \"%s\" %s: expected %s\n", is_listen ? 4 : 5, row->name,
	    row->value, row->wrong, row->remedy);
	bad("-c|@", EX_CONFIG, expected);
}

TEST(slips_of_the_command_line_are_reported)
{
	bad("8001|8008|--idle-timeout|10|s|--memory|1|MB", EX_USAGE,
	    "--idle-timeout \"10 s\" has a blank before its unit: "
	    "expected 10s\n"
	    "--memory \"1 MB\" has a blank before its unit: expected 1m\n");
	bad("help", EX_USAGE,
	    "unexpected argument \"help\" (did you mean --help?)\n");
	bad("-t|greenhouse.conf", EX_USAGE,
	    "unexpected argument \"greenhouse.conf\": expected -c before a "
	    "file\n");
	bad("8001|8008|--log|--slots|-t", EX_USAGE,
	    "--log has no value: expected stderr|syslog|PATH\n"
	    "--slots has no value: expected NUMBER\n");
	bad("8001|8008|--slots|=|1", EX_USAGE,
	    "unexpected argument \"1\": expected only LISTEN and DEVICE\n"
	    "--slots \"=\" begins with =: "
	    "expected a blank between name and value\n");
	bad("8001|8008|--listen=8001", EX_USAGE,
	    "LISTEN \"8001\" is listened on already: "
	    "expected each address once\n");
	good("--listen=127.0.0.1:0|127.0.0.1:0|8008");
}

TEST(slips_of_a_file_are_reported)
{
	file_is("listen 8001\r\ndevice 8008\r\nslots 1\r\n");
	good("-c|@");
	file_is("listen 8001\ndevice 8008\nslots=1\nqueue: 5\n--settle 5s\n"
		"listen 8001\nno-such=1\n");
	bad("-c|@", EX_CONFIG,
	    "@:3: slots is followed by an equals sign: expected a blank, then "
	    "its value\n"
	    "@:4: queue is followed by a colon: expected a blank, then its "
	    "value\n"
	    "@:5: unknown setting \"--settle\" (did you mean settle?)\n"
	    "@:7: unknown setting \"no-such=1\": expected one that --help "
	    "lists\n"
	    "@:6: listen \"8001\" is listened on already: expected each "
	    "address once\n");
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	const char *expected;
} foreign[] = {
    {BYTES("\357\273\277listen 8001\ndevice 8008\n"),
	"@: begins with a byte order mark: expected UTF-8 without "
	"it\n"},
    {BYTES("\377\376l\0i\0s\0t\0e\0n\0"), "@: is UTF-16: expected UTF-8\n"},
    {BYTES("l\0i\0s\0t\0e\0n\0 \0\061\0\n"), "@: is UTF-16: expected UTF-8\n"},
    {BYTES("listen 8001\ndevice 80\00008\n"),
	"@:2: the line has a NUL byte: expected text\n"
	"@: device is missing: expected the device's address\n"},
};

TEST_ROWS(files_of_other_systems_are_named, foreign)
{
	write_file(path, row->bytes, row->len);
	bad("-c|@", EX_CONFIG, row->expected);
}

FIXTURE(make_files, remove_files)
