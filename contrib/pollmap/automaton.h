/*
 * automaton.h: how a connection behaves, as a table. Generated from
 * a kernel at work; do not edit. To make it again:
 *
 *   pollmap enum -k 1 -o TABLE -a snd,rcv,shw,shr,clo,rst
 *   pollmap reduce --c TABLE
 *
 * State 0 is a fresh TCP connection with TCP_NODELAY. In each state
 * mask[] is what poll says of client and server when asked for IN,
 * OUT and RDHUP, in the bits of Linux; AUTOMATON_CLOSED for an end
 * that was closed. on[event] tells what a call returns, -errno for a
 * failure, and the state that follows; next is -1 where the end that
 * would act is closed. A receive takes all there is, its result 1
 * stands for "bytes". A send sends 3 bytes; queues never fill.
 */
#ifndef AUTOMATON_H
#define AUTOMATON_H

#include <errno.h>

enum automaton_event {
	AUTOMATON_C_SND,
	AUTOMATON_C_RCV,
	AUTOMATON_C_SHW,
	AUTOMATON_C_SHR,
	AUTOMATON_C_CLO,
	AUTOMATON_C_RST,
	AUTOMATON_S_SND,
	AUTOMATON_S_RCV,
	AUTOMATON_S_SHW,
	AUTOMATON_S_SHR,
	AUTOMATON_S_CLO,
	AUTOMATON_S_RST,
	AUTOMATON_EVENTS
};

enum { AUTOMATON_STATES = 77, AUTOMATON_CLOSED = 0xffff };

struct automaton_state {
	unsigned short mask[2];
	struct {
		short result, next;
	} on[AUTOMATON_EVENTS];
};

