// SPDX-License-Identifier: MIT
// A growing text for messages and tables. One owner, one thread. `struct strbuf x = {0};` is an
// empty buffer; strbuf_done frees it. The text is always NUL-terminated.
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stddef.h>

struct strbuf {
    char *text; // NULL while nothing was added; use strbuf_text
    size_t length;
    size_t size;
};

// Appends a text, or with strbuf_add_bytes what may hold NUL.
void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t length);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Adds a text as a JSON string with its quotes; the text is valid UTF-8.
void strbuf_add_json(struct strbuf *buf, const char *text);

// The text so far, "" when empty; valid until the next change.
const char *strbuf_text(const struct strbuf *buf);

// Empties the buffer and keeps its memory.
void strbuf_clear(struct strbuf *buf);

// Removes the first `length` bytes, of those there are.
void strbuf_skip(struct strbuf *buf, size_t length);

// Gives the text to the caller, who frees it with free(); the buffer is empty afterwards.
char *strbuf_take(struct strbuf *buf);

// Frees the text; the buffer is empty and may be used again.
void strbuf_done(struct strbuf *buf);

#endif
