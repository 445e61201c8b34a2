// SPDX-License-Identifier: MIT
// Which maps fit a unit that answers: what their `identify:` rules name is read and compared,
// and where a map has SunSpec models instead, they are looked for in the unit's chain. Only
// reads are made, each once for all maps. The owner of the line calls it.
#ifndef BUS_FITTING_H
#define BUS_FITTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/interview.h"
#include "bus/line.h"

enum fitting {
    FITTING_OTHER, // it is another device than the map's
    FITTING_FITS,
    FITTING_UNTOLD, // the map has no rule, or what it names cannot be read
};

// How well a map fits.
struct fit {
    enum fitting fitting;
    bool has_rule;       // the map can tell at all
    size_t models;       // that the map names, of SunSpec
    size_t models_found; // of them, here
};

// The reads of one unit.
struct unit_reads;

// `unit` is any of the line; `unit_id` is the one that is asked. The caller owns it.
struct unit_reads *unit_reads_new(struct line *line, struct unit *unit, uint8_t unit_id);
void unit_reads_free(struct unit_reads *reads);

// The outcome of a read, made now unless it was made before. A unit that was silent three times
// in a row is not asked any more.
enum fault unit_reads_get(struct unit_reads *reads, const struct request *request,
                          struct answer *ret_answer);

// Compares a map with a unit. FAULT_STOPPED: the program stops, nothing is written.
enum fault fitting_judge(struct unit_reads *reads, const struct account *account,
                         const struct map *map, struct fit *ret_fit);

// Whether what a unit says of its vendor names the vendor of a map: the first word, in
// whichever case. Pure.
bool fitting_is_of_vendor(const struct map *map, const char *said);

#endif
