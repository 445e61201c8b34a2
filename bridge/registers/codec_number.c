// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>
#include <string.h>

#include "registers/codec_describe.h"
#include "registers/codec_order.h"
#include "registers/codec_type.h"

enum { NIBBLE_BITS = 4 };

// The entry's bits, shifted down to bit 0.
static uint64_t slice(const struct point *point, const uint16_t *words)
{
    uint64_t pattern = order_pattern(point, words) & order_mask(point);
    return order_has_bits(point) ? pattern >> point->bit_low : pattern;
}

// Puts the entry's bits into the words and leaves all others as they are.
static void put_slice(const struct point *point, uint64_t bits, uint16_t *ret_words)
{
    if (order_has_bits(point)) {
        uint64_t mask = order_mask(point);
        bits = (order_pattern(point, ret_words) & ~mask) | (bits << point->bit_low & mask);
    }
    order_words(point, bits, ret_words);
}

static int slice_width(const struct point *point)
{
    if (order_has_bits(point))
        return point->bit_high - point->bit_low + 1;
    return 16 * codec_type(point->type)->word_count;
}

struct value decode_bool(const struct point *point, const uint16_t *words,
                         struct codec_space *space)
{
    (void)space;
    return value_boolean(slice(point, words) != 0);
}

struct value decode_integer(const struct point *point, const uint16_t *words,
                            struct codec_space *space)
{
    (void)space;
    const struct type_row *type = codec_type(point->type);
    uint64_t bits = slice(point, words);
    int128 integer = bits;
    if (type->is_signed && !order_has_bits(point) && bits >> (slice_width(point) - 1))
        integer -= (int128)1 << slice_width(point);
    return value_integer(integer);
}

struct value decode_bcd(const struct point *point, const uint16_t *words,
                        struct codec_space *space)
{
    (void)space;
    uint64_t bits = slice(point, words);
    int integer = 0;
    for (int i = 3; i >= 0; i--) {
        int digit = (int)(bits >> (i * NIBBLE_BITS) & 0xF);
        if (digit > 9)
            return value_unknown();
        integer = integer * 10 + digit;
    }
    return value_integer(integer);
}

static uint64_t to_bcd(int128 integer)
{
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++, integer /= 10)
        bits |= (uint64_t)(integer % 10) << (i * NIBBLE_BITS);
    return bits;
}

// A field of 5 bits holds one digit and a tens digit of one bit: 0..19.
static int128 bcd_limit(int width)
{
    int128 limit = 0;
    int128 ten = 1;
    for (; width > 0; width -= NIBBLE_BITS, ten *= 10)
        limit += ten * (width >= NIBBLE_BITS ? 9 : (1 << width) - 1);
    return limit;
}

void codec_integer_limits(const struct point *point, int128 *ret_min, int128 *ret_max)
{
    const struct type_row *type = codec_type(point->type);
    *ret_min = type->integer_min;
    *ret_max = type->integer_max;
    if (order_has_bits(point)) {
        *ret_min = 0;
        *ret_max = order_mask(point) >> point->bit_low;
    }
    if (point->type == TYPE_BCD16)
        *ret_max = bcd_limit(slice_width(point));
}

static int error_not(const struct point *point, const struct value *raw, const char *expected,
                     struct error *err)
{
    char given[DESCRIPTION_SIZE];
    codec_describe(raw, NULL, given);
    return error_set(err, ERROR_FAILED, "%s: %s is not %s", point->key, given, expected);
}

int encode_bool(const struct point *point, const struct value *raw, uint16_t *ret_words,
                struct error *err)
{
    bool is_bit = raw->kind == VALUE_INTEGER && (raw->integer == 0 || raw->integer == 1);
    if (raw->kind != VALUE_BOOLEAN && !is_bit)
        return error_not(point, raw, "true or false", err);
    put_slice(point, is_bit ? raw->integer == 1 : raw->boolean, ret_words);
    return 0;
}

// A whole real is taken for the integer it is.
static bool whole_number(const struct value *raw, int128 *ret_integer)
{
    bool is_whole =
        raw->kind == VALUE_REAL && raw->real == trunc(raw->real) && fabs(raw->real) <= 0x1p64;
    if (!is_whole && raw->kind != VALUE_INTEGER)
        return false;
    *ret_integer = is_whole ? (int128)raw->real : raw->integer;
    return true;
}

int encode_integer(const struct point *point, const struct value *raw, uint16_t *ret_words,
                   struct error *err)
{
    int128 integer = 0;
    if (!whole_number(raw, &integer))
        return error_not(point, raw, "a whole number", err);
    int128 min = 0;
    int128 max = 0;
    codec_integer_limits(point, &min, &max);
    if (integer < min || integer > max) {
        struct value low = value_integer(min);
        struct value high = value_integer(max);
        return codec_error_outside(point->key, raw, &low, &high, NULL, err);
    }
    uint64_t bits = point->type == TYPE_BCD16 ? to_bcd(integer) : (uint64_t)integer;
    put_slice(point, bits, ret_words);
    return 0;
}

struct value decode_float(const struct point *point, const uint16_t *words,
                          struct codec_space *space)
{
    (void)space;
    uint64_t pattern = order_pattern(point, words);
    double real = 0;
    int decimals = DECIMALS_SHORTEST;
    if (point->type == TYPE_F32) {
        uint32_t bits = (uint32_t)pattern;
        float number = 0;
        memcpy(&number, &bits, sizeof number);
        real = (double)number;
        decimals = DECIMALS_SHORTEST_FLOAT;
    } else {
        memcpy(&real, &pattern, sizeof real);
    }
    return isnan(real) ? value_absent() : value_real(real, decimals);
}

double codec_float_limit(const struct point *point)
{
    return point->type == TYPE_F32 ? (double)FLT_MAX : DBL_MAX;
}

int encode_float(const struct point *point, const struct value *raw, uint16_t *ret_words,
                 struct error *err)
{
    if (!value_is_number(raw))
        return error_not(point, raw, "a number", err);
    double real = value_number(raw);
    uint64_t pattern = 0;
    if (point->type == TYPE_F32) {
        float number = (float)real;
        uint32_t bits = 0;
        if (isinf(number)) {
            struct value high = value_real((double)FLT_MAX, DECIMALS_SHORTEST_FLOAT);
            struct value low = value_real(-(double)FLT_MAX, DECIMALS_SHORTEST_FLOAT);
            return codec_error_outside(point->key, raw, &low, &high, NULL, err);
        }
        memcpy(&bits, &number, sizeof bits);
        pattern = bits;
    } else {
        memcpy(&pattern, &real, sizeof pattern);
    }
    order_words(point, pattern, ret_words);
    return 0;
}
