// SPDX-License-Identifier: MIT
// A link and the units behind it: opened when needed, with the pauses each unit wants, and what
// is known of each unit. Used by polling, commands, the daemon's bus threads and the command
// line alike. One thread owns a line.
#ifndef BUS_LINE_H
#define BUS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/busy.h"
#include "bus/health.h"
#include "bus/link.h"
#include "bus/record.h"
#include "model/site.h"
#include "registers/block.h"
#include "registers/image.h"
#include "wire/pdu.h"

// One device on the line.
struct unit {
    const struct device *device;
    uint16_t index;               // of the device in the site
    struct plan_request planning; // what its plan and those of commands are made of
    const struct plan *plan;
    struct image *image;
    struct health health;
    struct record record;       // of its requests, for status
    int64_t last_ms;            // when its last transaction ended
    uint64_t identified_serial; // the connection its identity is settled on; 0: none
    uint64_t link_serial;       // the line's connection it was last asked over
};

struct line {
    const struct bus_settings *settings;
    struct link *link;
    int stop_descriptor;
    struct unit *units;
    size_t unit_count;
    uint64_t link_serial; // counts connections
    int64_t opened_ms;
    int64_t backoff_ms;
    int64_t retry_at_ms; // not opened again before
    struct error why;    // why it could not be opened last; code ERROR_NONE: it is or was open
    bool was_sent;       // whether a byte of the last request left
    uint64_t seed;       // for jitter
    struct busy busy;    // how much of its time the link is used
};

// A line for the devices of one bus of the site; plans and images are made here, `arena` holds
// the plans. `stop_descriptor` readable ends every wait (-1: none). -1 when the settings are
// unusable.
int line_init(struct line *line, struct arena *arena, const struct site *site, int bus,
              int stop_descriptor, struct error *err);
void line_done(struct line *line);

// The unit of a device (index in the site), or NULL.
struct unit *line_unit(struct line *line, uint16_t device);

// Sends one request to a unit and waits for its answer; opens the link when it is closed and
// may be opened again. The pauses of the link and of the unit are kept. `ret_answer` is written
// for FAULT_NONE and FAULT_EXCEPTION. Never repeats anything.
enum fault line_transact(struct line *line, struct unit *unit, const struct request *request,
                         struct answer *ret_answer);

// Closes the link; the next transaction opens it again, at once.
void line_close(struct line *line);

// Notes how a unit answered; true when its health changed.
bool line_note(struct line *line, struct unit *unit, enum fault fault, int64_t now_ms);

// The modbus unit id of a block or request of a unit.
uint8_t line_unit_id(const struct unit *unit, int unit_id);

#endif
