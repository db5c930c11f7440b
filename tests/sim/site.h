/*
 * site.h: what the device says: every reply bears a number, and its number
 * tells every byte of it. So whoever reads one can check it.
 */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "world.h"

enum reply_kind {
	REPLY_LENGTH,  /* 'l': Content-Length, then the device closes or not */
	REPLY_CHUNKED, /* 'c' */
	REPLY_FIN,     /* 'f': ends with the device's FIN */
	REPLY_EVENTS,  /* 's': an event stream, without an end */
	REPLY_EMPTY,   /* 'e': FIN before any byte */
	REPLY_CUT,     /* 'x': a reset in the middle */
	REPLY_NOTHING, /* 'n': this device has no answer to that */
	REPLY_PAGE,    /* 'p': for many; Content-Length */
	REPLY_ODD,     /* 'o': one that few devices send, see site.c */
	REPLY_UPGRADE, /* 'u': another protocol, if that was asked for */
	REPLY_KINDS
};

enum { REPLY_HEAD_MAX = 320, REPLY_MARK_BYTES = 35 };

/* One request that reached the device, and its reply. */
struct reply {
	uint32_t serial;
	uint32_t client; /* who asked; 0: the probe */
	enum reply_kind kind;
	uint32_t size;	 /* of the body */
	uint32_t target; /* see site_target */
	bool head_only;
	bool keeps_open; /* the device said that it would */
	bool ended;	 /* it has said all it will ever say */
	bool cut;	 /* by the device itself */
	bool is_private; /* it says that it is for nobody else */
	int64_t done_us; /* the reply was, at the device */
	uint64_t sent;	 /* written by the device */
	uint64_t total;	 /* UINT64_MAX: no end */
	uint32_t head_bytes;
	char head[REPLY_HEAD_MAX];
};

void site_start(void);

/* A new reply, its head made and its length known. */
struct reply *site_new(
    enum reply_kind kind, uint32_t size, bool head_only, bool keeps_open);

/* NULL: there never was one, or so long ago that nobody should ask. */
struct reply *site_find(uint32_t serial);

/* Bytes `from` and on of the reply. */
void site_bytes(const struct reply *r, uint64_t from, char *out, size_t len);

/* The number in the first REPLY_MARK_BYTES of a reply; 0: it has none. */
uint32_t site_serial(const char *bytes);

/* Reads a target: "/l1500?on=1". */
bool site_parse(
    const char *target, enum reply_kind *out_kind, uint32_t *out_size);
/* A number for request line and Host, the first two lines of `head`. */
uint32_t site_target(const char *head);
char site_letter(enum reply_kind kind);

#endif
