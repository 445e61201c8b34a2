// SPDX-License-Identifier: MIT
// Reads registers that follow each other, as far as a unit gives them, once: for the command
// line, without a map. The owner of the line calls it.
#ifndef BUS_SPAN_H
#define BUS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/line.h"
#include "model/point.h"

// What is read, and what came of it.
struct register_span {
    enum table table; // of registers, not of bits
    uint16_t address; // PDU address of the first
    size_t count;
    uint16_t *words; // `count` of them
    bool *known;     // whether the unit gave it
};

// Reads a span in requests of at most what the device allows (modbus: max_registers). A request
// that is refused is halved, down to single registers, and what is granted is doubled again.
// FAULT_NONE when the unit answered each request, also when it refused; else why the rest was
// not read. A lost frame or a busy moment is given a second try.
enum fault span_read(struct line *line, struct unit *unit, const struct register_span *span);

#endif
