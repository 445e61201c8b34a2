// SPDX-License-Identifier: MIT
// What each type can do, a row per enum point_type: the functions behind registers/codec.h.
// Pure, any thread.
#ifndef REGISTERS_CODEC_TYPE_H
#define REGISTERS_CODEC_TYPE_H

#include "base/error.h"
#include "registers/codec.h"

struct codec_row {
    struct type_row type;
    // Words, not a "no value" pattern, to raw.
    struct value (*decode)(const struct point *point, const uint16_t *words,
                           struct codec_space *space);
    // Raw to words, checked; of an entry with bits only those bits change.
    int (*encode)(const struct point *point, const struct value *raw, uint16_t *ret_words,
                  struct error *err);
    // A value without label to raw, checked.
    int (*unscale)(const struct point *point, const struct value *value, int power,
                   struct value *ret_raw, struct error *err);
};

// The row of a type; static.
const struct codec_row *codec_row(enum point_type type);

// codec_number.c
struct value decode_bool(const struct point *point, const uint16_t *words,
                         struct codec_space *space);
struct value decode_integer(const struct point *point, const uint16_t *words,
                            struct codec_space *space);
struct value decode_bcd(const struct point *point, const uint16_t *words,
                        struct codec_space *space);
struct value decode_float(const struct point *point, const uint16_t *words,
                          struct codec_space *space);
int encode_bool(const struct point *point, const struct value *raw, uint16_t *ret_words,
                struct error *err);
int encode_integer(const struct point *point, const struct value *raw, uint16_t *ret_words,
                   struct error *err);
int encode_float(const struct point *point, const struct value *raw, uint16_t *ret_words,
                 struct error *err);

// The raw numbers an integer or BCD entry can hold.
void codec_integer_limits(const struct point *point, int128 *ret_min, int128 *ret_max);

// The largest number a float entry can hold.
double codec_float_limit(const struct point *point);

// codec_text.c
struct value decode_string(const struct point *point, const uint16_t *words,
                           struct codec_space *space);
struct value decode_uuid(const struct point *point, const uint16_t *words,
                         struct codec_space *space);
struct value decode_ipv4(const struct point *point, const uint16_t *words,
                         struct codec_space *space);
struct value decode_events(const struct point *point, const uint16_t *words,
                           struct codec_space *space);
int encode_string(const struct point *point, const struct value *raw, uint16_t *ret_words,
                  struct error *err);
int encode_uuid(const struct point *point, const struct value *raw, uint16_t *ret_words,
                struct error *err);
int encode_ipv4(const struct point *point, const struct value *raw, uint16_t *ret_words,
                struct error *err);
int encode_events(const struct point *point, const struct value *raw, uint16_t *ret_words,
                  struct error *err);

// codec_unscale.c
int unscale_bool(const struct point *point, const struct value *value, int power,
                 struct value *ret_raw, struct error *err);
int unscale_integer(const struct point *point, const struct value *value, int power,
                    struct value *ret_raw, struct error *err);
int unscale_float(const struct point *point, const struct value *value, int power,
                  struct value *ret_raw, struct error *err);
int unscale_text(const struct point *point, const struct value *value, int power,
                 struct value *ret_raw, struct error *err);

// codec_scale.c: raw * scale * 10^power + offset, without range, labels and decimals.
struct value codec_scale_number(const struct point *point, const struct value *raw, int power);

enum { MAX_SCALE_POWER = 10 }; // SunSpec scale factors lie within -10..10

#endif
