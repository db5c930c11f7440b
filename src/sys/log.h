#ifndef SYS_LOG_H
#define SYS_LOG_H

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_FILE };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_conf {
	enum log_target target;
	const char *path; /* LOG_TO_FILE */
	enum log_level level;
};

#endif
