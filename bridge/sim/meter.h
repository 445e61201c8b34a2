// SPDX-License-Identifier: MIT
// What a serial line saw: whether masters keep the silence between frames, how busy it is, who
// is asked how often. Time is an argument. One owner, one thread.
#ifndef SIM_METER_H
#define SIM_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/site.h"
#include "wire/pdu.h"

enum { METER_UNITS = 256, METER_ROWS = 256 };

// How fast bytes are on a line, and the silence of 3.5 of its own characters between frames
// (1750 us above 19200 baud).
struct pace {
    int64_t byte_ns; // 0: not a line, everything happens at once
    int64_t silence_us;
};

// The pace of a serial line with these settings; of anything else, none.
struct pace pace_of(const struct bus_settings *settings);
int64_t pace_us(const struct pace *pace, size_t bytes);

// How often the same was asked.
struct meter_row {
    uint8_t unit_id;
    uint8_t function;
    uint16_t address;
    uint16_t count;
    uint64_t times;
};

struct meter {
    int64_t since_us;
    int64_t free_us;         // when the last byte of the last frame, either way, had ended
    bool has_gap;            // any frame before: there is a gap to judge
    uint64_t requests;       // whole frames
    uint64_t noise_bytes;    // from masters, that were no frame
    uint64_t gaps_broken;    // requests that came before the silence was over
    uint64_t collisions;     // of those, the ones that came before an answer had ended
    int64_t smallest_gap_us; // -1: none yet
    int64_t busy_us;
    uint64_t asked[METER_UNITS];
    uint64_t answered[METER_UNITS];
    struct meter_row rows[METER_ROWS]; // the first so many different requests
    size_t row_count;
};

// Begins anew; what is on the line stays.
void meter_restart(struct meter *meter, int64_t now_us);

// The first byte of a request came now. True when the silence before it was too short.
bool meter_begin(struct meter *meter, const struct pace *pace, bool is_answering,
                 int64_t now_us);

// A whole request was heard; `request` is NULL when it is none that is known.
void meter_request(struct meter *meter, uint8_t unit_id, const struct request *request);

// So many bytes were on the line, the last of which ends at `end_us`.
void meter_busy(struct meter *meter, const struct pace *pace, size_t bytes, int64_t end_us);

#endif
