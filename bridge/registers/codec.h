// SPDX-License-Identifier: MIT
// Words <-> values, both directions through one table of types. Pure, any thread.
//
// Reading:  words -> word and byte order -> "no value" patterns -> bits -> raw
//           -> raw * scale + offset -> range -> labels
// Writing runs the same chain backwards and refuses what does not fit; nothing is clamped.
//
// Words are given in the order of ascending addresses (in the order of the map for words that
// lie apart); a coil or discrete input is one word, 0 or 1. The word order concerns numbers
// only: texts, addresses and event lists keep the order of the registers. The byte order
// concerns every register. An entry with bits is their unsigned number, whatever its type's
// sign; of a bcd16 the bits are its digits.
#ifndef REGISTERS_CODEC_H
#define REGISTERS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/point.h"

// Storage for the texts and event codes of decoded values; they live as long as it does.
struct codec_space {
    size_t used;
    _Alignas(8) char bytes[1024];
};

// What a type is: a row per enum point_type.
struct type_row {
    const char *name;    // as in a map: "u16"
    uint16_t word_count; // 0: the entry's `length` says
    bool is_number;      // may have scale, offset, bits, range, enum
    bool is_integer;
    bool is_signed;
    int64_t integer_min; // of integers
    uint64_t integer_max;
};

// The row of a type; static.
const struct type_row *codec_type(enum point_type type);

// The entry's own number, text or event list, before scale, offset, range and labels ("raw" in
// formulas): a bool is VALUE_BOOLEAN, uuid and ipv4 are texts. A "no value" pattern and NaN
// give VALUE_ABSENT, an infinite float VALUE_UNKNOWN. `words` holds point->word_count words.
// A text is cut at NUL, freed of spaces and 0xFF at both ends; U+FFFD stands for each byte that
// is no part of a printable UTF-8 character; one of which nothing is left was never set:
// VALUE_ABSENT. VALUE_UNKNOWN: a BCD nibble above 9, an event list that claims more events than
// it has registers, no more room in `space`.
struct value codec_decode_raw(const struct point *point, const uint16_t *words,
                              struct codec_space *space);

// What scale, offset, power of ten (`power` is 0 unless the entry has an sf), range and labels
// make of a raw value: the value as published. Integers stay exact; a real is rounded to the
// entry's decimals, ties away from zero; an integer stays one whatever `decimals` says. A real
// without given decimals has those of scale and offset when the raw value is an integer, else
// the shortest text. Labels are for the raw value; range is for the scaled one. Absent and
// unknown pass through; out of range, without label, beyond 64 bits or a power outside -10..10:
// VALUE_UNKNOWN.
struct value codec_scale(const struct point *point, const struct value *raw, int power);

// As codec_scale for an entry whose scale is a formula, already evaluated to `factor` (a
// number).
struct value codec_scale_by(const struct point *point, const struct value *raw,
                            const struct value *factor);

// Range, labels and decimals for a value that a formula made: labels are for its number, a text
// must be one of them.
struct value codec_finish(const struct point *point, const struct value *value);

// codec_decode_raw and codec_scale in one, for entries without sf and formulas.
struct value codec_decode(const struct point *point, const uint16_t *words,
                          struct codec_space *space);

// The number a value would be in the register: labels become their first code, scale and offset
// are undone, the result is rounded to the register's nearest step. ERROR_FAILED when it does
// not fit the type, bits, range or length (the text names the limits and the unit), or when the
// value is of the wrong kind. Refused too: a number that the register would read back as "no
// value" or, once rounded, as out of range. Where there are labels, a code that has one may be
// given instead.
int codec_unscale(const struct point *point, const struct value *value, int power,
                  struct value *ret_raw, struct error *err);

// Words for a raw value. For an entry with bits, `ret_words` holds the register's present words
// on entry and only the entry's bits are changed (bytes and words in the entry's order).
// `ret_words` has room for point->word_count words. ERROR_FAILED when the raw value does not
// fit.
int codec_encode_raw(const struct point *point, const struct value *raw, uint16_t *ret_words,
                     struct error *err);

// codec_unscale and codec_encode_raw in one, for entries without sf and formulas.
int codec_encode(const struct point *point, const struct value *value, uint16_t *ret_words,
                 struct error *err);

// Whether two sets of words hold the same entry: all bits, or for an entry with bits those
// bits.
bool codec_words_equal(const struct point *point, const uint16_t *a, const uint16_t *b);

// The value that writing `value` would read back as: rounded to the register's nearest step, a
// code replaced by its label, a text trimmed (it still points into `value`). Unknown when it
// does not fit. Used to round arguments first.
struct value codec_round(const struct point *point, const struct value *value, int power);

// The smallest and the largest number that an entry can have: as published (type, bits, scale,
// offset and range) or with `raw` as the register's own. False when the map does not say it:
// floats without range, scale factors and formulas, and what is no number.
bool codec_limits(const struct point *point, bool raw, struct value *ret_low,
                  struct value *ret_high);

// The label of a code, or NULL.
const char *codec_label(const struct labels *labels, int64_t code);

// The first code of a label. False when there is no such label.
bool codec_code(const struct labels *labels, const char *text, size_t length,
                int64_t *ret_code);

#endif
