// SPDX-License-Identifier: MIT
// One line at the bottom of a terminal that says how far something is. On standard error, and
// only when that is a terminal: it is taken away before anything else is printed. Main thread.
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool is_shown;    // there is something to take away
    int64_t shown_ms; // when it was last written
};

// Writes the line, at most ten times a second. `text` says what goes on: one line of ASCII, cut
// to the width of the terminal.
void progress_show(struct progress *progress, size_t done, size_t total, const char *text,
                   int64_t now_ms);

// Takes it away.
void progress_clear(struct progress *progress);

// The line for a terminal of `columns` characters. Pure.
void progress_format(size_t done, size_t total, const char *text, int columns, char *ret_line,
                     size_t size);

#endif
