// SPDX-License-Identifier: MIT
// The other end of a link, by a transcript: what it says and when, in virtual time. script.c
// stands in for base/clock.c, bus/link_open.c and bus/link_port.c.
#ifndef WIRE_SCRIPT_H
#define WIRE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time_units.h"
#include "model/site.h"

enum { SCRIPT_SLOTS = 64, SCRIPT_BYTES = 1024 };

// Bytes that arrive at a time; none: the other end closes.
struct script_event {
    int64_t at_us;
    size_t length;
    uint8_t bytes[SCRIPT_BYTES];
};

struct script {
    const struct bus_settings *settings;
    int64_t now_us;
    int64_t quiet_us;   // when the last byte, either way, had ended on the wire
    int64_t asked_us;   // when the last request had ended on the wire
    bool is_asked;      // since the transcript's last "ask"
    bool is_closed;     // by the other end
    bool broke_silence; // a frame left too soon
    unsigned opened;    // how often the port was opened
    struct script_event pending[SCRIPT_SLOTS]; // to be timed from the end of the request
    size_t pending_count;
    struct script_event events[SCRIPT_SLOTS];
    size_t event_count;
    uint8_t sent[SCRIPT_BYTES]; // the last request
    size_t sent_length;
    unsigned sent_count; // requests since the last "ask"
    uint8_t received[SCRIPT_BYTES];
    size_t received_length;
};

extern struct script script;

// Bytes to arrive `after_us` after the next request has ended; or after now.
void script_answer(int64_t after_us, const uint8_t *bytes, size_t length);
void script_say(int64_t after_us, const uint8_t *bytes, size_t length);

#endif
