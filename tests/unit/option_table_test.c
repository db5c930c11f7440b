/*
 * Proves that settings come from the right place (flags over file over
 * profile), and that what --show-config prints reads back the same.
 */
#include "conf_fixture.h"

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

TEST(profiles_differ_where_they_say)
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
	ck_assert(conf.relay.splice);
	good("--profile|modbus|8001|8008");
	ck_assert_uint_eq(conf.slots.slots, 1);
	ck_assert_int_eq(conf.conn.preempt_idle_ms, 0);
	ck_assert_int_eq(conf.relay.reply, REPLY_STREAM);
}

/* What each profile chooses, as the manual's readers are promised. */
TEST(profiles_are_as_promised)
{
	static const struct {
		const char *name, *raw, *w5500;
	} t[] = {
	    {"resolve-every", "0", "5m"},
	    {"gate", "none", "http"},
	    {"gate-timeout", "10s", "10s"},
	    {"head-limit", "4k", "4k"},
	    {"body-limit", "16k", "16k"},
	    {"slots", "0", "1"},
	    {"stream-slots", "auto", "1"},
	    {"stream-timeout", "10m", "10m"},
	    {"stream-yield", "0", "30s"},
	    {"shared-connection", "off", "off"},
	    {"pipeline", "1", "1"},
	    {"queue", "64", "64"},
	    {"queue-timeout", "10s", "10s"},
	    {"queue-fin", "keep", "safe"},
	    {"max-clients", "0", "0"},
	    {"per-source", "0", "0"},
	    {"connect-timeout", "5s", "1s"},
	    {"connect-retry", "0", "5"},
	    {"connect-gap", "0", "0"},
	    {"settle", "0", "0"},
	    {"first-byte-timeout", "0", "5s"},
	    {"reply-timeout", "0", "10s"},
	    {"reply-max", "0", "0"},
	    {"reply-rate", "0", "1k"},
	    {"request-timeout", "0", "10s"},
	    {"request-rate", "0", "1k"},
	    {"body-max", "0", "body-limit"},
	    {"allow-method", "any", "GET"},
	    {"answer", "off", "off"},
	    {"request-limit", "0", "0"},
	    {"idle-timeout", "10m", "30s"},
	    {"fin-timeout", "60s", "5s"},
	    {"send-timeout", "60s", "30s"},
	    {"linger-timeout", "2s", "2s"},
	    {"max-age", "0", "0"},
	    {"preempt-idle", "0", "0"},
	    {"half-close", "propagate", "after-reply"},
	    {"on-device-fin", "half", "close"},
	    {"device-abort", "rst", "rst"},
	    {"reply-buffer", "16k", "64k"},
	    {"reply", "stream", "hold"},
	    {"upgrade", "off", "off"},
	    {"strip-header", "off", "off"},
	    {"share", "off", "off"},
	    {"keep-reply", "0", "0"},
	    {"memory", "64m", "16m"},
	    {"sndbuf", "0", "64k"},
	    {"probe", "off", "GET /"},
	    {"probe-backoff", "1s..32s", "1s..32s"},
	    {"down-after", "0", "1,10s"},
	    {"events", "off", "off"},
	    {"busy-reply", "off", "off"},
	    {"keepalive", "60s", "0"},
	    {"user-timeout", "0", "30s"},
	    {"local-address", "off", "off"},
	    {"send-proxy", "off", "off"},
	    {"quickack", "off", "on"},
	    {"splice", "auto", "auto"},
	    {"log", "stderr", "stderr"},
	    {"log-level", "info", "info"},
	    {"log-format", "logfmt", "logfmt"},
	    {"control", "off", "off"},
	    {"admin", "off", "off"},
	    {"metrics-file", "off", "off"},
	    {"drain-timeout", "30s", "30s"},
	    {"user", "off", "off"},
	    {"group", "off", "off"},
	    {"chroot", "off", "off"},
	    {"sandbox", "on", "on"},
	    {"listen-mode", "umask", "umask"},
	    {"listen-group", "off", "off"},
	    {"name", "auto", "auto"},
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const struct option *o = option_table_find(t[i].name);
		const char *raw, *w5500;

		ck_assert_msg(o, "%s", t[i].name);
		raw = o->value[PROFILE_RAW];
		w5500 = o->value[PROFILE_W5500];
		ck_assert_str_eq(raw, t[i].raw);
		ck_assert_msg(strncmp(w5500 ? w5500 : raw, t[i].w5500,
				  strlen(t[i].w5500)) == 0,
		    "%s", t[i].name);
		count++;
	}
	for (const struct option *o = options; o->name; o++)
		count -= o->value[PROFILE_RAW] && o->type != &value_word;
	ck_assert_uint_eq(count, 0);
}

