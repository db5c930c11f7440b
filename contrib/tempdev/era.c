/* era.c: one row for each build in the log. */
#include "era.h"

#include <stdio.h>
#include <string.h>

#include "chip.h"

#define BUILT_JULY .build_time = "16:57:58", .build_date = "Jul 29 2017"

static const struct era eras[] = {
    {.name = "E0",
	.dates = "2017-05-07",
	.first_build = true,
	.no_tables = true,
	.quiet_library = true,
	.lib = LIB_STOCK2017,
	.slots = 4,
	BUILT_JULY},
    {.name = "E1",
	.dates = "2017-07-15",
	.first_build = true,
	.lib = LIB_SYSTRONIX,
	.slots = 4,
	BUILT_JULY},
    {.name = "E2",
	.dates = "2017-07-17",
	.says_newline = true,
	.lib = LIB_SYSTRONIX,
	.slots = 4,
	BUILT_JULY},
    {.name = "E3",
	.dates = "2017-07-19 2017-07-29",
	.upper_case = true,
	.names_all = true,
	.lib = LIB_SYSTRONIX,
	.slots = 4,
	BUILT_JULY},
    {.name = "E4",
	.dates = "2017-07-30 2017-08-01",
	.upper_case = true,
	.names_all = true,
	.table_in_reply = true,
	.page_has_build = true,
	.lib = LIB_SYSTRONIX,
	.slots = 4,
	BUILT_JULY},
    {.name = "E5",
	.dates = "2017-08-02",
	.upper_case = true,
	.names_all = true,
	.page_has_build = true,
	.later_sketch = true,
	.quiet_library = true,
	.lib = LIB_ETHERNET2,
	.slots = 8,
	.build_time = "18:27:20",
	.build_date = "Aug  7 2017"},
};

enum { MONTH_AT = 5, DATE_LEN = 10, SHORT_LEN = DATE_LEN - MONTH_AT };

static bool has_date(const struct era *e, const char *text)
{
	size_t len = strlen(text);

	for (const char *d = e->dates; d != NULL; d = strchr(d, ' ')) {
		d += *d == ' ';
		if ((len == DATE_LEN && strncmp(d, text, len) == 0) ||
		    (len == SHORT_LEN && strncmp(d + MONTH_AT, text, len) == 0))
			return true;
	}
	return false;
}

/* "2017-MM-DD" or "MM-DD", on or after the day the later sketch began. */
static bool is_later(const struct era *e, const char *text)
{
	const char *day = strlen(text) == DATE_LEN ? text + MONTH_AT : text;

	if (strlen(day) != SHORT_LEN || day[2] != '-' ||
	    day[strspn(day, "0123456789-")] != '\0' ||
	    (day != text && strncmp(text, "2017-", MONTH_AT) != 0))
		return false;
	return e->later_sketch && strcmp(day, e->dates + MONTH_AT) >= 0;
}

const struct era *era_find(const char *text)
{
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++)
		if (strcmp(eras[i].name, text) == 0 ||
		    has_date(&eras[i], text) || is_later(&eras[i], text))
			return &eras[i];
	return NULL;
}

const char *era_allowed(void)
{
	return "E0, E1, E2, E3, E4, E5, 05-07, 07-15, 07-17, 07-19, 07-29, "
	       "07-30, 08-01, from 08-02 on (2017- may go before)";
}

const char *era_state(
    const struct era *e, uint16_t sr, char out_text[ERA_STATE_TEXT])
{
	switch (sr) {
	case CHIP_CLOSED:
		return "Closed";
	case CHIP_LISTEN:
		return "Listen";
	case CHIP_ESTABLISHED:
		return "Establ";
	case CHIP_CLOSE_WAIT:
		if (e->names_all)
			return "ClsWait";
		break;
	default:
		break;
	}
	snprintf(out_text, ERA_STATE_TEXT,
	    e->upper_case ? "0x%02X  " : "0x%02x  ", sr & 0xffu);
	return out_text;
}

const char *era_mode(uint16_t mr)
{
	return mr == CHIP_MR_TCP ? "TCP" : "Close";
}
