// SPDX-License-Identifier: MIT
// Word and byte order: words as they came <-> the bit pattern of the whole value. Pure, any
// thread.
//
// The word order concerns numbers; texts, addresses and lists keep the order of the registers.
// The byte order concerns every register, never a coil or discrete input.
#ifndef REGISTERS_CODEC_ORDER_H
#define REGISTERS_CODEC_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/point.h"

enum { MAX_PATTERN_WORDS = 4 }; // of a 64-bit number

// One word with its bytes in the standard's order (high byte first), and back.
uint16_t order_word(const struct point *point, uint16_t word);

// The pattern of the entry's first words: as many as its type has, at most MAX_PATTERN_WORDS.
uint64_t order_pattern(const struct point *point, const uint16_t *words);

// The same backwards.
void order_words(const struct point *point, uint64_t pattern, uint16_t *ret_words);

// Whether the entry is some bits of its words.
bool order_has_bits(const struct point *point);

// The pattern's bits that belong to the entry, all of them unless it has bits.
uint64_t order_mask(const struct point *point);

// Whether the words are one of the entry's "no value" patterns.
bool order_is_invalid(const struct point *point, const uint16_t *words);

#endif
