// SPDX-License-Identifier: MIT
// What the pages of `status` are written with: colours, texts from outside, durations, and the
// keys of an answer, which may all be missing. Main thread.
#ifndef CLI_STATUS_PAGE_H
#define CLI_STATUS_PAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"

enum mood { MOOD_PLAIN, MOOD_GOOD, MOOD_BAD, MOOD_STRONG, MOOD_FAINT };

struct page {
    struct strbuf *out;
    bool in_colour;
};

// What is added in between has this mood, on a page in colour.
void page_begin(const struct page *page, enum mood mood);
void page_end(const struct page *page, enum mood mood);

// The text of a key, or ""; the number, or 0.
const char *page_text_at(const json_t *object, const char *key);
long long page_number_at(const json_t *object, const char *key);

// A text from outside: what could move the cursor or change colours becomes '?'.
void page_add_clean(const struct page *page, const char *text);

// As num_format_duration writes it: "3 min".
void page_add_duration(const struct page *page, long long ms);

// " for 3 h", when the key is there.
void page_add_for(const struct page *page, const json_t *object, const char *key);

// ", 3 WHAT", unless it is none.
void page_add_count(const struct page *page, const json_t *object, const char *key,
                    const char *what);

#endif
