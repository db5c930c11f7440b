/*
 * Proves that settings come from the right place (flags over file over
 * profile), and that what --show-config prints reads back the same.
 */
#include "conf_fixture.h"
#include "settings/option_hint.h"

TEST(the_short_form_is_listen_and_device)
{
	char text[ADDR_TEXT_MAX];

	good("8001|8008");
	ck_assert_str_eq(conf.profile, "raw");
	ck_assert_uint_eq(conf.listener.listen_count, 1);
	ck_assert_str_eq(
	    addr_print(&conf.listener.listen[0], text), "[::]:8001");
	ck_assert_uint_eq(conf.link.device_count, 1);
	ck_assert_str_eq(
	    addr_print(&conf.link.device[0], text), "127.0.0.1:8008");
}

TEST(raw_is_the_default)
{
	good("8001|8008");
	ck_assert_int_eq(conf.request.kind, GATE_NONE);
	ck_assert_uint_eq(conf.slots.slots, 0);
	ck_assert_int_eq(conf.link.connect_timeout_ms, 5000);
	ck_assert_int_eq(conf.link.keepalive_ms, 60000);
	ck_assert_int_eq(conf.conn.idle_ms, 600000);
	ck_assert_uint_eq(conf.relay.reply_buffer_bytes, 16384);
	ck_assert_uint_eq(conf.conn.memory_bytes, 64 << 20);
	ck_assert(conf.relay.splice);
	ck_assert(!conf.link.quickack);
	ck_assert_ptr_null(conf.health.probe);
	ck_assert_uint_eq(conf.health.down_silences, 0);
	ck_assert_int_eq(conf.log.level, LOG_LEVEL_INFO);
}

TEST(a_profile_is_loaded)
{
	good("--profile|w5500|8001|8008");
	ck_assert_int_eq(conf.request.kind, GATE_HTTP);
	ck_assert_int_eq(conf.request.timeout_ms, 10000);
	ck_assert_uint_eq(conf.slots.slots, 1);
	ck_assert_int_eq(conf.relay.reply, REPLY_HOLD);
	ck_assert_str_eq(conf.health.probe, "GET /");
	ck_assert_int_eq(conf.health.probe_max_ms, 32000);
	ck_assert_uint_eq(conf.health.down_silences, 1);
	ck_assert_int_eq(conf.health.down_refused_ms, 10000);
	ck_assert_uint_eq(conf.listener.sndbuf_bytes, 65536);
	ck_assert_uint_eq(conf.request.method_count, 3);
	ck_assert_mem_eq(conf.request.methods[2].text, "POST", 4);
	good("--profile|modbus|8001|8008");
	ck_assert_int_eq(conf.conn.preempt_idle_ms, 0);
	ck_assert_int_eq(conf.relay.reply, REPLY_STREAM);
}

/* All others have raw's value everywhere, which the manual names. */
TEST(profiles_differ_here_and_nowhere_else)
{
	static const struct {
		const char *name;
		const char *value[PROFILE_COUNT];
	} t[] = {
	    {"resolve-every", {"0", "5m", "0", "0", "0", "0"}},
	    {"gate", {"none", "http", "http", "data", "none", "modbus"}},
	    {"body-max", {"0", "body-limit", "0", "0", "0", "0"}},
	    {"allow-method",
		{"any", "GET HEAD POST", "any", "any", "any", "any"}},
	    {"slots", {"0", "1", "3", "1", "1", "1"}},
	    {"stream-slots", {"auto", "1", "2", "auto", "auto", "auto"}},
	    {"shared-connection", {"off", "off", "off", "off", "off", "on"}},
	    {"queue-timeout", {"10s", "10s", "10s", "15m", "30s", "5s"}},
	    {"queue-fin", {"keep", "safe", "safe", "keep", "drop", "drop"}},
	    {"connect-timeout", {"5s", "1s", "2s", "5s", "2s", "2s"}},
	    {"connect-retry", {"0", "5", "5", "1000", "5", "5"}},
	    {"connect-gap", {"0", "0", "0", "200ms", "100ms", "100ms"}},
	    {"settle", {"0", "0", "0", "500ms", "0", "0"}},
	    {"keepalive", {"60s", "0", "60s", "60s", "60s", "60s"}},
	    {"user-timeout", {"0", "30s", "0", "0", "0", "0"}},
	    {"quickack", {"off", "on", "off", "off", "off", "off"}},
	    {"first-byte-timeout", {"0", "5s", "15s", "0", "0", "3s"}},
	    {"reply-timeout", {"0", "10s", "30s", "0", "0", "3s"}},
	    {"reply-rate", {"0", "1k", "0", "0", "0", "0"}},
	    {"request-timeout", {"0", "10s", "30s", "15m", "0", "3s"}},
	    {"request-rate", {"0", "1k", "0", "0", "0", "0"}},
	    {"stream-yield", {"0", "30s", "0", "0", "0", "0"}},
	    {"idle-timeout", {"10m", "30s", "60s", "15m", "30m", "10m"}},
	    {"fin-timeout", {"60s", "5s", "5s", "15m", "2s", "1s"}},
	    {"send-timeout", {"60s", "30s", "60s", "60s", "60s", "60s"}},
	    {"half-close", {"propagate", "after-reply", "after-reply",
			       "propagate", "propagate", "propagate"}},
	    {"on-device-fin",
		{"half", "close", "close", "half", "close", "close"}},
	    {"reply",
		{"stream", "hold", "stream", "stream", "stream", "stream"}},
	    {"upgrade", {"off", "off", "on", "off", "off", "off"}},
	    {"reply-buffer", {"16k", "64k", "16k", "16k", "16k", "16k"}},
	    {"memory", {"64m", "16m", "64m", "64m", "64m", "64m"}},
	    {"sndbuf", {"0", "64k", "0", "0", "0", "0"}},
	    {"probe", {"off", "GET /", "GET /", "off", "off", "off"}},
	    {"down-after", {"0", "1,10s", "2", "0", "0", "2"}},
	};
	size_t found = 0;

	for (const struct option *o = options; o->name; o++) {
		const char *const *wanted = NULL;

		if (!o->type || o->type == &value_word)
			continue;
		for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
			if (strcmp(t[i].name, o->name) == 0)
				wanted = t[i].value;
		found += wanted != NULL;
		for (enum profile p = 0; p < PROFILE_COUNT; p++) {
			const char *is = option_table_default(o, p);

			ck_assert_msg(wanted ? strcmp(is, wanted[p]) == 0
					     : is == o->value[PROFILE_RAW],
			    "%s of %s is %s", o->name, option_profile_words[p],
			    is);
		}
	}
	ck_assert_uint_eq(found, sizeof(t) / sizeof(*t));
}

