// SPDX-License-Identifier: MIT
// Is a unit there, and when may it be asked again? Pure: time and chance are arguments. A
// refusal is a sign of life; silence, garbage and a broken link are not. One owner.
#ifndef BUS_HEALTH_H
#define BUS_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/message.h"

struct health {
    enum unit_health state;
    enum fault fault;      // what took it offline
    int failures;          // requests in a row without a sign of life
    int64_t backoff_ms;    // the present pause between probes
    int64_t retry_at_ms;   // when the next probe may be made
    int64_t changed_at_ms; // when `state` changed
    bool is_unlinked;      // offline because the link cannot be opened
    bool is_untried;       // offline, but the link is back: whether it is there is not known
};

// How one request to a unit ended.
struct health_event {
    enum fault fault;
    bool waited_long; // a time-out that lasted as long as the map allows
    bool link_works;  // FAULT_LINK: over this connection somebody had answered
    bool others_live; // another unit of the bus is online, and would be kept waiting
    double chance;    // uniform in 0..1, for jitter
};

// Unknown, since now_ms.
void health_init(struct health *health, int64_t now_ms);

// Takes the outcome of a request. A unit that was online is given another try: it is offline
// after a second time-out if that lasted as long as the map allows, else after three failures.
// True when the state changed.
bool health_note(struct health *health, const struct health_event *event, int64_t now_ms);

// The link cannot be opened: whoever was not offline already is so for its sake. True when the
// state changed.
bool health_lose_link(struct health *health, int64_t now_ms);

// The link is there again: whoever was offline for its sake is tried at once.
void health_link_back(struct health *health);

// Whether a frame may be sent to the unit now: always unless it is offline and its next probe
// is not due.
bool health_may_ask(const struct health *health, int64_t now_ms);

// Whether the unit is asked nothing but probes.
bool health_is_dead(const struct health *health);

// What dead units may cost the living: a probe that failed is paid for by a pause of the whole
// bus in which no other is made, so that all of them together take at most a twentieth of its
// time.
struct probing {
    int64_t next_ms; // no probe before
};

// A probe from `began_ms` to `ended_ms` brought no sign of life.
void probing_note(struct probing *probing, int64_t began_ms, int64_t ended_ms);

// From when on the next probe may be made as far as the others are concerned.
int64_t probing_from_ms(const struct probing *probing, bool others_live);

#endif
