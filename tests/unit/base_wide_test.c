// SPDX-License-Identifier: MIT
// base/wide against the compiler's own 128-bit arithmetic. Where that is base/wide itself, with
// 32-bit addresses, what must hold by definition is left.
#include "base/wide.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/random.h"

enum { ROUNDS = 200000 };

// Of any length up to 127 bits, any sign; often a power of two or next to one, where rounding
// turns.
static int128 any_integer(uint64_t *random)
{
    int length = (int)random_below(random, 128);
    uint64_t high = random_next(random);
    uint64_t low = random_next(random);
    __extension__ unsigned __int128 bits = high;
    bits = bits << 64 | low;
    switch (random_below(random, 4)) {
    case 0:
        bits = (bits & 3) - 1; // -1, 0, 1, 2
        bits += (__extension__(unsigned __int128) 1) << length;
        bits &= ~((__extension__(unsigned __int128) 1) << 127);
        break;
    case 1:
        bits = bits >> (127 - length) & ~(bits >> 90); // few bits among the lower ones
        bits &= ~((__extension__(unsigned __int128) 1) << 127);
        break;
    default:
        bits = length ? bits >> (128 - length) : 0;
        break;
    }
    return high & 1 ? -(int128)bits : (int128)bits;
}

static void divides(void **state)
{
    (void)state;
    uint64_t random = 2027;
    for (int i = 0; i < ROUNDS; i++) {
        int128 a = any_integer(&random);
        int128 b = any_integer(&random);
        if (b == 0)
            continue;
        int128 quotient = wide_divide(a, b);
        int128 rest = wide_remainder(a, b);
        assert_true(quotient * b + rest == a);
        assert_true((rest < 0 ? -rest : rest) < (b < 0 ? -b : b));
        assert_true(rest == 0 || (rest < 0) == (a < 0));
        assert_true(quotient == a / b);
        assert_true(rest == a % b);
    }
}

static void goes_to_the_nearest_real(void **state)
{
    (void)state;
    uint64_t random = 2028;
    for (int i = 0; i < ROUNDS; i++) {
        int128 a = any_integer(&random);
        assert_true(wide_to_real(a) == (double)a);
    }
    const int128 one = 1;
    assert_true(wide_to_real((one << 53) + 1) == 0x1p53);
    assert_true(wide_to_real((one << 53) + 3) == 0x1p53 + 4);
    assert_true(wide_to_real((one << 64) + (one << 11)) == 0x1p64);
    assert_true(wide_to_real((one << 64) + (one << 11) + 1) == 0x1p64 + 0x1p12);
    assert_true(wide_to_real(-((one << 100) + (one << 47) + 1)) == -(0x1p100 + 0x1p48));
    assert_true(wide_to_real(-(one << 126) * 2) == -0x1p127);
    assert_true(wide_to_real(0) == 0);
}

static void comes_from_a_real(void **state)
{
    (void)state;
    uint64_t random = 2029;
    for (int i = 0; i < ROUNDS; i++) {
        double real = ldexp((double)random_next(&random), (int)random_below(&random, 126) - 64);
        if (random_next(&random) & 1)
            real = -real;
        assert_true(wide_of_real(real) == (int128)real);
        assert_true(wide_to_real(wide_of_real(real)) == trunc(real));
    }
    assert_true(wide_of_real(-0.75) == 0);
    assert_true(wide_of_real(1.999) == 1);
    assert_true(wide_of_real(0x1p64) == (int128)UINT64_MAX + 1);
    assert_true(wide_of_real(-0x1p63) == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides),
        cmocka_unit_test(goes_to_the_nearest_real),
        cmocka_unit_test(comes_from_a_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
