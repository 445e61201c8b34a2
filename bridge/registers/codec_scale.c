// SPDX-License-Identifier: MIT
#include <math.h>

#include "registers/codec_exact.h"
#include "registers/codec_type.h"

// How many digits after the point a result has.
enum digits {
    DIGITS_IMPLIED,  // those of scale and offset; none: an integer
    DIGITS_SHORTEST, // a real: as many as it needs
};

static struct value to_value(struct exact number, enum digits digits)
{
    if (digits == DIGITS_SHORTEST)
        return value_real(exact_double(number), DECIMALS_SHORTEST);
    int128 integer = 0;
    if (number.exponent < 0)
        return (struct value){
            .kind = VALUE_REAL, .decimals = -number.exponent, .real = exact_double(number)};
    return exact_integer(number, &integer) ? value_integer(integer) : value_unknown();
}

// raw * factor + offset. What leaves 128 bits on the way is computed as a double when it is a
// float, and is no value when it is an integer.
static struct value scale_exact(const struct point *point, const struct value *raw,
                                struct exact factor, enum digits digits)
{
    struct exact offset = exact_of_decimal(point->offset);
    struct exact number = exact_of(raw);
    if (exact_multiply(number, factor, &number) && exact_add(number, offset, &number))
        return to_value(number, digits);
    if (raw->kind == VALUE_INTEGER)
        return value_unknown();
    return value_real(raw->real * exact_double(factor) + exact_double(offset),
                      DECIMALS_SHORTEST);
}

static bool is_plain(const struct point *point, int power)
{
    return power == 0 && point->scale.mantissa == 1 && point->scale.exponent == 0 &&
           point->offset.mantissa == 0;
}

struct value codec_scale_number(const struct point *point, const struct value *raw, int power)
{
    if (is_plain(point, power))
        return *raw;
    struct exact factor = exact_of_decimal(point->scale);
    factor.exponent += power;
    return scale_exact(point, raw, factor,
                       raw->kind == VALUE_INTEGER ? DIGITS_IMPLIED : DIGITS_SHORTEST);
}

// An integer has no digits to round away and stays one.
static struct value round_number(const struct point *point, const struct value *value)
{
    if (value->kind != VALUE_REAL || point->decimals < 0 || value->decimals == point->decimals)
        return *value;
    struct exact rounded = exact_round(exact_of(value), point->decimals);
    return (struct value){
        .kind = VALUE_REAL, .decimals = point->decimals, .real = exact_double(rounded)};
}

static bool in_range(const struct point *point, const struct value *value)
{
    if (!point->has_range || !value_is_number(value))
        return true;
    double number = value_number(value);
    return number >= point->range_low && number <= point->range_high;
}

static struct value label_value(const struct labels *labels, const char *label)
{
    if (!label)
        return value_unknown();
    return labels->is_boolean ? value_boolean(label[0] == 't') : value_text(label);
}

// A text that a formula made is one of the labels or has none.
static const char *known_text(const struct labels *labels, const struct value *text)
{
    for (size_t i = 0; i < labels->count; i++) {
        struct value label = value_text(labels->rows[i].text);
        if (value_equal(&label, text))
            return labels->rows[i].text;
    }
    return labels->otherwise;
}

static struct value find_label(const struct labels *labels, const struct value *code)
{
    int64_t number = 0;
    switch (code->kind) {
    case VALUE_TEXT:
        return label_value(labels, known_text(labels, code));
    case VALUE_BOOLEAN:
        number = code->boolean;
        break;
    case VALUE_INTEGER:
        if (code->integer > INT64_MAX)
            return label_value(labels, labels->otherwise);
        number = (int64_t)code->integer;
        break;
    case VALUE_REAL:
        if (code->real != trunc(code->real) || fabs(code->real) >= 0x1p63)
            return value_unknown();
        number = (int64_t)code->real;
        break;
    case VALUE_UNKNOWN:
    case VALUE_ABSENT:
    case VALUE_EVENTS:
        return *code;
    }
    return label_value(labels, codec_label(labels, number));
}

// `code` is what the labels are for, `value` what is published without them.
static struct value publish(const struct point *point, const struct value *code,
                            const struct value *value)
{
    if (!value_is_known(value) || !in_range(point, value))
        return value->kind == VALUE_ABSENT ? value_absent() : value_unknown();
    if (point->labels)
        return find_label(point->labels, code);
    return round_number(point, value);
}

struct value codec_scale(const struct point *point, const struct value *raw, int power)
{
    if (!value_is_known(raw))
        return *raw;
    if (power < -MAX_SCALE_POWER || power > MAX_SCALE_POWER)
        return value_unknown();
    struct value value = value_is_number(raw) ? codec_scale_number(point, raw, power) : *raw;
    return publish(point, raw, &value);
}

struct value codec_scale_by(const struct point *point, const struct value *raw,
                            const struct value *factor)
{
    if (!value_is_known(raw) || !value_is_number(raw))
        return codec_scale(point, raw, 0);
    if (!value_is_number(factor))
        return factor->kind == VALUE_ABSENT ? value_absent() : value_unknown();
    bool is_integer = raw->kind == VALUE_INTEGER && factor->kind == VALUE_INTEGER;
    struct value value = scale_exact(point, raw, exact_of(factor),
                                     is_integer ? DIGITS_IMPLIED : DIGITS_SHORTEST);
    return publish(point, raw, &value);
}

struct value codec_finish(const struct point *point, const struct value *value)
{
    return publish(point, value, value);
}
