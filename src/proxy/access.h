#ifndef PROXY_ACCESS_H
#define PROXY_ACCESS_H

enum log_format { LOG_LOGFMT, LOG_JSON, LOG_TCPLOG };

struct access_conf {
	enum log_format format;
};

#endif
