// SPDX-License-Identifier: MIT
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define INT128_LIMIT   ((int128)1 << 100)
#define MANTISSA_LIMIT 1000000000000000000 // 18 digits

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

// Digits of `base` up to the end of the text; bounded far below overflow.
static bool parse_digits(const char *text, int base, int128 *ret_value)
{
    int128 value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        int digit = digit_value(*text);
        if (digit >= base)
            return false;
        value = value * base + digit;
        if (value > INT128_LIMIT)
            return false;
    }
    *ret_value = value;
    return true;
}

static bool parse_integer(const char *text, int128 *ret_value)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    int128 value = 0;
    bool good = false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        good = parse_digits(text + 2, 16, &value);
    else if (text[0] == '0' && text[1])
        good = false;
    else
        good = parse_digits(text, 10, &value);
    if (good)
        *ret_value = negative ? -value : value;
    return good;
}

bool num_parse_wide(const char *text, int128 *ret_value)
{
    int128 value = 0;
    if (!parse_integer(text, &value) || value < INT64_MIN || value > UINT64_MAX)
        return false;
    *ret_value = value;
    return true;
}

bool num_parse_int(const char *text, int64_t *ret_value)
{
    int128 value = 0;
    if (!parse_integer(text, &value) || value < INT64_MIN || value > INT64_MAX)
        return false;
    *ret_value = (int64_t)value;
    return true;
}

static const char *skip_digits(const char *text)
{
    while (isdigit((unsigned char)*text))
        text++;
    return text;
}

// [sign] digits [. digits] [e [sign] digits], without a leading zero such as "010".
static bool is_real(const char *text)
{
    if (*text == '-' || *text == '+')
        text++;
    const char *end = skip_digits(text);
    if (end == text || (text[0] == '0' && end > text + 1))
        return false;
    if (*end == '.') {
        const char *fraction = end + 1;
        end = skip_digits(fraction);
        if (end == fraction)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        end++;
        if (*end == '-' || *end == '+')
            end++;
        const char *exponent = end;
        end = skip_digits(exponent);
        if (end == exponent)
            return false;
    }
    return *end == '\0';
}

bool num_parse_real(const char *text, double *ret_value)
{
    if (!is_real(text))
        return false;
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

static void drop_trailing_zeros(struct decimal *number)
{
    while (number->exponent < 0 && number->mantissa % 10 == 0) {
        number->mantissa /= 10;
        number->exponent++;
    }
}

bool num_parse_decimal(const char *text, struct decimal *ret_value)
{
    if (!is_real(text))
        return false;
    struct decimal number = {0};
    bool negative = *text == '-';
    bool after_point = false;
    const char *at = text + (*text == '-' || *text == '+');
    for (; *at && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            after_point = true;
            continue;
        }
        if (number.mantissa >= MANTISSA_LIMIT / 10)
            return false;
        number.mantissa = number.mantissa * 10 + (*at - '0');
        number.exponent -= after_point;
    }
    if (*at) {
        long exponent = strtol(at + 1, NULL, 10);
        if (exponent < -30 || exponent > 30)
            return false;
        number.exponent += (int)exponent;
    }
    if (number.exponent < -30 || number.exponent > 30)
        return false;
    if (negative)
        number.mantissa = -number.mantissa;
    drop_trailing_zeros(&number);
    *ret_value = number;
    return true;
}

struct suffix {
    const char *text;
    int64_t factor;
};

static bool parse_with_suffix(const char *text, const struct suffix *suffixes, size_t count,
                              int64_t *ret_value)
{
    const char *end = skip_digits(text);
    char digits[20];
    size_t length = (size_t)(end - text);
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    int64_t number = 0;
    if (!num_parse_int(digits, &number))
        return false;
    if (!*end && number == 0) {
        *ret_value = 0;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(end, suffixes[i].text) == 0)
            return !__builtin_mul_overflow(number, suffixes[i].factor, ret_value);
    }
    return false;
}

bool num_parse_duration_ms(const char *text, int64_t *ret_ms)
{
    static const struct suffix suffixes[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
    };
    int64_t ms = 0;
    if (!parse_with_suffix(text, suffixes, ARRAY_LENGTH(suffixes), &ms))
        return false;
    if (ms > 3650 * 86400LL * 1000)
        return false;
    *ret_ms = ms;
    return true;
}

