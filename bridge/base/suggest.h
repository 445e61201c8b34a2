// SPDX-License-Identifier: MIT
// "Did you mean": the known word nearest to a misspelt one. Pure, any thread.
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

#include "base/strbuf.h"

enum { MAX_SUGGEST_LENGTH = 64 }; // longer words are never suggested

// Edits (insert, delete, replace, swap of neighbours) from one word to the other, ignoring
// case; a large number when either is longer than MAX_SUGGEST_LENGTH.
size_t suggest_distance(const char *a, const char *b);

// The nearest so far; give it every candidate, then ask.
struct suggestion {
    const char *word; // what was written
    const char *best; // NULL: nothing is near enough
    size_t distance;
};

// `word` and the candidates are borrowed until it is asked.
void suggest_start(struct suggestion *suggestion, const char *word);
void suggest_candidate(struct suggestion *suggestion, const char *candidate);

// Appends "; did you mean 'x'?" or nothing.
void suggest_append(const struct suggestion *suggestion, struct strbuf *text);

#endif
