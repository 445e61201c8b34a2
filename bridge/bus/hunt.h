// SPDX-License-Identifier: MIT
// Looking for units on a line: whom to ask next, with which settings, how long to wait, and
// what the answers mean. Pure: it says what to ask and is told the outcome. One owner.
//
// Every unit is asked for one holding register, in two rounds where the settings of a serial
// line are not known: first the likely ids with all settings, then the others. Once somebody
// answered, the other settings are left alone. At the end who was silent is asked for an input
// register: a frame may have been lost, and some devices say nothing to a function they lack.
#ifndef BUS_HUNT_H
#define BUS_HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"
#include "model/site.h"
#include "wire/pdu.h"

enum {
    MAX_HUNT_SETTINGS = 40,
    MAX_HUNT_UNITS = 256,
    MAX_HUNT_TIMEOUT_MS = 10000,
};

struct line_settings {
    int baud;
    enum parity parity;
    int stop_bits;
};

// The settings that serial lines usually have, the likeliest first.
const struct line_settings *hunt_usual_settings(size_t *ret_count);

// What is known of a unit with some settings.
enum hunt_state {
    HUNT_UNASKED,
    HUNT_SILENT,
    HUNT_SILENT_TWICE,
    HUNT_GARBLED, // bytes came that are no frame
    HUNT_GARBLED_TWICE,
    HUNT_ALIVE,
};

struct hunt {
    enum transport transport;
    size_t setting_count;          // 1 where there is nothing to choose
    uint8_t units[MAX_HUNT_UNITS]; // in the order they are asked
    size_t unit_count;
    bool all;        // the other settings too, once somebody answered
    bool judges_any; // all ids are asked: whoever answers to all of them is one device
    int64_t timeout_ms;
    unsigned longer;                                   // times that it was made longer
    bool saw_others;                                   // late answers, or another master
    uint16_t alive[MAX_HUNT_SETTINGS];                 // units found
    uint16_t found;                                    // in all
    uint8_t states[MAX_HUNT_SETTINGS][MAX_HUNT_UNITS]; // by place in `units`
    size_t asked;                                      // questions so far
};

struct hunt_question {
    size_t setting;
    size_t unit; // place in `units`
    uint8_t unit_id;
    enum table table; // one register at address 0
};

// What came of a question.
struct hunt_outcome {
    enum fault fault;
    uint8_t exception;
    bool saw_others; // frames came that answer something else
};

// `first`..`last`: unit ids, 0 to 255. NO_INDEX: all that there can be: 1 to 247, over TCP also
// 255 and 0, which many devices take for themselves.
void hunt_begin(struct hunt *hunt, enum transport transport, size_t setting_count, int first,
                int last, int64_t timeout_ms);

// The next question; false when there is none.
bool hunt_next(const struct hunt *hunt, struct hunt_question *ret_question);

// Takes the outcome: the unit's new state. An exception is a sign of life, except for those
// with which a gateway says that nobody is there. Where answers come later than they are waited
// for, the time-out becomes longer, twice at most, and the silent are asked again.
enum hunt_state hunt_note(struct hunt *hunt, const struct hunt_question *question,
                          const struct hunt_outcome *outcome);

// Whether it is settled that the units found are different ones: a device behind a TCP endpoint
// may answer to whatever id.
bool hunt_is_settled(const struct hunt *hunt);

// Whether it answers to every id.
bool hunt_is_any(const struct hunt *hunt);

// Units found with a setting.
size_t hunt_count(const struct hunt *hunt, size_t setting, enum hunt_state state);

// How many questions there are in all as far as is known now, `asked` of which are over.
size_t hunt_total(const struct hunt *hunt);

// How long to wait for an answer of a few bytes unless the installer says it: beyond the
// frames' time on the wire.
int64_t hunt_timeout_ms(enum transport transport);

#endif
