// SPDX-License-Identifier: MIT
// What 128-bit integers need beyond what every machine's compiler makes inline: division, and
// the way from and to a double. Where addresses have 32 bits neither libgcc nor compiler-rt
// brings it, and clang's operators call these; elsewhere nothing uses them. Pure, any thread.
#ifndef BASE_WIDE_H
#define BASE_WIDE_H

#include "base/num.h"

// Towards zero. The denominator is not 0, the quotient fits.
int128 wide_divide(int128 numerator, int128 denominator);

// What wide_divide leaves: it has the sign of the numerator.
int128 wide_remainder(int128 numerator, int128 denominator);

// The nearest double, of two the even one.
double wide_to_real(int128 integer);

// Towards zero. `real` is within -2^127 .. 2^127, without the upper end.
int128 wide_of_real(double real);

#endif
