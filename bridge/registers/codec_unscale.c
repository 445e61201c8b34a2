// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "registers/codec_describe.h"
#include "registers/codec_exact.h"
#include "registers/codec_order.h"
#include "registers/codec_text.h"
#include "registers/codec_type.h"

enum { MAX_DIGITS = 20 }; // after the point; no register has steps finer than these

static int error_kind(const struct point *point, const struct value *value,
                      const char *expected, struct error *err)
{
    char given[DESCRIPTION_SIZE];
    codec_describe(value, NULL, given);
    return error_set(err, ERROR_FAILED, "%s: %s is not %s", point->key, given, expected);
}

static struct value range_end(double end)
{
    return value_real(end, DECIMALS_SHORTEST);
}

static bool is_outside(const struct point *point, const struct value *value)
{
    double number = value_number(value);
    return point->has_range && (number < point->range_low || number > point->range_high);
}

static int check_range(const struct point *point, const struct value *value, struct error *err)
{
    if (!is_outside(point, value))
        return 0;
    struct value low = range_end(point->range_low);
    struct value high = range_end(point->range_high);
    return codec_error_outside(point->key, value, &low, &high, point->unit, err);
}

// Says which values the register can hold, in the entry's unit.
static int error_limits(const struct point *point, const struct value *value, int power,
                        struct value raw_limits[2], struct error *err)
{
    struct value low = codec_scale_number(point, &raw_limits[0], power);
    struct value high = codec_scale_number(point, &raw_limits[1], power);
    if (!value_is_number(&low) || !value_is_number(&high))
        return codec_error_outside(point->key, value, &raw_limits[0], &raw_limits[1], NULL,
                                   err);
    bool is_turned = value_number(&low) > value_number(&high); // a negative scale
    return codec_error_outside(point->key, value, is_turned ? &high : &low,
                               is_turned ? &low : &high, point->unit, err);
}

// (value - offset) / (scale * 10^power), exactly; false when that leaves 128 bits.
static bool to_steps(const struct point *point, const struct value *value, int power,
                     int128 *ret_steps)
{
    struct exact offset = exact_of_decimal(point->offset);
    struct exact scale = exact_of_decimal(point->scale);
    struct exact number = exact_round(exact_of(value), MAX_DIGITS);
    offset.mantissa = -offset.mantissa;
    scale.exponent += power;
    return exact_add(number, offset, &number) && exact_divide(number, scale, ret_steps);
}

int unscale_integer(const struct point *point, const struct value *value, int power,
                    struct value *ret_raw, struct error *err)
{
    int128 min = 0;
    int128 max = 0;
    int128 steps = 0;
    if (!value_is_number(value))
        return error_kind(point, value, "a number", err);
    if (check_range(point, value, err) < 0)
        return -1;
    codec_integer_limits(point, &min, &max);
    struct value limits[2] = {value_integer(min), value_integer(max)};
    if (!to_steps(point, value, power, &steps) || steps < min || steps > max)
        return error_limits(point, value, power, limits, err);
    *ret_raw = value_integer(steps);
    return 0;
}

// The double nearest to (value - offset) / (scale * 10^power).
static double to_real(const struct point *point, const struct value *value, int power)
{
    struct exact offset = exact_of_decimal(point->offset);
    struct exact number = exact_of(value);
    offset.mantissa = -offset.mantissa;
    if (!exact_add(number, offset, &number))
        return (value_number(value) + exact_double(offset)) /
               exact_double(
                   (struct exact){point->scale.mantissa, point->scale.exponent + power});
    number.exponent -= point->scale.exponent + power;
    return exact_double(number) / (double)point->scale.mantissa;
}

int unscale_float(const struct point *point, const struct value *value, int power,
                  struct value *ret_raw, struct error *err)
{
    if (!value_is_number(value))
        return error_kind(point, value, "a number", err);
    if (check_range(point, value, err) < 0)
        return -1;
    double limit = codec_float_limit(point);
    double real = to_real(point, value, power);
    bool is_single = point->type == TYPE_F32;
    // Half a step above the largest float is still that.
    if (isnan(real) || isinf(is_single ? (double)(float)real : real)) {
        struct value limits[2] = {value_real(-limit, DECIMALS_SHORTEST_FLOAT),
                                  value_real(limit, DECIMALS_SHORTEST_FLOAT)};
        return error_limits(point, value, power, limits, err);
    }
    *ret_raw = value_real(is_single ? (double)(float)real : real,
                          is_single ? DECIMALS_SHORTEST_FLOAT : DECIMALS_SHORTEST);
    return 0;
}

int unscale_bool(const struct point *point, const struct value *value, int power,
                 struct value *ret_raw, struct error *err)
{
    (void)power;
    bool is_bit = value->kind == VALUE_INTEGER && (value->integer == 0 || value->integer == 1);
    if (value->kind != VALUE_BOOLEAN && !is_bit)
        return error_kind(point, value, "true or false", err);
    *ret_raw = value_boolean(is_bit ? value->integer == 1 : value->boolean);
    return 0;
}

