// SPDX-License-Identifier: MIT
// Strict text <-> number, independent of the locale: "10x", "010" and "" are errors, never 10.
// Every function returns true and writes its result only when the whole text is a number of its
// kind; pure, any thread.
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A 128-bit integer: wide enough for every 64-bit register value, signed or not, and for sums.
__extension__ typedef __int128 int128;

// A decimal number exactly as written: mantissa * 10^exponent ("0.01" is 1, -2).
struct decimal {
    int64_t mantissa;
    int exponent;
};

// Decimal or 0x hexadecimal, optional sign; a leading zero is refused.
bool num_parse_int(const char *text, int64_t *ret_value);

// As num_parse_int for values up to 2^64 - 1 (and down to -2^63).
bool num_parse_wide(const char *text, int128 *ret_value);

// Decimal notation with optional fraction and exponent; finite.
bool num_parse_real(const char *text, double *ret_value);

// As num_parse_real, at most 18 significant digits, exponent within -30..30; trailing zeros of
// a fraction are dropped.
bool num_parse_decimal(const char *text, struct decimal *ret_value);

// A whole number and a unit: ms, s, m, h or d ("50ms", "3m"); "0" needs no unit. At most 3650
// d.
bool num_parse_duration_ms(const char *text, int64_t *ret_ms);

// A whole number and a unit: B, kB, MB or GB (powers of 1000) ("256MB").
bool num_parse_size(const char *text, int64_t *ret_bytes);

// Writes an integer of up to 128 bits; `size` of 48 always suffices. Returns the length.
size_t num_format_int(char *ret_text, size_t size, int128 value);

// Writes the shortest decimal text that reads back as the same double (or, with `is_float`, the
// same 32-bit float); always with a point or exponent ("1.0"). `size` of 40 always suffices.
size_t num_format_real(char *ret_text, size_t size, double value, bool is_float);

// The double nearest to the shortest decimal of a 32-bit float: 23.1 of 23.1000003814697.
double num_shortest_float(double value);

// A duration for people: "850 ms", "12 s", "3 min", "2 h".
void num_format_duration(char *ret_text, size_t size, int64_t ms);

// Ten to the power of `exponent`; exact within -22..22.
double num_power_of_ten(int exponent);

#endif
