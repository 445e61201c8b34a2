// SPDX-License-Identifier: MIT
// What is remembered of the requests to one unit, for people who ask how it does. It decides
// nothing. Pure: time is an argument. One owner.
#ifndef BUS_RECORD_H
#define BUS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/status.h"

// Response times of one stretch of time.
struct response_window {
    int64_t began_ms;
    int64_t sum_us;
    int64_t max_us;
    uint64_t count;
};

struct record {
    struct unit_counters counters; // `missed` is counted elsewhere
    int64_t last_answer_ms;
    enum fault fault; // the last one
    uint8_t exception;
    int64_t fault_ms;
    char fault_text[160];
    struct response_window now;
    struct response_window before;
};

// A request that was sent, and what came of it.
struct transaction {
    bool writes;
    enum fault fault;
    uint8_t exception;   // with FAULT_EXCEPTION
    int64_t response_us; // with an answer
    const char *text;    // what went wrong, or ""
};

// Notes a transaction. FAULT_STOPPED counts as a request and nothing else.
void record_note(struct record *record, const struct transaction *transaction, int64_t now_ms);

// Writes what is known into the status of the unit.
void record_report(const struct record *record, int64_t now_ms, struct unit_status *ret_status);

#endif
