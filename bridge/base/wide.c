// SPDX-License-Identifier: MIT
#include "base/wide.h"

#include <math.h>
#include <stdint.h>

enum {
    WIDE_BITS = 128,
    WORD_BITS = 64,
    REAL_BITS = 53, // of a double's mantissa
};

__extension__ typedef unsigned __int128 wide;

static wide size_of(int128 integer)
{
    return integer < 0 ? -(wide)integer : (wide)integer;
}

static int bit_count(wide number)
{
    uint64_t high = (uint64_t)(number >> WORD_BITS);
    uint64_t low = (uint64_t)number;
    if (high)
        return WIDE_BITS - __builtin_clzll(high);
    return low ? WORD_BITS - __builtin_clzll(low) : 0;
}

// Bit by bit, but for what the machine divides itself: nearly everything.
static wide divide(wide numerator, wide denominator, wide *ret_rest)
{
    if (numerator <= UINT64_MAX && denominator <= UINT64_MAX) {
        *ret_rest = (uint64_t)numerator % (uint64_t)denominator;
        return (uint64_t)numerator / (uint64_t)denominator;
    }
    wide quotient = 0;
    for (int shift = bit_count(numerator) - bit_count(denominator); shift >= 0; shift--) {
        wide part = denominator << shift;
        quotient = quotient << 1 | (numerator >= part);
        if (numerator >= part)
            numerator -= part;
    }
    *ret_rest = numerator;
    return quotient;
}

int128 wide_divide(int128 numerator, int128 denominator)
{
    wide rest = 0;
    wide quotient = divide(size_of(numerator), size_of(denominator), &rest);
    return (int128)((numerator < 0) == (denominator < 0) ? quotient : -quotient);
}

int128 wide_remainder(int128 numerator, int128 denominator)
{
    wide rest = 0;
    (void)divide(size_of(numerator), size_of(denominator), &rest);
    return (int128)(numerator < 0 ? -rest : rest);
}

// Of the bits below the upper 64 only whether one is set matters: there are eleven between them
// and the last one that a double has.
double wide_to_real(int128 integer)
{
    wide size = size_of(integer);
    int surplus = bit_count(size) - WORD_BITS;
    uint64_t upper = (uint64_t)size;
    if (surplus > 0) {
        upper = (uint64_t)(size >> surplus);
        upper |= (wide)upper << surplus != size;
    }
    double real = surplus > 0 ? ldexp((double)upper, surplus) : (double)upper;
    return integer < 0 ? -real : real;
}

int128 wide_of_real(double real)
{
    int exponent = 0;
    double fraction = frexp(fabs(real), &exponent); // 0.5 .. 1
    if (exponent <= 0)
        return 0;
    wide size = (uint64_t)ldexp(fraction, REAL_BITS);
    size =
        exponent >= REAL_BITS ? size << (exponent - REAL_BITS) : size >> (REAL_BITS - exponent);
    return (int128)(real < 0 ? -size : size);
}

#if UINTPTR_MAX == UINT32_MAX
// Under the names that clang calls (gccint: "Routines for integer arithmetic", "Routines for
// floating point emulation").
int128 __divti3(int128 numerator, int128 denominator);
int128 __modti3(int128 numerator, int128 denominator);
double __floattidf(int128 integer);
int128 __fixdfti(double real);

int128 __divti3(int128 numerator, int128 denominator)
{
    return wide_divide(numerator, denominator);
}

int128 __modti3(int128 numerator, int128 denominator)
{
    return wide_remainder(numerator, denominator);
}

double __floattidf(int128 integer)
{
    return wide_to_real(integer);
}

int128 __fixdfti(double real)
{
    return wide_of_real(real);
}
#endif
