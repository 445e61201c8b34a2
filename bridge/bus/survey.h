// SPDX-License-Identifier: MIT
// Reads entries of a unit once, with what they depend on, into the unit's image: for the
// command line, without a daemon. The owner of the line calls it.
#ifndef BUS_SURVEY_H
#define BUS_SURVEY_H

#include "bus/line.h"
#include "registers/needs.h"

// Who hears what each request brought, or how it was refused; `address` and `count` are where
// the block is on this device.
struct survey_listener {
    void *context;
    void (*heard)(void *context, const struct reading *reading, uint16_t address,
                  uint16_t count);
};

// Reads the entries in `needs` (which is closed first). Entries with a condition are read when
// it holds. A refused request is repeated entry by entry, so that one missing register does not
// hide the others. FAULT_NONE when the unit answered at all, also when it refused; else why
// not. `listener` may be NULL.
enum fault survey_read(struct line *line, struct unit *unit, struct needs *needs,
                       const struct survey_listener *listener);

#endif
