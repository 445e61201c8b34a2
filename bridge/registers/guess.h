// SPDX-License-Identifier: MIT
// What words of an unknown register may mean: every way to read them, and how much each is to
// be believed. The codec reads them; here stands only which ways there are. Pure, any thread.
#ifndef REGISTERS_GUESS_H
#define REGISTERS_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registers/codec.h"

// A way to read one, two or four registers.
struct guess_way {
    const char *name; // "f32 cdab": the type, and the order of the bytes of abcd
    enum point_type type;
    uint16_t words;
    enum order word_order;
    enum order byte_order;
    int8_t power; // of ten, by which the number is scaled
    bool is_time; // seconds since 1970
};

enum credit {
    CREDIT_ABSURD,   // nothing a device would say, or no more than another way says
    CREDIT_DOUBTFUL, // possible
    CREDIT_GOOD,
};

struct guess {
    struct value value; // a number; unknown or absent when it cannot be read so
    enum credit credit;
};

// All ways, those with few words first; index 0.. .
const struct guess_way *guess_ways(size_t *ret_count);

// Reads way->words words.
struct guess guess_make(const struct guess_way *way, const uint16_t *words);

// What SunSpec devices mean by these words (1, 2 or 4) when they have no value: "not
// implemented: u16"; NULL: nothing. Source: SunSpec Device Information Model Specification 1.1,
// "Value types".
const char *guess_sentinel(const uint16_t *words, size_t count);

// A text in registers, as the codec reads it, when most of it is readable; "" otherwise.
// `size` of 400 always suffices.
void guess_text(const uint16_t *words, size_t count, enum order byte_order, char *ret_text,
                size_t size);

#endif
