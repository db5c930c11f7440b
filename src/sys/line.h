/*
 * line.h: what the processes of one proxy tell each other: whole messages over
 * a socketpair, a descriptor with one if need be.
 *
 * All ends are the same program, or after an upgrade one that speaks the same
 * LINE_VERSION. Nobody ever waits for a reader.
 */
#ifndef SYS_LINE_H
#define SYS_LINE_H

#include <stddef.h>
#include <stdint.h>

/* Changes with anything that is told. */
enum { LINE_VERSION = 4, LINE_BYTES_MAX = 2048 };

enum line_kind {
	/* The keeper tells a worker. */
	LINE_GO,	/* serve; `bytes`: health, or none */
	LINE_DRAIN,	/* no more clients; those present may finish */
	LINE_END,	/* the end, at once */
	LINE_RETIRE,	/* as DRAIN, for another worker has taken over */
	LINE_LOG,	/* a descriptor: the log, opened again */
	LINE_ADDRESSES, /* `bytes`: the device's addresses */
	LINE_PING,	/* `count` is to stand in the mapping */
	LINE_HOLD,	/* `count` 1: let nobody to the device; 0: release */
	LINE_LEVEL,	/* `count`: that of the log from now on */
	LINE_LOOK,	/* who is there? `count` is to stand in the mapping */
	LINE_CLOSE,	/* `bytes`: the struct peer whose connections end */
	/* A worker tells the keeper. */
	LINE_READY,   /* it waits for GO */
	LINE_RETIRED, /* it accepts nobody any more; `count`: slots it keeps,
			 `bytes`: health */
	LINE_LOOKED,  /* they stand in the mapping */
	LINE_LOOK_UP, /* the device's name again, please */
	/* A keeper passes on to the one that replaces it. */
	LINE_STATS,	/* a descriptor: the mapping */
	LINE_DEVICE,	/* `bytes`: the device, as its settings have it */
	LINE_SOCKET,	/* a descriptor; `bytes`: its listen_socket */
	LINE_RESPONDER, /* the same, of control (`count` 0) or admin (1) */
	/* Either way, see keeper/handover.c. */
	LINE_SLOTS,  /* `count` of them are passed on */
	LINE_WANT,   /* `count` of them are waited for, over there */
	LINE_HEALTH, /* `bytes`: what is known of the device */
};

struct line_message {
	uint32_t kind;
	uint32_t count;
	int64_t until_ms; /* SLOTS: in quarantine; 0: not */
	uint32_t length;  /* of `bytes` */
	unsigned char bytes[LINE_BYTES_MAX];
};

/* Two connected ends, close-on-exec and nonblocking. 0 or -errno. */
int line_open(int out_fds[2]);

/* Sends `m`, and with it a copy of `passed_fd` (-1: none). 0 or -errno;
 * -EAGAIN: the other end has very many unread. */
int line_send(int fd, const struct line_message *m, int passed_fd);

/* Shorthand for a message that has no more than a kind and a count. */
int line_tell(int fd, enum line_kind kind, uint32_t count);

/* Reads one: 0, -EAGAIN when there is none, -EPIPE when the other end is
 * gone. `*out_fd` is the descriptor that came along, or -1. */
int line_receive(int fd, struct line_message *out, int *out_fd);

#endif
