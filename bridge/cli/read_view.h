// SPDX-License-Identifier: MIT
// What `read` shows of a device that was just read: plain text, JSON, or a table for a
// terminal. Main thread.
#ifndef CLI_READ_VIEW_H
#define CLI_READ_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "cli/read_choice.h"
#include "cli/status_page.h"
#include "cli/target.h"

struct read_view {
    const struct target *target;
    const struct read_choice *choice;
    bool raw; // the words too
    int64_t now_ms;
};

// A line an entry, without its heading.
void read_view_text(const struct read_view *view, struct strbuf *out);

// One object in a line.
void read_view_json(const struct read_view *view, struct strbuf *out);

// The live table: value, unit, age, words, and faults in words. `trouble` is why nothing came
// in the latest round; "" when it did.
void read_view_table(const struct read_view *view, const struct page *page,
                     const char *trouble);

// ---- shared by them ----

// The words of an entry, "0042 0000"; "" when there are none.
void read_view_words(const struct read_view *view, int point, char *ret_text, size_t size);

// Why an entry has no value, in words; "" when nobody knows.
void read_view_fault(const struct read_view *view, int point, char *ret_text, size_t size);

// By what was read until view->now_ms; what is not known is not active.
bool read_view_is_active(const struct read_view *view, const struct alert *alert);

#endif
