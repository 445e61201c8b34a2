// SPDX-License-Identifier: MIT
// What the codes or bits of a register mean, as sheets write it: "0=Stop;2..3=Run". Pure; lives
// in the arena given.
#ifndef IMPORT_LABELS_H
#define IMPORT_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/diagnostics.h"

enum { MAX_LABELS = 512 };

struct import_label {
    int64_t low; // code or bit
    int64_t high;
    const char *key;      // in the form of keys: "over_voltage", "3"
    const char *text;     // as written: "Over voltage"
    const char *severity; // "error": what stands behind a / at the end; NULL: nothing
};

struct import_labels {
    const struct import_label *items;
    size_t count;
};

// Reads CODE=TEXT or CODE..CODE=TEXT, with ; between them, codes decimal or 0x. TEXT/error,
// TEXT/warning and TEXT/info say how bad an event is. An empty text gives no labels. -1 after
// findings at `at`.
int import_labels_parse(struct arena *arena, const char *text, const struct position *at,
                        struct diagnostics *diagnostics, struct import_labels *ret_labels);

// The label's code as a map writes it: "3", "2..3".
const char *import_label_code(struct arena *arena, const struct import_label *label);

// Whether a text is one of error, warning and info.
bool import_is_severity(const char *text);

// A text as a key: "Over-voltage (L1)" is "over_voltage_l1"; it begins with a letter, {n}
// stays.
const char *import_key(struct arena *arena, const char *text);

#endif