bool num_parse_size(const char *text, int64_t *ret_bytes)
{
    static const struct suffix suffixes[] = {
        {"B", 1},
        {"kB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
    };
    int64_t bytes = 0;
    if (!parse_with_suffix(text, suffixes, ARRAY_LENGTH(suffixes), &bytes))
        return false;
    *ret_bytes = bytes;
    return true;
}

size_t num_format_int(char *ret_text, size_t size, int128 value)
{
    char digits[48];
    size_t at = sizeof digits;
    bool negative = value < 0;
    digits[--at] = '\0';
    do {
        int digit = (int)(value % 10);
        digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
        value /= 10;
    } while (value != 0);
    if (negative)
        digits[--at] = '-';
    (void)snprintf(ret_text, size, "%s", digits + at);
    return sizeof digits - 1 - at;
}

// The shortest decimal that reads back as a positive float of usual size: mantissa / 10^places.
// A float has 24 bits and 5^12 has 28, so that neither the product nor the quotient is rounded
// more than once. False: not of usual size.
static bool shorten_float(double size, int64_t *ret_mantissa, int *ret_places)
{
    enum { FEWEST_DIGITS = 6, MOST_DIGITS = 9 };
    if (!(size >= 1e-4 && size < 1e6))
        return false;
    int places = FEWEST_DIGITS - 1;
    while (places > 0 && size >= num_power_of_ten(FEWEST_DIGITS - places))
        places--;
    while (size < num_power_of_ten(FEWEST_DIGITS - 1 - places))
        places++;
    for (int digits = FEWEST_DIGITS; digits <= MOST_DIGITS; digits++, places++) {
        double mantissa = rint(size * num_power_of_ten(places));
        if ((float)(mantissa / num_power_of_ten(places)) != (float)size)
            continue;
        *ret_mantissa = (int64_t)mantissa;
        *ret_places = places;
        return true;
    }
    return false;
}

double num_shortest_float(double value)
{
    int64_t mantissa = 0;
    int places = 0;
    if (shorten_float(fabs(value), &mantissa, &places))
        return copysign((double)mantissa / num_power_of_ten(places), value);
    char text[40];
    (void)num_format_real(text, sizeof text, value, true);
    return strtod(text, NULL);
}

// "23.1" of 231 and 1; at least one digit behind the point.
static void format_places(char *ret_text, size_t size, bool is_negative, int64_t mantissa,
                          int places)
{
    while (places > 1 && mantissa % 10 == 0) {
        mantissa /= 10;
        places--;
    }
    if (places == 0) {
        mantissa *= 10;
        places = 1;
    }
    char digits[24];
    int used = snprintf(digits, sizeof digits, "%0*lld", places + 1, (long long)mantissa);
    int whole = used - places;
    (void)snprintf(ret_text, size, "%s%.*s.%s", is_negative ? "-" : "", whole, digits,
                   digits + whole);
}

size_t num_format_real(char *ret_text, size_t size, double value, bool is_float)
{
    int64_t mantissa = 0;
    int places = 0;
    if (is_float && shorten_float(fabs(value), &mantissa, &places)) {
        format_places(ret_text, size, value < 0, mantissa, places);
        return strlen(ret_text);
    }
    char text[40];
    for (int digits = is_float ? 6 : 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        bool same = is_float ? (float)back == (float)value : back == value;
        if (same)
            break;
    }
    bool looks_whole = !strpbrk(text, ".eEn");
    (void)snprintf(ret_text, size, "%s%s", text, looks_whole ? ".0" : "");
    return strlen(ret_text);
}

void num_format_duration(char *ret_text, size_t size, int64_t ms)
{
    if (ms < 1000)
        (void)snprintf(ret_text, size, "%lld ms", (long long)ms);
    else if (ms % 1000 && ms < 10000)
        (void)snprintf(ret_text, size, "%.1f s", (double)ms / 1000);
    else if (ms < 120000)
        (void)snprintf(ret_text, size, "%lld s", (long long)(ms / 1000));
    else if (ms < 7200000)
        (void)snprintf(ret_text, size, "%lld min", (long long)(ms / 60000));
    else
        (void)snprintf(ret_text, size, "%lld h", (long long)(ms / 3600000));
}

double num_power_of_ten(int exponent)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int size = exponent < 0 ? -exponent : exponent;
    if (size >= (int)ARRAY_LENGTH(powers))
        return pow(10, exponent);
    return exponent < 0 ? 1 / powers[size] : powers[size];
}
