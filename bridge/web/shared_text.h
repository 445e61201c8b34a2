// SPDX-License-Identifier: MIT
// A text that never changes, used by many answers at once: made once, given back by the last.
// Any thread.
#ifndef WEB_SHARED_TEXT_H
#define WEB_SHARED_TEXT_H

#include <stddef.h>

struct shared_text;

// Takes ownership of a heap text of `length` bytes. The caller has the first reference.
struct shared_text *shared_text_new(char *text, size_t length);

// One more reference.
struct shared_text *shared_text_ref(struct shared_text *text);

// Gives a reference back. NULL is allowed.
void shared_text_unref(struct shared_text *text);

// As long as a reference is held.
const char *shared_text_bytes(const struct shared_text *text);
size_t shared_text_length(const struct shared_text *text);

#endif