/* What is in force, as text. */
static void show(char out[TEXT_MAX])
{
	FILE *to = fmemopen(out, TEXT_MAX, "w");

	option_table_print_conf(&conf, to);
	fclose(to);
}

#define TWO_PORTS "listen 8001\nlisten 8002\ndevice 8008\n"
#define LISTS                                                                  \
	"profile w5500\nlisten 1\ndevice 2\nallow-method GET PUT GET\n"        \
	"allow-method DELETE\nstrip-header Cookie\n"                           \
	"answer /favicon.ico 404\nanswer /robots.txt  404\n"                   \
	"request-limit 30/1m\n"

/* What a file and a command line come to: neighbours in what is shown, so that
 * nothing stands between them. */
static const struct {
	const char *file, *line;
	const char *shown[4];
} sources[] = {
    /* flags win over the file, the file over its profile */
    {"profile w5500\nlisten 8001\ndevice 8008\nslots 2\nqueue 5\n",
	"-c|@|--slots|3", {"slots 3", "queue 5", "gate http"}},
    {"profile w5500\nlisten 8001\ndevice 8008\nslots 2\n",
	"-c|@|--profile=modbus", {"slots 2", "queue-timeout 5s"}},
    /* repeated flags replace those of the file */
    {TWO_PORTS "allow 10.0.0.0/8\ndeny ::/0\n", "-c|@",
	{"listen [::]:8001\nlisten [::]:8002\nlisten-mode umask",
	    "allow 10.0.0.0/8\ndeny ::/0"}},
    {TWO_PORTS "accept-proxy unix\naccept-proxy ::1\n",
	"-c|@|--accept-proxy=127.0.0.1",
	{"# deny ADDRESS|ADDRESS/BITS\naccept-proxy 127.0.0.1/32\n\n# Gate"}},
    {TWO_PORTS "deny ::/0\naccept-proxy unix\naccept-proxy ::1\n",
	"-c|@|--listen|8003|--deny|10.0.0.1",
	{"listen [::]:8003\nlisten-mode umask",
	    "request-limit 0\ndeny 10.0.0.1/32\n"
	    "accept-proxy ::1/128\naccept-proxy unix"}},
    /* a file has comments, blanks and any line ends */
    {"# the proxy\n\n  listen\t8001  # all\r\n"
     "device 8008\r\n\t\nprobe GET /#top\nlog /var/log/x",
	"-c|@", {"probe GET /#top", "log /var/log/x"}},
    /* flags have two forms */
    {"", "--slots|4|--queue=7|--probe=GET /a=b|--|8001|8008",
	{"slots 4", "queue 7", "probe GET /a=b"}},
    /* lists are words of one or more lines */
    {LISTS, "-c|@",
	{"allow-method GET\nallow-method PUT\nallow-method DELETE\n"
	 "answer /favicon.ico 404\nanswer /robots.txt 404\n"
	 "strip-header Cookie\n",
	    "request-limit 30/1m"}},
    {LISTS,
	"-c|@|--allow-method=any|--strip-header=off|--answer=off|"
	"--request-limit=0",
	{"allow-method any\nanswer off\nstrip-header off", "request-limit 0"}},
};

