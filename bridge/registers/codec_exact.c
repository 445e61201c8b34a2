// SPDX-License-Identifier: MIT
#include "registers/codec_exact.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_POWER = 38 }; // 10^38 fits 127 bits

static int128 power_of_ten(int exponent)
{
    int128 power = 1;
    for (int i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

static bool shift(int128 mantissa, int digits, int128 *ret_shifted)
{
    if (mantissa == 0) {
        *ret_shifted = 0;
        return true;
    }
    if (digits > MAX_POWER)
        return false;
    return !__builtin_mul_overflow(mantissa, power_of_ten(digits), ret_shifted);
}

// "-23.1e-5", as num_format_real writes it.
static struct exact parse(const char *text)
{
    struct exact number = {0};
    bool negative = *text == '-';
    bool after_point = false;
    for (text += negative; *text && *text != 'e'; text++) {
        if (!isdigit((unsigned char)*text)) {
            after_point = true;
            continue;
        }
        number.mantissa = number.mantissa * 10 + (*text - '0');
        number.exponent -= after_point;
    }
    if (*text)
        number.exponent += (int)strtol(text + 1, NULL, 10);
    if (negative)
        number.mantissa = -number.mantissa;
    return number;
}

struct exact exact_of(const struct value *value)
{
    if (value->kind == VALUE_INTEGER)
        return (struct exact){value->integer, 0};
    char text[48];
    (void)num_format_real(text, sizeof text, value->real,
                          value->decimals == DECIMALS_SHORTEST_FLOAT);
    struct exact number = parse(text);
    while (number.exponent < 0 && number.mantissa % 10 == 0) {
        number.mantissa /= 10;
        number.exponent++;
    }
    return number;
}

struct exact exact_of_decimal(struct decimal decimal)
{
    return (struct exact){decimal.mantissa, decimal.exponent};
}

bool exact_multiply(struct exact a, struct exact b, struct exact *ret_product)
{
    int128 mantissa = 0;
    if (__builtin_mul_overflow(a.mantissa, b.mantissa, &mantissa))
        return false;
    *ret_product = (struct exact){mantissa, a.exponent + b.exponent};
    return true;
}

bool exact_add(struct exact a, struct exact b, struct exact *ret_sum)
{
    int exponent = a.exponent < b.exponent ? a.exponent : b.exponent;
    int128 first = 0;
    int128 second = 0;
    int128 sum = 0;
    if (!shift(a.mantissa, a.exponent - exponent, &first) ||
        !shift(b.mantissa, b.exponent - exponent, &second) ||
        __builtin_add_overflow(first, second, &sum))
        return false;
    *ret_sum = (struct exact){sum, exponent};
    return true;
}

static int128 divide_rounded(int128 numerator, int128 denominator)
{
    int128 quotient = numerator / denominator;
    int128 rest = numerator % denominator;
    int128 rest_size = rest < 0 ? -rest : rest;
    int128 size = denominator < 0 ? -denominator : denominator;
    if (rest_size >= size - rest_size)
        quotient += (numerator < 0) == (denominator < 0) ? 1 : -1;
    return quotient;
}

bool exact_divide(struct exact a, struct exact b, int128 *ret_quotient)
{
    int exponent = a.exponent - b.exponent;
    int128 numerator = a.mantissa;
    int128 denominator = b.mantissa;
    if (denominator == 0)
        return false;
    if (exponent >= 0 ? !shift(a.mantissa, exponent, &numerator)
                      : !shift(b.mantissa, -exponent, &denominator))
        return false;
    *ret_quotient = divide_rounded(numerator, denominator);
    return true;
}

struct exact exact_round(struct exact number, int decimals)
{
    int surplus = -number.exponent - decimals;
    if (surplus <= 0)
        return number;
    int128 mantissa = 0;
    if (surplus <= MAX_POWER)
        mantissa = divide_rounded(number.mantissa, power_of_ten(surplus));
    return (struct exact){mantissa, -decimals};
}

bool exact_integer(struct exact number, int128 *ret_integer)
{
    int128 integer = 0;
    if (number.exponent < 0) {
        if (-number.exponent > MAX_POWER)
            return false;
        int128 power = power_of_ten(-number.exponent);
        if (number.mantissa % power != 0)
            return false;
        integer = number.mantissa / power;
    } else if (!shift(number.mantissa, number.exponent, &integer)) {
        return false;
    }
    if (integer < INT64_MIN || integer > UINT64_MAX)
        return false;
    *ret_integer = integer;
    return true;
}

double exact_double(struct exact number)
{
    const int128 exact_limit = (int128)1 << 53; // doubles below are integers without rounding
    int128 size = number.mantissa < 0 ? -number.mantissa : number.mantissa;
    if (size <= exact_limit && number.exponent >= -22 && number.exponent <= 22) {
        double power =
            num_power_of_ten(number.exponent < 0 ? -number.exponent : number.exponent);
        double mantissa = (double)number.mantissa;
        return number.exponent < 0 ? mantissa / power : mantissa * power;
    }
    char text[80];
    size_t used = num_format_int(text, sizeof text, number.mantissa);
    (void)snprintf(text + used, sizeof text - used, "e%d", number.exponent);
    return strtod(text, NULL);
}
