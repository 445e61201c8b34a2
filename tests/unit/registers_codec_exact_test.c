// SPDX-License-Identifier: MIT
// Decimal arithmetic at the borders of 128 bits.
#include "registers/codec_exact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

enum { MOST_POWER = 38 }; // of ten, within 128 bits

static int128 power(int exponent)
{
    return exponent == 0 ? 1 : 10 * power(exponent - 1);
}

static void knows_whole_numbers(void **state)
{
    (void)state;
    const struct {
        struct exact number;
        bool is_whole;
        int128 integer;
    } rows[] = {
        {{231, 0}, true, 231},
        {{2310, -1}, true, 231},
        {{2311, -1}, false, 0},
        {{-5, 3}, true, -5000},
        {{power(MOST_POWER), -MOST_POWER}, true, 1},
        {{power(MOST_POWER), -MOST_POWER - 1}, false, 0},
        {{1, -MOST_POWER - 1}, false, 0},
        {{0, 4000}, true, 0},
        {{1, MOST_POWER + 1}, false, 0},
        {{UINT64_MAX, 0}, true, UINT64_MAX},
        {{(int128)UINT64_MAX + 1, 0}, false, 0},
        {{INT64_MIN, 0}, true, INT64_MIN},
        {{(int128)INT64_MIN - 1, 0}, false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int128 integer = 4711;
        assert_true(exact_integer(rows[i].number, &integer) == rows[i].is_whole);
        assert_true(integer == (rows[i].is_whole ? rows[i].integer : 4711));
    }
}

static void rounds_ties_away_from_zero(void **state)
{
    (void)state;
    const struct {
        struct exact number;
        int decimals;
        struct exact rounded;
    } rows[] = {
        {{125, -2}, 1, {13, -1}},
        {{-125, -2}, 1, {-13, -1}},
        {{124, -2}, 1, {12, -1}},
        {{125, -2}, 2, {125, -2}},
        {{125, -2}, 3, {125, -2}},
        {{5 * power(MOST_POWER - 1), -MOST_POWER}, 0, {1, 0}},
        {{5 * power(MOST_POWER - 1) - 1, -MOST_POWER}, 0, {0, 0}},
        {{power(MOST_POWER), -MOST_POWER - 1}, 0, {0, 0}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct exact rounded = exact_round(rows[i].number, rows[i].decimals);
        assert_true(rounded.mantissa == rows[i].rounded.mantissa);
        assert_int_equal(rounded.exponent, rows[i].rounded.exponent);
    }
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct exact result = {4711, 0};
    int128 quotient = 4711;
    const struct exact large = {power(MOST_POWER), 0};
    assert_false(exact_multiply(large, (struct exact){10, 0}, &result));
    assert_false(exact_add(large, (struct exact){1, -1}, &result));
    assert_false(exact_divide(large, (struct exact){0, 0}, &quotient));
    assert_false(exact_divide(large, (struct exact){1, -1}, &quotient));
    assert_true(result.mantissa == 4711 && quotient == 4711);
    assert_true(exact_multiply(large, (struct exact){1, 5}, &result));
    assert_true(result.mantissa == large.mantissa && result.exponent == 5);
    assert_true(exact_divide((struct exact){7, 0}, (struct exact){2, 0}, &quotient));
    assert_true(quotient == 4);
    assert_true(exact_divide((struct exact){-7, 0}, (struct exact){2, 0}, &quotient));
    assert_true(quotient == -4);
    assert_true(exact_divide((struct exact){1, 0}, (struct exact){3, 0}, &quotient));
    assert_true(quotient == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_whole_numbers),
        cmocka_unit_test(rounds_ties_away_from_zero),
        cmocka_unit_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