int unscale_text(const struct point *point, const struct value *value, int power,
                 struct value *ret_raw, struct error *err)
{
    (void)power;
    uint16_t words[MAX_POINT_WORDS];
    if (codec_encode_raw(point, value, words, err) < 0)
        return -1;
    *ret_raw = *value;
    return 0;
}

// "battery_first, load_first": each label once.
static void list_labels(const struct labels *labels, struct strbuf *list)
{
    for (size_t i = 0; i < labels->count; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && strcmp(labels->rows[i].text, labels->rows[j].text) != 0;
        if (is_new)
            strbuf_printf(list, "%s%s", list->length ? ", " : "", labels->rows[i].text);
    }
}

static int error_no_label(const struct point *point, const struct value *value,
                          struct error *err)
{
    struct strbuf list = {0};
    char given[DESCRIPTION_SIZE];
    codec_describe(value, NULL, given);
    list_labels(point->labels, &list);
    (void)error_set(err, ERROR_FAILED, "%s: %s is not one of %s", point->key, given,
                    strbuf_text(&list));
    strbuf_done(&list);
    return -1;
}

// The code of a label, of true and false where they are the labels, or a code that has a label.
static bool find_code(const struct labels *labels, const struct value *value, int64_t *ret_code)
{
    struct value text = *value;
    if (value->kind == VALUE_BOOLEAN && labels->is_boolean)
        text = value_text(value->boolean ? "true" : "false");
    if (text.kind == VALUE_TEXT)
        return codec_code(labels, text.text.bytes, text.text.length, ret_code);
    for (size_t i = 0; i < labels->count && value->kind == VALUE_INTEGER; i++) {
        if (value->integer >= labels->rows[i].low && value->integer <= labels->rows[i].high) {
            *ret_code = (int64_t)value->integer;
            return true;
        }
    }
    return false;
}

static int unscale_label(const struct point *point, const struct value *value,
                         struct value *ret_raw, struct error *err)
{
    int64_t code = 0;
    uint16_t words[MAX_POINT_WORDS] = {0};
    if (!find_code(point->labels, value, &code))
        return error_no_label(point, value, err);
    struct value raw = value_integer(code);
    if (codec_encode_raw(point, &raw, words, err) < 0)
        return -1;
    *ret_raw = point->type == TYPE_BOOL ? value_boolean(code != 0) : raw;
    return 0;
}

// A number may be the very pattern that says "no value", and rounding may leave the range: what
// was written could then not be read back.
static int check_readable(const struct point *point, const struct value *value, int power,
                          const struct value *raw, struct error *err)
{
    char given[DESCRIPTION_SIZE];
    char rounded[DESCRIPTION_SIZE];
    uint16_t words[MAX_POINT_WORDS] = {0};
    codec_describe(value, point->unit, given);
    if (codec_encode_raw(point, raw, words, err) < 0)
        return -1;
    if (!order_has_bits(point) && order_is_invalid(point, words))
        return error_set(err, ERROR_FAILED,
                         "%s: %s is what this register says for \"no value\"", point->key,
                         given);
    if (!value_is_number(raw))
        return 0;
    struct value back = codec_scale_number(point, raw, power);
    if (!value_is_number(&back) || !is_outside(point, &back))
        return 0;
    codec_describe(&back, point->unit, rounded);
    (void)check_range(point, &back, err);
    return error_prefix(err, "%s: %s would be written as %s", point->key, given, rounded);
}

int codec_unscale(const struct point *point, const struct value *value, int power,
                  struct value *ret_raw, struct error *err)
{
    struct value raw = {0};
    if (!value_is_known(value))
        return error_set(err, ERROR_FAILED, "%s: there is no value to write", point->key);
    if (power < -MAX_SCALE_POWER || power > MAX_SCALE_POWER)
        return error_set(err, ERROR_FAILED,
                         "%s: its scale factor register says %d, outside %d..%d", point->key,
                         power, -MAX_SCALE_POWER, MAX_SCALE_POWER);
    int result = point->labels
                     ? unscale_label(point, value, &raw, err)
                     : codec_row(point->type)->unscale(point, value, power, &raw, err);
    if (result < 0 || check_readable(point, value, power, &raw, err) < 0)
        return -1;
    *ret_raw = raw;
    return 0;
}

struct value codec_round(const struct point *point, const struct value *value, int power)
{
    struct value raw = {0};
    struct error err;
    if (codec_unscale(point, value, power, &raw, &err) < 0)
        return value_unknown();
    if (raw.kind == VALUE_TEXT) {
        const char *start = NULL;
        size_t length = codec_text_trim(raw.text.bytes, raw.text.length, &start);
        return value_text_bytes(start, length);
    }
    return codec_scale(point, &raw, power);
}
