// SPDX-License-Identifier: MIT
// One value as it is published or computed with, or the reason why there is none. Plain data,
// copied freely; texts and events are borrowed from where the value came from. Any thread.
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/num.h"

enum value_kind {
    VALUE_UNKNOWN, // it should exist, but was not read, is stale, out of range or without label
    VALUE_ABSENT,  // the equipment says there is none: "no value" pattern, not fitted, when:
                   // false
    VALUE_BOOLEAN,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_EVENTS, // the codes of an event_list
};

enum {
    DECIMALS_SHORTEST = -1,       // the shortest text that reads back as the same double
    DECIMALS_SHORTEST_FLOAT = -2, // the same for a 32-bit float
};

struct value {
    enum value_kind kind;
    int decimals; // of a real: digits after the point it was rounded to, or DECIMALS_*
    union {
        bool boolean;
        int128 integer; // within -2^63 .. 2^64 - 1
        double real;    // finite
        struct {
            const char *bytes; // valid UTF-8, not NUL-terminated
            size_t length;     // in bytes
        } text;
        struct {
            const uint16_t *codes;
            size_t count;
        } events;
    };
};

// Whether it is a value at all (neither unknown nor absent).
bool value_is_known(const struct value *value);

// Whether it is an integer or a real.
bool value_is_number(const struct value *value);

// A value that could not be read, or makes no sense.
struct value value_unknown(void);
struct value value_absent(void);
struct value value_boolean(bool boolean);
struct value value_integer(int128 integer);

// A real, or an unknown value when it is not finite; -0.0 becomes 0.0. It is rounded to
// `decimals` when that is not negative, so that what is compared is what is published.
struct value value_real(double real, int decimals);

// Borrows a NUL-terminated text.
struct value value_text(const char *text);
struct value value_text_bytes(const char *bytes, size_t length);

// The number of an integer or real, as it is published: a 32-bit float is its shortest decimal,
// 0.1 and not 0.10000000149011612. Only call it for those.
double value_number(const struct value *value);

// Below zero, zero or above, for two numbers as they are published: exact for integers and
// reals of any size, where the double of an integer above 2^53 would be its neighbour's too.
int value_compare(const struct value *a, const struct value *b);

// Same kind of thing and same content; numbers are equal as value_compare says.
bool value_equal(const struct value *a, const struct value *b);

// Writes the value for people ("23.1", "true", "steady", "[0x108A, 0x1114]", "unknown"). Always
// NUL-terminated, cut when too long.
void value_format(const struct value *value, char *ret_text, size_t size);

#endif
