// SPDX-License-Identifier: MIT
// A bus's status as of now, out of what its thread owns. That thread calls it, between two
// transactions.
#ifndef BUS_SNAPSHOT_H
#define BUS_SNAPSHOT_H

#include "bus/agenda.h"
#include "bus/holds.h"
#include "bus/jobs.h"
#include "bus/line.h"
#include "model/status.h"

// What a bus consists of, all borrowed.
struct snapshot_of {
    const struct line *line;
    const struct agenda *agenda;
    const struct jobs *jobs;
    const struct holds *holds;
    int64_t link_since_ms; // when the link opened or failed; 0: it was never tried
};

// Fills a status that has room for the line's units (fewer are filled when it has less).
void snapshot_fill(const struct snapshot_of *of, struct bus_status *ret_status);

#endif
