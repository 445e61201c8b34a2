// SPDX-License-Identifier: MIT
// Decimal arithmetic without rounding: a register of 231 with a scale of 0.1 is 23.1, not
// 23.1000000000000014. Pure, any thread.
#ifndef REGISTERS_CODEC_EXACT_H
#define REGISTERS_CODEC_EXACT_H

#include <stdbool.h>

#include "base/num.h"
#include "model/value.h"

// mantissa * 10^exponent.
struct exact {
    int128 mantissa;
    int exponent;
};

// The number of an integer or real value; of a real, its shortest decimal text.
struct exact exact_of(const struct value *value);

// The same number, exactly.
struct exact exact_of_decimal(struct decimal decimal);

// False, with nothing written, when a result does not fit 128 bits.
bool exact_multiply(struct exact a, struct exact b, struct exact *ret_product);
bool exact_add(struct exact a, struct exact b, struct exact *ret_sum);

// The integer nearest to a / b, ties away from zero. False when b is zero or a step does not
// fit 128 bits.
bool exact_divide(struct exact a, struct exact b, int128 *ret_quotient);

// Rounded to `decimals` digits after the point, ties away from zero. The exponent of the result
// is never below -decimals.
struct exact exact_round(struct exact number, int decimals);

// The number as an integer. False when it is not whole or not within -2^63 .. 2^64 - 1.
bool exact_integer(struct exact number, int128 *ret_integer);

// The nearest double; infinite when there is none.
double exact_double(struct exact number);

#endif
