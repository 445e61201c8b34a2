// SPDX-License-Identifier: MIT
// The words of a formula: cuts its text into numbers, texts, words and marks. Inside of
// formula.h. Pure, any thread.
#ifndef REGISTERS_FORMULA_SCAN_H
#define REGISTERS_FORMULA_SCAN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/value.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER, // value: an integer or a real
    TOKEN_TEXT,   // value: the text without quotes and escapes, in the arena
    TOKEN_WORD,   // name, function, true, now.year, and ...
    TOKEN_MARK,   // operator, parenthesis or comma
};

struct token {
    enum token_kind kind;
    size_t start; // bytes in the text
    size_t end;
    struct value value;
    char text[128]; // of words, marks and numbers, as written
};

// The token at or after byte `at` of `text`. On failure ret_token->start is where the finding
// is; err says how the thing is written right.
int formula_scan(struct arena *arena, const char *text, size_t at, struct token *ret_token,
                 struct error *err);

#endif