TEST_ROWS(settings_come_from_the_right_place, sources)
{
	char text[TEXT_MAX], wanted[512];

	file_is(row->file);
	good(row->line);
	show(text);
	for (const char *const *w = row->shown; *w; w++) {
		snprintf(wanted, sizeof(wanted), "\n%s\n", *w);
		ck_assert_msg(strstr(text, wanted), "%s: no %s in %s",
		    row->line, *w, text);
	}
}

TEST(some_settings_follow_others)
{
	good("8001|8008");
	ck_assert_str_eq(conf.name, "[::]:8001");
	ck_assert_uint_eq(conf.request.body_max_bytes, 0);
	ck_assert_uint_eq(conf.slots.stream_slots, 0);
	good("8001|8008|--slots=1");
	ck_assert_uint_eq(conf.slots.stream_slots, 1);
	good("8001|8008|--slots=4");
	ck_assert_uint_eq(conf.slots.stream_slots, 3);
	good("8001|8008|--profile=w5500|--body-limit=3k|--name=a");
	ck_assert_str_eq(conf.name, "a");
	ck_assert_uint_eq(conf.request.body_max_bytes, 3072);
	ck_assert_uint_eq(conf.slots.stream_slots, 1);
	good("8001|8008|--profile=w5500");
	ck_assert_int_eq(conf.queue.fin, QUEUE_FIN_SAFE);
	good("8001|8008|--profile=w5500|--gate=data");
	ck_assert_int_eq(conf.queue.fin, QUEUE_FIN_KEEP);
	good("/tmp/a b|8008");
	ck_assert_str_eq(conf.name, "/tmp/a_b");
	file_is("listen 8001\ndevice 8008\n");
	good("-c|@");
	ck_assert_str_eq(conf.name, "options");
}

TEST(what_is_shown_reads_back)
{
	static const char *const lines[] = {
	    "8001|8008",
	    "--profile=w5500|8001|8008",
	    "--profile=modbus|8001|8008",
	    "8001|8008|--listen=[::1]:5|--listen=/run/x y|--deny=10.0.0.0/8|"
	    "--allow=::/0|--deny=::1|--accept-proxy=127.0.0.1|"
	    "--accept-proxy=fe80::/"
	    "10|--local-address=127.0.0.1|--send-proxy=v2|"
	    "--events=/run/events|--probe=HEAD /x|--probe-backoff=50ms..1500ms"
	    "|--down-after=90s|--log=/var/log/proxy|--log-level=debug|"
	    "--log-format=tcplog|--keepalive=1ms|--sndbuf=1025|--splice=off|"
	    "--quickack=on|--half-close=after-reply|--queue-fin=drop|"
	    "--gate=http|--name=greenhouse|--listen-mode=0660|--listen-group="
	    "adm|"
	    "--accept-proxy=unix|--request-limit=30/1m|--body-max=1m|"
	    "--allow-method=GET PUT|--allow-method=X-Y|--answer=/a 404|"
	    "--answer=/b%20c 204|--strip-header=Cookie DNT|--slots=7|"
	    "--stream-slots=2|--resolve-every=1h|--reply-rate=100",
	    "8001|[::1]:8008|--local-address=::1|--log=syslog|--down-after=3|"
	    "--profile=w5500|--share=on|--upgrade=on|--device-abort=fin",
	};
	static char first[TEXT_MAX], second[TEXT_MAX];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		memset(first, 0, sizeof(first));
		memset(second, 0, sizeof(second));
		good(lines[i]);
		show(first);
		file_is(first);
		good("-c|@");
		show(second);
		ck_assert_str_eq(first, second);
	}
	ck_assert_ptr_nonnull(strstr(first, "\nshare on\n"));
}

/* A file is a template: lines for what is not set are comments. */
TEST(every_setting_is_shown)
{
	static char text[TEXT_MAX];

	good("8001|8008");
	show(text);
	for (const struct option *o = options; o->name; o++) {
		char set[64], unset[64];

		snprintf(set, sizeof(set), "\n%s ", o->name);
		snprintf(unset, sizeof(unset), "\n# %s ", o->name);
		ck_assert_msg((o->type != NULL) ==
				  (strstr(text, set) || strstr(text, unset)),
		    "%s", o->name);
	}
}

TEST(check_ends_well_and_runs_nothing)
{
	ck_assert(!load("-t|8001|8008"));
	ck_assert_int_eq(status, EX_OK);
	ck_assert_str_eq(errors, "");
	ck_assert(!load("-t|--profile=w5500"));
	ck_assert_int_eq(status, EX_USAGE);
}

TEST(the_nearest_name_is_near)
{
	for (const struct option *o = options; o->name; o++)
		ck_assert_ptr_eq(option_hint_nearest(o->name), o);
	ck_assert_str_eq(
	    option_hint_nearest("connect-timout")->name, "connect-timeout");
	ck_assert_str_eq(option_hint_nearest("lsiten")->name, "listen");
	ck_assert_ptr_null(option_hint_nearest("xylophone"));
	ck_assert_ptr_null(option_hint_nearest(""));
}

FIXTURE(make_files, remove_files)
