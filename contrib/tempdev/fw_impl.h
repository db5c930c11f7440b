/*
 * fw_impl.h: between the parts of the firmware.
 */
#ifndef TEMPDEV_FW_IMPL_H
#define TEMPDEV_FW_IMPL_H

#include "firmware.h"

/* ---- firmware.c ---- */

/* `step` runs after `delay_us`, whatever happens. */
void fw_next(
    struct firmware *fw, void (*step)(struct firmware *), int64_t delay_us);

/* The same, but an interrupt brings it forward. */
void fw_wait(
    struct firmware *fw, void (*step)(struct firmware *), int64_t delay_us);

void fw_loop(struct firmware *fw);

/* ---- fw_session.c ---- */

/* Serves the client in fw->slot, then returns to fw_loop. */
void fw_session(struct firmware *fw);

/* Writes the reply that is composed, then stops, keeps or goes on. */
void fw_reply(struct firmware *fw);

/* Ends the connection in fw->slot, then returns to fw_loop. */
void fw_stop(struct firmware *fw);

/* The same by the library itself, which prints nothing. */
void fw_reclaim(struct firmware *fw);

/* ---- fw_site.c ---- */

/* The head is complete: reads the body, then replies. */
void fw_site_request(struct firmware *fw);

/* The connection stays after this reply. */
void fw_site_keep(struct firmware *fw);

/* Looks after kept connections; true: that takes the next step. When it next
 * has to. */
bool fw_site_attend(struct firmware *fw);
int64_t fw_site_due(const struct firmware *fw);

/* ---- fw_print.c ---- */

void fw_print_banner(struct firmware *fw);
void fw_print_sensor(struct firmware *fw);
void fw_print_client(struct firmware *fw);
void fw_print_end(struct firmware *fw);
void fw_print_counters(struct firmware *fw);

/* The status table, and the same if key s has not switched it off. */
void fw_print_table(struct firmware *fw);
void fw_print_own_table(struct firmware *fw);

/* Lines that key v switches off. */
void fw_print_detail(struct firmware *fw, const char *line);

/* What the later sketch prints when `writes` of its page are done. */
void fw_print_progress(struct firmware *fw, unsigned int writes);

#endif