/* The others differ from raw here and nowhere else. */
TEST(new_profiles_are_as_promised)
{
	static const struct {
		const char *name;
		const char *value[4];
	} t[] = {
	    {"gate", {"http", "data", "none", "modbus"}},
	    {"shared-connection", {"off", "off", "off", "on"}},
	    {"slots", {"3", "1", "1", "1"}},
	    {"stream-slots", {"2", "auto", "auto", "auto"}},
	    {"queue-timeout", {"10s", "15m", "30s", "5s"}},
	    {"queue-fin", {"safe", "keep", "drop", "drop"}},
	    {"first-byte-timeout", {"15s", "0", "0", "3s"}},
	    {"reply-timeout", {"30s", "0", "0", "3s"}},
	    {"request-timeout", {"30s", "15m", "0", "3s"}},
	    {"upgrade", {"on", "off", "off", "off"}},
	    {"idle-timeout", {"60s", "15m", "30m", "10m"}},
	    {"fin-timeout", {"5s", "15m", "2s", "1s"}},
	    {"connect-timeout", {"2s", "5s", "2s", "2s"}},
	    {"connect-retry", {"5", "1000", "5", "5"}},
	    {"connect-gap", {"0", "200ms", "100ms", "100ms"}},
	    {"settle", {"0", "500ms", "0", "0"}},
	    {"down-after", {"2", "0", "0", "2"}},
	    {"probe", {"GET /", "off", "off", "off"}},
	    {"half-close",
		{"after-reply", "propagate", "propagate", "propagate"}},
	    {"on-device-fin", {"close", "half", "close", "close"}},
	};

	for (const struct option *o = options; o->name; o++) {
		const char *const *expected = NULL;

		if (!o->type || o->type == &value_word)
			continue;
		for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
			if (strcmp(t[i].name, o->name) == 0)
				expected = t[i].value;
		for (int p = PROFILE_ESP; p < PROFILE_COUNT; p++) {
			const char *is =
			    option_table_default(o, (enum profile)p);
			const char *want =
			    expected ? expected[p - PROFILE_ESP]
				     : option_table_default(o, PROFILE_RAW);

			ck_assert_msg(
			    is == want || (is && want && strcmp(is, want) == 0),
			    "%s of %s is %s", o->name, option_profile_words[p],
			    is);
		}
	}
}

TEST(flags_win_over_file_over_profile)
{
	file_is("profile w5500\nlisten 8001\ndevice 8008\n"
		"slots 2\nqueue 5\n");
	good("-c|@|--slots|3");
	ck_assert_uint_eq(conf.slots.slots, 3);
	ck_assert_uint_eq(conf.queue.places, 5);
	ck_assert_int_eq(conf.request.kind, GATE_HTTP);
	good("-c|@|--profile=modbus");
	ck_assert_int_eq(conf.queue.timeout_ms, 5000);
	ck_assert_uint_eq(conf.slots.slots, 2);
}

