// SPDX-License-Identifier: MIT
// A bus as it is at one moment, for people and for the local page: made by the bus's thread,
// read by main. Plain data on the heap, bounded; owned by whoever holds the pointer
// (bus_status_free), which moves with the message. Times are those of the monotonic clock in
// milliseconds; 0 stands for "never" or "not now".
#ifndef MODEL_STATUS_H
#define MODEL_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"
#include "model/point.h"

enum {
    MAX_STATUS_HOLES = 16, // shown of a unit; all are counted
    MAX_STATUS_LIMITS = 8, // the same
    MAX_STATUS_HOLDS = 4,
    MAX_STATUS_MISSED = 4,
    // Exceptions are counted by their code up to 11 (Modbus Application Protocol V1.1b3,
    // section 7), the others under 0.
    EXCEPTION_CODES = 12,
};

// What a unit refuses, as the bus has learned.
struct unit_refusal {
    struct refusal refusal;
    int64_t since_ms;
};

// A setpoint that is kept, or whose end is to be written.
struct unit_hold {
    char text[160];   // "power_limit = 5000": what was last written; the names alone where that
                      // must not be shown or is left over from before the start
    int64_t until_ms; // 0: it is over, its end is to be written
    int64_t every_ms; // 0: nothing is written again
    bool is_failing;  // the equipment did not take the last frame, or the end
};

// A request that did not come in time.
struct unit_missed {
    enum table table;
    uint16_t address; // as in the map: in a SunSpec model it counts from the model's id word
    uint16_t count;
    uint8_t model; // as of a point
    int64_t every_ms;
    uint64_t missed; // periods
};

// Since the start.
struct unit_counters {
    uint64_t requests; // frames sent, repetitions included
    uint64_t answers;  // exceptions included
    uint64_t writes;   // of the requests, those that write
    uint64_t timeouts;
    uint64_t garbled;
    uint64_t link_failures; // the connection broke during a request
    uint64_t exceptions[EXCEPTION_CODES];
    uint64_t missed; // periods that passed without a request
};

struct unit_status {
    uint16_t device; // index in the site
    int unit_id;
    enum unit_health health;
    int64_t health_since_ms;
    enum fault health_fault; // what took it offline
    int64_t next_probe_ms;   // of a unit that is offline
    struct unit_counters counters;
    int64_t last_answer_ms;

    // The last request that brought no words: a fault, or an exception.
    enum fault fault; // FAULT_NONE: there was none
    uint8_t exception;
    int64_t fault_ms;
    char fault_text[160]; // more about it, or ""

    // Over the last one to two minutes; 0: nothing was answered.
    int64_t response_mean_us;
    int64_t response_max_us;

    char command[64]; // what runs now, or ""
    int64_t command_since_ms;
    size_t commands_waiting;

    struct unit_refusal holes[MAX_STATUS_HOLES];   // ranges
    size_t hole_count;                             // may be more than fit
    struct unit_refusal limits[MAX_STATUS_LIMITS]; // lengths and borders
    size_t limit_count;                            // may be more than fit

    struct unit_hold holds[MAX_STATUS_HOLDS];
    size_t hold_count; // may be more than fit

    // The requests that missed most, since they are part of the plan; the worst first.
    struct unit_missed missed[MAX_STATUS_MISSED];
    size_t missed_count; // of all that missed any: may be more than fit
};

// Since the start, of the link as a whole.
struct bus_counters {
    uint64_t requests;
    uint64_t answers;
    uint64_t exceptions;
    uint64_t timeouts;
    uint64_t garbled;
    uint64_t foreign;           // frames that answered something else, and were skipped
    uint64_t unsolicited_bytes; // that came when nothing was asked, or between frames
};

// What came of the requests of other masters and of tools, since the start.
enum guest_count {
    GUESTS_ASKED,  // sent to the equipment
    GUESTS_CACHED, // answered from what was read within its period
    GUESTS_LINK,   // the link was not open
    GUESTS_AWAY,   // the unit was offline
    GUESTS_BUSY,   // no room, or no time for them
    GUEST_COUNTS,
};

struct bus_status {
    uint16_t bus;  // index in the site
    int64_t at_ms; // when this was true
    bool link_is_open;
    int64_t link_since_ms; // when it opened or failed; 0: it was never tried
    uint64_t link_opened;  // how many times
    char link_text[200];   // why it is not open, or ""
    double utilisation;    // share of the last minute that requests and answers took, 0..1
    double dead_share;     // of that minute, what was spent on units that were offline
    struct bus_counters counters;
    double guest_share; // of that minute, what guests took
    size_t guests_waiting;
    uint64_t guests[GUEST_COUNTS];
    size_t unit_count;
    struct unit_status units[];
};

// A connection to the cloud.
struct cloud_status {
    bool is_connected;
    int64_t since_ms;  // when it was made or lost; 0: neither yet
    int64_t retry_ms;  // when it is tried again, while it is not connected
    uint64_t connects; // since the start
    uint64_t failures; // attempts that failed
    char reason[300];  // why it is not connected, or ""
};

// Why messages were dropped.
enum outbox_loss {
    LOSS_MEMORY,  // no room in memory, and the disk did not take them
    LOSS_FULL,    // outbox.max_size: the oldest made way
    LOSS_OLD,     // outbox.max_age
    LOSS_UNDATED, // of a start of the system whose time never became known
    LOSS_DAMAGED, // with a wrong checksum
    LOSS_REPLAY,  // the backlog, with replay: false
    LOSS_COUNT,
};

// What waits for the cloud.
struct outbox_status {
    uint64_t messages;
    uint64_t in_flight; // of them, published and not acknowledged yet
    uint64_t bytes;
    int64_t oldest_ms;         // when the oldest was made; negative: before the system's start
    uint64_t dropped;          // since the start
    uint64_t lost[LOSS_COUNT]; // the same by reason
};

// An empty status with room for `unit_count` units.
struct bus_status *bus_status_new(size_t unit_count);
void bus_status_free(struct bus_status *status);

#endif
