// SPDX-License-Identifier: MIT
// Bytes on their way out of one connection or line: each answer begins at its time, one after
// the other, and leaves at once or byte by byte as on a serial line. No sockets, time is an
// argument. One owner, one thread.
#ifndef SIM_OUTLET_H
#define SIM_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/faults.h"

enum {
    OUTLET_IDLE = -1,
    OUTLET_SLOTS = 4, // answers that wait
};

enum outlet_end { OUTLET_STAYS, OUTLET_CLOSES, OUTLET_RESETS };

struct outlet_item {
    uint8_t unit_id;  // who says it
    int64_t start_us; // not before
    int64_t byte_ns;  // between bytes; the first ends so much after the start; 0: all at once
    enum outlet_end end; // what follows the last byte
    size_t length;
    uint8_t bytes[FAULTS_ROOM];
};

struct outlet {
    struct outlet_item *items; // by start_us; OUTLET_SLOTS
    size_t count;
    bool has_begun;  // the first item's start_us is when it really began
    size_t sent;     // of the first item
    int64_t free_us; // when the last byte of the item before had left
};

// Nothing is on its way. Ends with outlet_done.
void outlet_init(struct outlet *outlet);
void outlet_done(struct outlet *outlet);

// Whether nothing more can be put in.
bool outlet_is_full(const struct outlet *outlet);

// Adds an item behind those that start no later; there must be room for it.
void outlet_add(struct outlet *outlet, const struct outlet_item *item);

// The bytes that are due now; NULL when there are none.
const uint8_t *outlet_due(struct outlet *outlet, int64_t now_us, size_t *ret_length);

// When so many more bytes of the first item will have left.
int64_t outlet_left_us(const struct outlet *outlet, size_t bytes);

// So many of them left. What is to be done after an item's last byte is written to ret_end.
// True when that was its last.
bool outlet_sent(struct outlet *outlet, size_t length, enum outlet_end *ret_end);

// When the next byte is due, or OUTLET_IDLE.
int64_t outlet_next_us(const struct outlet *outlet);

#endif
