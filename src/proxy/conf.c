/*
 * conf.c: the settings of profile raw.
 */
#include "proxy/conf.h"

#include <sysexits.h>

bool conf_load(int argc, char **argv, FILE *faults, struct conf *out,
    int *out_status)
{
	const char *why = "expected LISTEN and DEVICE";

	*out_status = EX_USAGE;
	if (argc != 3 ||
	    addr_parse(argv[1], NULL, &out->listener.listen[0], &why) < 0 ||
	    addr_parse(argv[2], "127.0.0.1", &out->dial.device[0], &why) < 0) {
		fprintf(faults, "sallyport: %s\n", why);
		return false;
	}
	out->profile = "raw";
	out->listener.listen_count = 1;
	out->dial.device_count = 1;
	out->dial.device_text = argv[2];
	out->dial.connect_timeout_ms = 5000;
	out->dial.keepalive_ms = 60000;
	out->relay.absorb_bytes = 16 * 1024;
	out->relay.splice = true;
	out->conn.memory_bytes = 64 << 20;
	out->conn.idle_ms = 600000;
	out->conn.fin_ms = 60000;
	out->conn.linger_ms = 2000;
	out->conn.feed_ms = 60000;
	out->life.drain_ms = 30000;
	out->log.level = LOG_LEVEL_INFO;
	return true;
}
