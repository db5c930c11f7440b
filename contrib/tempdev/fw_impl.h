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

/* ---- fw_print.c ---- */

void fw_print_banner(struct firmware *fw);
void fw_print_sensor(struct firmware *fw);
void fw_print_client(struct firmware *fw);
void fw_print_end(struct firmware *fw);
void fw_print_counters(struct firmware *fw);

/* The status table. */
void fw_print_table(struct firmware *fw);

#endif
