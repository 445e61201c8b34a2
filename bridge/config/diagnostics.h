// SPDX-License-Identifier: MIT
// What is wrong with a file, for the person who edits it: every finding has its place and,
// where it can, a suggestion. A loader reports all it finds and goes on. Texts live in the
// arena given to diagnostics_init. One thread.
#ifndef CONFIG_DIAGNOSTICS_H
#define CONFIG_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "model/position.h"

enum finding_severity { FINDING_ERROR, FINDING_WARNING };

// "error", "warning".
extern const char *const finding_severity_names[];

enum { MAX_FINDINGS = 100 }; // more are counted, not kept: the first hundred explain the rest

struct finding {
    enum finding_severity severity;
    struct position at;
    const char *text;
    size_t sequence; // order of reporting
};

struct diagnostics {
    struct arena *arena;
    struct finding findings[MAX_FINDINGS];
    size_t count;
    size_t error_count;   // all errors, also those not kept
    size_t dropped_count; // findings not kept
};

// No findings yet; their texts live in the arena.
void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena);

// Adds an error. Returns -1, so that a function can `return diagnostics_error(...)`. The same
// text at the same place is kept once.
int diagnostics_error(struct diagnostics *diagnostics, const struct position *at,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));

// Adds a warning: something legal that is probably not meant.
void diagnostics_warning(struct diagnostics *diagnostics, const struct position *at,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));

// Puts the findings in the order of file, line and column.
void diagnostics_sort(struct diagnostics *diagnostics);

// Writes "file:line:column: error: text" lines, sorted; a last line says how many were left
// out.
void diagnostics_print(struct diagnostics *diagnostics, FILE *file);

#endif
