// SPDX-License-Identifier: MIT
// What simulated equipment and lines do wrong, and when: the faults file of `modbridge
// simulate` (docs/simulation.md). Const after load, any thread.
#ifndef MODEL_FAULTS_H
#define MODEL_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/point.h"

// What is untrue in an answer that is otherwise well formed.
enum fault_lie {
    LIE_NONE,
    LIE_TRANSACTION, // TCP: another transaction id
    LIE_PROTOCOL,    // TCP: a protocol id other than 0
    LIE_LENGTH,      // TCP: the length field; RTU: a byte too many inside the CRC
    LIE_UNIT,
    LIE_FUNCTION,
    LIE_BYTE_COUNT, // of a read
    LIE_ADDRESS,    // of the echo of a write
    LIE_VALUE,      // the same: its value or quantity
    LIE_CRC,        // RTU
};

enum fault_requests { FAULT_ALL_REQUESTS, FAULT_READS, FAULT_WRITES };

// What happens to a request and its answer; all zero, and no lead: nothing. Times in ms.
struct fault_effect {
    bool silent;       // the request is not heard
    bool unanswered;   // it is carried out, and not answered
    bool unexecuted;   // a write is answered as if it had been carried out
    uint8_t exception; // the answer is this exception code
    bool executed;     // ... and the request is carried out all the same
    int64_t latency_ms;
    int64_t jitter_ms; // up to so much more
    enum fault_lie lie;
    bool stale;         // the unit's answer before this one goes out once more, instead
    bool foreign;       // a frame of another unit goes out first
    bool echo;          // the request itself goes out first
    int repeat;         // the answer goes out so many times more
    int truncate;       // bytes missing at its end
    int drop;           // bytes missing inside
    int flip;           // bits inverted
    int noise;          // random bytes at a random place
    int lead;           // NO_INDEX, or this byte before the answer
    int64_t dribble_ms; // between its bytes
    bool close;         // the connection is closed instead of an answer
    bool reset;         // the same by RST
    // Of a line as a whole:
    bool refuse;     // TCP: connections are closed, and new ones at once
    bool unplug;     // the pseudo-terminal is gone
    bool strict_gap; // requests that break the silence between frames are not heard
};

// A fault with the times at which it is there and the requests it concerns. Times are counted
// from when the script came into force.
struct fault_rule {
    struct position at;
    int64_t from_ms;
    int64_t lasting_ms; // 0: for ever
    int64_t every_ms;   // begins again; 0: only once
    double chance;      // of each request concerned
    int nth;            // only each n-th request concerned; 0: each
    int bus;            // index, or NO_INDEX: any
    int device;         // index, or NO_INDEX: any
    int unit_id;        // or NO_INDEX: any
    int table;          // or NO_INDEX: any
    uint16_t first_address;
    uint16_t last_address;
    bool any_address;
    enum fault_requests requests;
    struct fault_effect effect;
};

struct fault_script {
    bool has_seed;
    uint64_t seed;
    const struct fault_rule *rules;
    size_t count;
};

enum { MAX_FAULT_RULES = 200 };

#endif
