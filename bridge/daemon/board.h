// SPDX-License-Identifier: MIT
// The last status of every bus: which bus is to be asked for a new one, and how old what is
// known is. A bus is asked at most once at a time, and not again while its answer is fresh,
// however many people ask. Pure: time is an argument. The main thread owns it.
#ifndef DAEMON_BOARD_H
#define DAEMON_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/status.h"

enum { BOARD_FRESH_MS = 200 };

struct board_slot {
    struct bus_status *latest; // NULL: none yet
    bool is_asked;             // an answer is on its way
};

struct board {
    struct board_slot *slots; // one per bus
    size_t count;
};

// Nothing is known of any bus yet. Ends with board_done.
void board_init(struct board *board, size_t buses);
void board_done(struct board *board);

// There are so many buses from now on.
void board_widen(struct board *board, size_t buses);

// Nothing is known of a bus any more, nor is anything on its way.
void board_forget(struct board *board, size_t bus);

// Whether a bus is to be asked now, for somebody who wants to know.
bool board_wants(const struct board *board, size_t bus, int64_t now_ms);

// It was asked.
void board_asked(struct board *board, size_t bus);

// Takes its answer, and ownership of it.
void board_take(struct board *board, struct bus_status *status);

// Whether any bus still has to answer.
bool board_waits(const struct board *board);

#endif