static const struct automaton_state automaton[AUTOMATON_STATES] = {
	/* 0: */
	{{0x4, 0x4}, {
	    {3, 1}, {-EAGAIN, 0}, {0, 2}, {0, 3},
	    {0, 4}, {0, 5}, {3, 6}, {-EAGAIN, 0},
	    {0, 7}, {0, 8}, {0, 9}, {0, 10}}},
	/* 1: c.snd */
	{{0x4, 0x5}, {
	    {3, 1}, {-EAGAIN, 1}, {0, 11}, {0, 12},
	    {0, 13}, {0, 14}, {3, 15}, {1, 0},
	    {0, 16}, {0, 17}, {0, 10}, {0, 10}}},
	/* 2: c.shw */
	{{0x4, 0x2005}, {
	    {-EPIPE, 2}, {-EAGAIN, 2}, {0, 2}, {0, 18},
	    {0, 4}, {0, 19}, {3, 20}, {0, 2},
	    {0, 21}, {0, 2}, {0, 22}, {0, 10}}},
	/* 3: c.shr */
	{{0x2005, 0x4}, {
	    {3, 12}, {0, 3}, {0, 18}, {0, 3},
	    {0, 4}, {0, 5}, {3, 23}, {-EAGAIN, 3},
	    {0, 7}, {0, 24}, {0, 9}, {0, 10}}},
	/* 4: c.clo */
	{{0xffff, 0x2005}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {3, 19}, {0, 4},
	    {0, 25}, {0, 4}, {0, 26}, {0, 26}}},
	/* 5: c.rst */
	{{0xffff, 0x201d}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {-ECONNRESET, 25}, {-ECONNRESET, 25},
	    {-ENOTCONN, 5}, {-ENOTCONN, 5}, {0, 26}, {0, 26}}},
	/* 6: s.snd */
	{{0x5, 0x4}, {
	    {3, 15}, {1, 0}, {0, 20}, {0, 23},
	    {0, 5}, {0, 5}, {3, 6}, {-EAGAIN, 6},
	    {0, 27}, {0, 28}, {0, 29}, {0, 30}}},
	/* 7: s.shw */
	{{0x2005, 0x4}, {
	    {3, 16}, {0, 7}, {0, 21}, {0, 7},
	    {0, 25}, {0, 5}, {-EPIPE, 7}, {-EAGAIN, 7},
	    {0, 7}, {0, 31}, {0, 9}, {0, 32}}},
	/* 8: s.shr */
	{{0x4, 0x2005}, {
	    {3, 17}, {-EAGAIN, 8}, {0, 2}, {0, 24},
	    {0, 4}, {0, 5}, {3, 28}, {0, 8},
	    {0, 31}, {0, 8}, {0, 9}, {0, 10}}},
	/* 9: s.clo */
	{{0x2005, 0xffff}, {
	    {3, 32}, {0, 9}, {0, 22}, {0, 9},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 10: s.rst */
	{{0x201d, 0xffff}, {
	    {-ECONNRESET, 22}, {-ECONNRESET, 22}, {-ENOTCONN, 10}, {-ENOTCONN, 10},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 11: c.snd c.shw */
	{{0x4, 0x2005}, {
	    {-EPIPE, 11}, {-EAGAIN, 11}, {0, 11}, {0, 33},
	    {0, 13}, {0, 34}, {3, 35}, {1, 2},
	    {0, 36}, {0, 11}, {0, 10}, {0, 10}}},
	/* 12: c.snd c.shr */
	{{0x2005, 0x5}, {
	    {3, 12}, {0, 12}, {0, 33}, {0, 12},
	    {0, 13}, {0, 14}, {3, 37}, {1, 3},
	    {0, 16}, {0, 38}, {0, 10}, {0, 10}}},
	/* 13: c.snd c.clo */
	{{0xffff, 0x2005}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {3, 34}, {1, 4},
	    {0, 39}, {0, 13}, {0, 26}, {0, 26}}},
	/* 14: c.snd c.rst */
	{{0xffff, 0x201d}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {-ECONNRESET, 39}, {1, 5},
	    {-ENOTCONN, 14}, {-ENOTCONN, 14}, {0, 26}, {0, 26}}},
	/* 15: c.snd s.snd */
	{{0x5, 0x5}, {
	    {3, 15}, {1, 1}, {0, 35}, {0, 37},
	    {0, 14}, {0, 14}, {3, 15}, {1, 6},
	    {0, 40}, {0, 41}, {0, 30}, {0, 30}}},
	/* 16: c.snd s.shw */
	{{0x2005, 0x5}, {
	    {3, 16}, {0, 16}, {0, 36}, {0, 16},
	    {0, 39}, {0, 14}, {-EPIPE, 16}, {1, 7},
	    {0, 16}, {0, 42}, {0, 32}, {0, 32}}},
	/* 17: c.snd s.shr */
	{{0x4, 0x2005}, {
	    {3, 17}, {-EAGAIN, 17}, {0, 11}, {0, 38},
	    {0, 13}, {0, 14}, {3, 41}, {1, 8},
	    {0, 42}, {0, 17}, {0, 10}, {0, 10}}},
	/* 18: c.shw c.shr */
	{{0x2015, 0x2005}, {
	    {-EPIPE, 18}, {0, 18}, {0, 18}, {0, 18},
	    {0, 4}, {0, 19}, {3, 43}, {0, 18},
	    {0, 21}, {0, 18}, {0, 22}, {0, 10}}},
	/* 19: c.shw c.rst */
	{{0xffff, 0x201d}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {-EPIPE, 25}, {0, 19},
	    {-ENOTCONN, 19}, {-ENOTCONN, 19}, {0, 26}, {0, 26}}},
	/* 20: c.shw s.snd */
	{{0x5, 0x2005}, {
	    {-EPIPE, 20}, {1, 2}, {0, 20}, {0, 44},
	    {0, 19}, {0, 19}, {3, 20}, {0, 20},
	    {0, 45}, {0, 20}, {0, 46}, {0, 30}}},
	/* 21: c.shw s.shw */
	{{0x2015, 0x2015}, {
	    {-EPIPE, 21}, {0, 21}, {-ENOTCONN, 21}, {-ENOTCONN, 21},
	    {0, 25}, {0, 25}, {-EPIPE, 21}, {0, 21},
	    {-ENOTCONN, 21}, {-ENOTCONN, 21}, {0, 22}, {0, 22}}},
	/* 22: c.shw s.clo */
	{{0x2015, 0xffff}, {
	    {-EPIPE, 22}, {0, 22}, {-ENOTCONN, 22}, {-ENOTCONN, 22},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 23: c.shr s.snd */
	{{0x2005, 0x4}, {
	    {3, 37}, {1, 3}, {0, 44}, {0, 23},
	    {0, 5}, {0, 5}, {3, 23}, {-EAGAIN, 23},
	    {0, 27}, {0, 47}, {0, 29}, {0, 30}}},
	/* 24: c.shr s.shr */
	{{0x2005, 0x2005}, {
	    {3, 38}, {0, 24}, {0, 18}, {0, 24},
	    {0, 4}, {0, 5}, {3, 47}, {0, 24},
	    {0, 31}, {0, 24}, {0, 9}, {0, 10}}},
	/* 25: c.clo s.shw */
	{{0xffff, 0x2015}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {-EPIPE, 25}, {0, 25},
	    {-ENOTCONN, 25}, {-ENOTCONN, 25}, {0, 26}, {0, 26}}},
	/* 26: c.clo s.clo */
	{{0xffff, 0xffff}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 27: s.snd s.shw */
	{{0x2005, 0x4}, {
	    {3, 40}, {1, 7}, {0, 45}, {0, 27},
	    {0, 5}, {0, 5}, {-EPIPE, 27}, {-EAGAIN, 27},
	    {0, 27}, {0, 48}, {0, 29}, {0, 49}}},
	/* 28: s.snd s.shr */
	{{0x5, 0x2005}, {
	    {3, 41}, {1, 8}, {0, 20}, {0, 47},
	    {0, 5}, {0, 5}, {3, 28}, {0, 28},
	    {0, 48}, {0, 28}, {0, 29}, {0, 30}}},
	/* 29: s.snd s.clo */
	{{0x2005, 0xffff}, {
	    {3, 49}, {1, 9}, {0, 46}, {0, 29},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 30: s.snd s.rst */
	{{0x201d, 0xffff}, {
	    {-ECONNRESET, 46}, {1, 10}, {-ENOTCONN, 30}, {-ENOTCONN, 30},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 31: s.shw s.shr */
	{{0x2005, 0x2015}, {
	    {3, 50}, {0, 31}, {0, 21}, {0, 31},
	    {0, 25}, {0, 5}, {-EPIPE, 31}, {0, 31},
	    {0, 31}, {0, 31}, {0, 9}, {0, 32}}},
	/* 32: s.shw s.rst */
	{{0x201d, 0xffff}, {
	    {-EPIPE, 22}, {0, 32}, {-ENOTCONN, 32}, {-ENOTCONN, 32},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 33: c.snd c.shw c.shr */
	{{0x2015, 0x2005}, {
	    {-EPIPE, 33}, {0, 33}, {0, 33}, {0, 33},
	    {0, 13}, {0, 34}, {3, 51}, {1, 18},
	    {0, 36}, {0, 33}, {0, 10}, {0, 10}}},
	/* 34: c.snd c.shw c.rst */
	{{0xffff, 0x201d}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {-EPIPE, 39}, {1, 19},
	    {-ENOTCONN, 34}, {-ENOTCONN, 34}, {0, 26}, {0, 26}}},
	/* 35: c.snd c.shw s.snd */
	{{0x5, 0x2005}, {
	    {-EPIPE, 35}, {1, 11}, {0, 35}, {0, 52},
	    {0, 34}, {0, 34}, {3, 35}, {1, 20},
	    {0, 53}, {0, 35}, {0, 30}, {0, 30}}},
	/* 36: c.snd c.shw s.shw */
	{{0x2015, 0x2015}, {
	    {-EPIPE, 36}, {0, 36}, {-ENOTCONN, 36}, {-ENOTCONN, 36},
	    {0, 39}, {0, 39}, {-EPIPE, 36}, {1, 21},
	    {-ENOTCONN, 36}, {-ENOTCONN, 36}, {0, 22}, {0, 22}}},
	/* 37: c.snd c.shr s.snd */
	{{0x2005, 0x5}, {
	    {3, 37}, {1, 12}, {0, 52}, {0, 37},
	    {0, 14}, {0, 14}, {3, 37}, {1, 23},
	    {0, 40}, {0, 54}, {0, 30}, {0, 30}}},
	/* 38: c.snd c.shr s.shr */
	{{0x2005, 0x2005}, {
	    {3, 38}, {0, 38}, {0, 33}, {0, 38},
	    {0, 13}, {0, 14}, {3, 54}, {1, 24},
	    {0, 42}, {0, 38}, {0, 10}, {0, 10}}},
	/* 39: c.snd c.clo s.shw */
	{{0xffff, 0x2015}, {
	    {0, -1}, {0, -1}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {-EPIPE, 39}, {1, 25},
	    {-ENOTCONN, 39}, {-ENOTCONN, 39}, {0, 26}, {0, 26}}},
	/* 40: c.snd s.snd s.shw */
	{{0x2005, 0x5}, {
	    {3, 40}, {1, 16}, {0, 53}, {0, 40},
	    {0, 14}, {0, 14}, {-EPIPE, 40}, {1, 27},
	    {0, 40}, {0, 55}, {0, 49}, {0, 49}}},
	/* 41: c.snd s.snd s.shr */
	{{0x5, 0x2005}, {
	    {3, 41}, {1, 17}, {0, 35}, {0, 54},
	    {0, 14}, {0, 14}, {3, 41}, {1, 28},
	    {0, 55}, {0, 41}, {0, 30}, {0, 30}}},
	/* 42: c.snd s.shw s.shr */
	{{0x2005, 0x2015}, {
	    {3, 56}, {0, 42}, {0, 36}, {0, 42},
	    {0, 39}, {0, 14}, {-EPIPE, 42}, {1, 31},
	    {0, 42}, {0, 42}, {0, 32}, {0, 32}}},
	/* 43: c.shw c.shr s.snd */
	{{0x201d, 0x201d}, {
	    {-ECONNRESET, 57}, {-ECONNRESET, 57}, {-ENOTCONN, 43}, {-ENOTCONN, 43},
	    {0, 19}, {0, 19}, {-EPIPE, 58}, {0, 43},
	    {-ENOTCONN, 43}, {-ENOTCONN, 43}, {0, 10}, {0, 10}}},
	/* 44: c.shw s.snd c.shr */
	{{0x2015, 0x2005}, {
	    {-EPIPE, 44}, {1, 18}, {0, 44}, {0, 44},
	    {0, 19}, {0, 19}, {3, 59}, {0, 44},
	    {0, 45}, {0, 44}, {0, 46}, {0, 30}}},
	/* 45: c.shw s.snd s.shw */
	{{0x2015, 0x2015}, {
	    {-EPIPE, 45}, {1, 21}, {-ENOTCONN, 45}, {-ENOTCONN, 45},
	    {0, 25}, {0, 25}, {-EPIPE, 45}, {0, 45},
	    {-ENOTCONN, 45}, {-ENOTCONN, 45}, {0, 46}, {0, 46}}},
	/* 46: c.shw s.snd s.clo */
	{{0x2015, 0xffff}, {
	    {-EPIPE, 46}, {1, 22}, {-ENOTCONN, 46}, {-ENOTCONN, 46},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 47: c.shr s.snd s.shr */
	{{0x2005, 0x2005}, {
	    {3, 54}, {1, 24}, {0, 44}, {0, 47},
	    {0, 5}, {0, 5}, {3, 47}, {0, 47},
	    {0, 48}, {0, 47}, {0, 29}, {0, 30}}},
	/* 48: s.snd s.shw s.shr */
	{{0x2005, 0x2015}, {
	    {3, 60}, {1, 31}, {0, 45}, {0, 48},
	    {0, 5}, {0, 5}, {-EPIPE, 48}, {0, 48},
	    {0, 48}, {0, 48}, {0, 29}, {0, 49}}},
	/* 49: s.snd s.shw s.rst */
	{{0x201d, 0xffff}, {
	    {-EPIPE, 46}, {1, 32}, {-ENOTCONN, 49}, {-ENOTCONN, 49},
	    {0, 26}, {0, 26}, {0, -1}, {0, -1},
	    {0, -1}, {0, -1}, {0, -1}, {0, -1}}},
	/* 50: s.shw s.shr c.snd */
	{{0x201d, 0x201d}, {
	    {-EPIPE, 61}, {0, 50}, {-ENOTCONN, 50}, {-ENOTCONN, 50},
	    {0, 5}, {0, 5}, {-ECONNRESET, 62}, {-ECONNRESET, 62},
	    {-ENOTCONN, 50}, {-ENOTCONN, 50}, {0, 32}, {0, 32}}},
	/* 51: c.snd c.shw c.shr s.snd */
	{{0x201d, 0x201d}, {
	    {-ECONNRESET, 63}, {-ECONNRESET, 63}, {-ENOTCONN, 51}, {-ENOTCONN, 51},
	    {0, 34}, {0, 34}, {-EPIPE, 64}, {1, 43},
	    {-ENOTCONN, 51}, {-ENOTCONN, 51}, {0, 10}, {0, 10}}},
	/* 52: c.snd c.shw s.snd c.shr */
	{{0x2015, 0x2005}, {
	    {-EPIPE, 52}, {1, 33}, {0, 52}, {0, 52},
	    {0, 34}, {0, 34}, {3, 65}, {1, 44},
	    {0, 53}, {0, 52}, {0, 30}, {0, 30}}},
	/* 53: c.snd c.shw s.snd s.shw */
	{{0x2015, 0x2015}, {
	    {-EPIPE, 53}, {1, 36}, {-ENOTCONN, 53}, {-ENOTCONN, 53},
	    {0, 39}, {0, 39}, {-EPIPE, 53}, {1, 45},
	    {-ENOTCONN, 53}, {-ENOTCONN, 53}, {0, 46}, {0, 46}}},
	/* 54: c.snd c.shr s.snd s.shr */
	{{0x2005, 0x2005}, {
	    {3, 54}, {1, 38}, {0, 52}, {0, 54},
	    {0, 14}, {0, 14}, {3, 54}, {1, 47},
	    {0, 55}, {0, 54}, {0, 30}, {0, 30}}},
	/* 55: c.snd s.snd s.shw s.shr */
	{{0x2005, 0x2015}, {
	    {3, 66}, {1, 42}, {0, 53}, {0, 55},
	    {0, 14}, {0, 14}, {-EPIPE, 55}, {1, 48},
	    {0, 55}, {0, 55}, {0, 49}, {0, 49}}},
	/* 56: c.snd s.shw s.shr c.snd */
	{{0x201d, 0x201d}, {
	    {-EPIPE, 67}, {0, 56}, {-ENOTCONN, 56}, {-ENOTCONN, 56},
	    {0, 14}, {0, 14}, {-ECONNRESET, 68}, {1, 50},
	    {-ENOTCONN, 56}, {-ENOTCONN, 56}, {0, 32}, {0, 32}}},
	/* 57: c.shw c.shr s.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 57}, {0, 57}, {-ENOTCONN, 57}, {-ENOTCONN, 57},
	    {0, 19}, {0, 19}, {-EPIPE, 21}, {0, 57},
	    {-ENOTCONN, 57}, {-ENOTCONN, 57}, {0, 22}, {0, 22}}},
	/* 58: c.shw c.shr s.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-ECONNRESET, 21}, {-ECONNRESET, 21}, {-ENOTCONN, 58}, {-ENOTCONN, 58},
	    {0, 25}, {0, 25}, {-EPIPE, 58}, {0, 58},
	    {-ENOTCONN, 58}, {-ENOTCONN, 58}, {0, 10}, {0, 10}}},
	/* 59: c.shw s.snd c.shr s.snd */
	{{0x201d, 0x201d}, {
	    {-ECONNRESET, 69}, {1, 43}, {-ENOTCONN, 59}, {-ENOTCONN, 59},
	    {0, 19}, {0, 19}, {-EPIPE, 70}, {0, 59},
	    {-ENOTCONN, 59}, {-ENOTCONN, 59}, {0, 30}, {0, 30}}},
	/* 60: s.snd s.shw s.shr c.snd */
	{{0x201d, 0x201d}, {
	    {-EPIPE, 71}, {1, 50}, {-ENOTCONN, 60}, {-ENOTCONN, 60},
	    {0, 5}, {0, 5}, {-ECONNRESET, 72}, {-ECONNRESET, 72},
	    {-ENOTCONN, 60}, {-ENOTCONN, 60}, {0, 49}, {0, 49}}},
	/* 61: s.shw s.shr c.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 61}, {0, 61}, {-ENOTCONN, 61}, {-ENOTCONN, 61},
	    {0, 5}, {0, 5}, {-ECONNRESET, 21}, {-ECONNRESET, 21},
	    {-ENOTCONN, 61}, {-ENOTCONN, 61}, {0, 22}, {0, 22}}},
	/* 62: s.shw s.shr c.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-EPIPE, 21}, {0, 62}, {-ENOTCONN, 62}, {-ENOTCONN, 62},
	    {0, 25}, {0, 25}, {-EPIPE, 62}, {0, 62},
	    {-ENOTCONN, 62}, {-ENOTCONN, 62}, {0, 32}, {0, 32}}},
	/* 63: c.snd c.shw c.shr s.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 63}, {0, 63}, {-ENOTCONN, 63}, {-ENOTCONN, 63},
	    {0, 34}, {0, 34}, {-EPIPE, 36}, {1, 57},
	    {-ENOTCONN, 63}, {-ENOTCONN, 63}, {0, 22}, {0, 22}}},
	/* 64: c.snd c.shw c.shr s.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-ECONNRESET, 36}, {-ECONNRESET, 36}, {-ENOTCONN, 64}, {-ENOTCONN, 64},
	    {0, 39}, {0, 39}, {-EPIPE, 64}, {1, 58},
	    {-ENOTCONN, 64}, {-ENOTCONN, 64}, {0, 10}, {0, 10}}},
	/* 65: c.snd c.shw s.snd c.shr s.snd */
	{{0x201d, 0x201d}, {
	    {-ECONNRESET, 73}, {1, 51}, {-ENOTCONN, 65}, {-ENOTCONN, 65},
	    {0, 34}, {0, 34}, {-EPIPE, 74}, {1, 59},
	    {-ENOTCONN, 65}, {-ENOTCONN, 65}, {0, 30}, {0, 30}}},
	/* 66: c.snd s.snd s.shw s.shr c.snd */
	{{0x201d, 0x201d}, {
	    {-EPIPE, 75}, {1, 56}, {-ENOTCONN, 66}, {-ENOTCONN, 66},
	    {0, 14}, {0, 14}, {-ECONNRESET, 76}, {1, 60},
	    {-ENOTCONN, 66}, {-ENOTCONN, 66}, {0, 49}, {0, 49}}},
	/* 67: c.snd s.shw s.shr c.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 67}, {0, 67}, {-ENOTCONN, 67}, {-ENOTCONN, 67},
	    {0, 14}, {0, 14}, {-ECONNRESET, 36}, {1, 61},
	    {-ENOTCONN, 67}, {-ENOTCONN, 67}, {0, 22}, {0, 22}}},
	/* 68: c.snd s.shw s.shr c.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-EPIPE, 36}, {0, 68}, {-ENOTCONN, 68}, {-ENOTCONN, 68},
	    {0, 39}, {0, 39}, {-EPIPE, 68}, {1, 62},
	    {-ENOTCONN, 68}, {-ENOTCONN, 68}, {0, 32}, {0, 32}}},
	/* 69: c.shw s.snd c.shr s.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 69}, {1, 57}, {-ENOTCONN, 69}, {-ENOTCONN, 69},
	    {0, 19}, {0, 19}, {-EPIPE, 45}, {0, 69},
	    {-ENOTCONN, 69}, {-ENOTCONN, 69}, {0, 46}, {0, 46}}},
	/* 70: c.shw s.snd c.shr s.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-ECONNRESET, 45}, {1, 58}, {-ENOTCONN, 70}, {-ENOTCONN, 70},
	    {0, 25}, {0, 25}, {-EPIPE, 70}, {0, 70},
	    {-ENOTCONN, 70}, {-ENOTCONN, 70}, {0, 30}, {0, 30}}},
	/* 71: s.snd s.shw s.shr c.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 71}, {1, 61}, {-ENOTCONN, 71}, {-ENOTCONN, 71},
	    {0, 5}, {0, 5}, {-ECONNRESET, 45}, {-ECONNRESET, 45},
	    {-ENOTCONN, 71}, {-ENOTCONN, 71}, {0, 46}, {0, 46}}},
	/* 72: s.snd s.shw s.shr c.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-EPIPE, 45}, {1, 62}, {-ENOTCONN, 72}, {-ENOTCONN, 72},
	    {0, 25}, {0, 25}, {-EPIPE, 72}, {0, 72},
	    {-ENOTCONN, 72}, {-ENOTCONN, 72}, {0, 49}, {0, 49}}},
	/* 73: c.snd c.shw s.snd c.shr s.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 73}, {1, 63}, {-ENOTCONN, 73}, {-ENOTCONN, 73},
	    {0, 34}, {0, 34}, {-EPIPE, 53}, {1, 69},
	    {-ENOTCONN, 73}, {-ENOTCONN, 73}, {0, 46}, {0, 46}}},
	/* 74: c.snd c.shw s.snd c.shr s.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-ECONNRESET, 53}, {1, 64}, {-ENOTCONN, 74}, {-ENOTCONN, 74},
	    {0, 39}, {0, 39}, {-EPIPE, 74}, {1, 70},
	    {-ENOTCONN, 74}, {-ENOTCONN, 74}, {0, 30}, {0, 30}}},
	/* 75: c.snd s.snd s.shw s.shr c.snd c.snd */
	{{0x2015, 0x201d}, {
	    {-EPIPE, 75}, {1, 67}, {-ENOTCONN, 75}, {-ENOTCONN, 75},
	    {0, 14}, {0, 14}, {-ECONNRESET, 53}, {1, 71},
	    {-ENOTCONN, 75}, {-ENOTCONN, 75}, {0, 46}, {0, 46}}},
	/* 76: c.snd s.snd s.shw s.shr c.snd s.snd */
	{{0x201d, 0x2015}, {
	    {-EPIPE, 53}, {1, 68}, {-ENOTCONN, 76}, {-ENOTCONN, 76},
	    {0, 39}, {0, 39}, {-EPIPE, 76}, {1, 72},
	    {-ENOTCONN, 76}, {-ENOTCONN, 76}, {0, 49}, {0, 49}}},
};

#endif
