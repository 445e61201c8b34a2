// SPDX-License-Identifier: MIT
// modbridge probe: what is in a range of registers, and what it may mean. Only reads are made.
// Main thread.
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include <stdint.h>

#include "base/error.h"
#include "bus/sounding.h"
#include "cli/target.h"

enum { MAX_PROBE = 10000 }; // registers or bits of one range

// A range as it is given: "holding:100..120".
struct probe_range {
    enum table table;
    uint16_t first;
    uint32_t count;
};

struct probe {
    struct target *target;
    struct probe_range range;
    struct sounding sounding;
    uint16_t *words; // by place; a bit is 0 or 1. Where sounding.states says SOUNDING_READ
};

// Takes TABLE:ADDRESS[..ADDRESS] apart. ERROR_USAGE; a number of the old notation (40001) is
// explained. Pure.
int probe_parse(const char *text, struct probe_range *ret_range, struct error *err);

// What an address would be if it were a number of the old notation, in which 40001 is the first
// holding register: "holding:0"; "" when it cannot be one. Pure.
enum { PLACE_SIZE = 24 };
void probe_old_place(int64_t number, char ret_place[PLACE_SIZE]);

// Prints what was read for people, or as one JSON object (docs/tools.md).
void probe_print_text(const struct probe *probe);
void probe_print_json(const struct probe *probe);

#endif
