/*
 * option.h: a row of the table: names a setting, says what values it takes,
 * where in struct conf they go and what each profile chooses.
 */
#ifndef SETTINGS_OPTION_H
#define SETTINGS_OPTION_H

#include <stddef.h>
#include <stdint.h>

struct value_type;

enum profile {
	PROFILE_RAW,
	PROFILE_W5500,
	PROFILE_ESP,
	PROFILE_PRINTER,
	PROFILE_SERIAL,
	PROFILE_MODBUS,
	PROFILE_COUNT
};

enum option_group {
	GROUP_COMMANDS, /* no settings: only on the command line */
	GROUP_ADDRESSES,
	GROUP_CLIENTS,
	GROUP_GATE,
	GROUP_SLOTS,
	GROUP_DIAL,
	GROUP_CLOCKS,
	GROUP_ENDS,
	GROUP_REPLIES,
	GROUP_BYTES,
	GROUP_HEALTH,
	GROUP_PROCESS,
	GROUP_COUNT
};

enum option_command {
	COMMAND_NONE, /* a setting */
	COMMAND_CONFIG,
	COMMAND_CHECK,
	COMMAND_SHOW,
	COMMAND_SINGLE,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct option {
	const char *name;
	const char *form; /* of the value; NULL: takes none */
	enum option_group group;
	const struct value_type *type; /* NULL: a command */
	size_t offset;		       /* of the field in struct conf */
	int64_t min;
	int64_t max;
	const char *const *words; /* of the kinds that choose among words */
	/* As one would write it. NULL for a profile: as in raw. NULL in raw:
	 * nothing is set. */
	const char *value[PROFILE_COUNT];
	const char *help;
	char letter; /* 0: none */
	enum option_command command;
};

#endif