TEST(repeated_flags_replace_those_of_the_file)
{
	file_is("listen 8001\nlisten 8002\ndevice 8008\n"
		"allow 10.0.0.0/8\ndeny ::/0\n");
	good("-c|@");
	ck_assert_uint_eq(conf.listener.listen_count, 2);
	ck_assert_uint_eq(conf.acl.count, 2);
	ck_assert(conf.acl.rules[0].allow);
	ck_assert(!conf.acl.rules[1].allow);
	file_is("listen 8001\nlisten 8002\ndevice 8008\n"
		"allow 10.0.0.0/8\ndeny ::/0\n"
		"accept-proxy unix\naccept-proxy ::1\n");
	good("-c|@|--accept-proxy=127.0.0.1");
	ck_assert_uint_eq(conf.proxy_header.count, 1);
	ck_assert(!conf.proxy_header.from_unix);
	good("-c|@|--listen|8003|--deny|10.0.0.1");
	ck_assert(conf.proxy_header.from_unix);
	ck_assert_uint_eq(conf.listener.listen_count, 1);
	ck_assert_uint_eq(addr_port(&conf.listener.listen[0]), 8003);
	ck_assert_uint_eq(conf.acl.count, 1);
	ck_assert(!conf.acl.rules[0].allow);
}

TEST(a_file_has_comments_blanks_and_any_line_ends)
{
	file_is("# the proxy\n\n  listen\t8001  # all\r\n"
		"device 8008\r\n\t\nprobe GET /#top\nlog /var/log/x");
	good("-c|@");
	ck_assert_str_eq(conf.health.probe, "GET /#top");
	ck_assert_str_eq(conf.log.path, "/var/log/x");
	ck_assert_int_eq(conf.log.target, LOG_TO_FILE);
}

TEST(flags_have_two_forms)
{
	good("--slots|4|--queue=7|--probe=GET /a=b|--|8001|8008");
	ck_assert_uint_eq(conf.slots.slots, 4);
	ck_assert_uint_eq(conf.queue.places, 7);
	ck_assert_str_eq(conf.health.probe, "GET /a=b");
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

TEST(lists_are_words_of_one_or_more_lines)
{
	file_is("profile w5500\nlisten 1\ndevice 2\nallow-method GET PUT GET\n"
		"allow-method DELETE\nstrip-header Cookie\n"
		"answer /favicon.ico 404\nanswer /robots.txt  404\n"
		"request-limit 30/1m\n");
	good("-c|@");
	ck_assert_uint_eq(conf.request.method_count, 3);
	ck_assert_mem_eq(conf.request.methods[2].text, "DELETE", 6);
	ck_assert_uint_eq(conf.request.methods[2].bytes, 6);
	ck_assert_uint_eq(conf.request.strip_count, 1);
	ck_assert_uint_eq(conf.request.answer_count, 2);
	ck_assert_uint_eq(conf.request.answers[1].path.bytes, 11);
	ck_assert_int_eq(conf.request.answers[1].status, 404);
	ck_assert_uint_eq(conf.clients.request_limit, 30);
	ck_assert_int_eq(conf.clients.request_limit_ms, 60000);
	good("-c|@|--allow-method=any|--strip-header=off|--answer=off|"
	     "--request-limit=0");
	ck_assert_uint_eq(conf.request.method_count, 0);
	ck_assert_uint_eq(conf.request.strip_count, 0);
	ck_assert_uint_eq(conf.request.answer_count, 0);
	ck_assert_uint_eq(conf.clients.request_limit, 0);
	good("--profile=w5500|1|2");
	ck_assert_uint_eq(conf.request.method_count, 3);
	ck_assert_mem_eq(conf.request.methods[2].text, "POST", 4);
}

/* What is in force, as text. */
static void show(char out[TEXT_MAX])
{
	FILE *to = fmemopen(out, TEXT_MAX, "w");

	option_table_print_conf(&conf, to);
	fclose(to);
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
		ck_assert_ptr_eq(option_table_nearest(o->name), o);
	ck_assert_str_eq(
	    option_table_nearest("connect-timout")->name, "connect-timeout");
	ck_assert_str_eq(option_table_nearest("lsiten")->name, "listen");
	ck_assert_ptr_null(option_table_nearest("xylophone"));
	ck_assert_ptr_null(option_table_nearest(""));
}

FIXTURE(make_files, remove_files)
