// SPDX-License-Identifier: MIT
// Values at the ends: of a range, of a power of ten, of what exact arithmetic and a float can
// hold.
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/codec_point.h"

// Both ends of a range belong to it, as read and as written.
static void takes_the_ends_of_a_range(void **state)
{
    (void)state;
    const struct point tenths = SCALED(TYPE_I16, .scale = {1, -1}, .has_range = true,
                                       .range_low = -5, .range_high = 9.5);
    static const struct {
        int word;
        double number;
        bool is_inside;
    } rows[] = {
        {-51, -5.1, false}, {-50, -5, true}, {0, 0, true}, {95, 9.5, true}, {96, 9.6, false}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct value value = codec_decode(&tenths, &(uint16_t){(uint16_t)rows[i].word}, &space);
        assert_int_equal(value_is_known(&value), rows[i].is_inside);
        struct value given = value_real(rows[i].number, DECIMALS_SHORTEST);
        uint16_t word = 0xDEAD;
        struct error err = {0};
        assert_int_equal(codec_encode(&tenths, &given, &word, &err),
                         rows[i].is_inside ? 0 : -1);
        assert_int_equal(word, rows[i].is_inside ? (uint16_t)rows[i].word : 0xDEAD);
    }
}

static void takes_the_ends_of_what_a_float_may_be(void **state)
{
    (void)state;
    const struct point point = SCALED(TYPE_F32, .word_count = 2, .has_range = true,
                                      .range_low = -5, .range_high = 9.5);
    static const double inside[] = {-5, 9.5};
    static const double outside[] = {-5.0001, 9.5001};
    for (size_t i = 0; i < 2; i++) {
        uint16_t words[2] = {0};
        struct error err = {0};
        struct value value = value_real(inside[i], DECIMALS_SHORTEST);
        assert_int_equal(codec_encode(&point, &value, words, &err), 0);
        value = value_real(outside[i], DECIMALS_SHORTEST);
        assert_int_equal(codec_encode(&point, &value, words, &err), -1);
    }
}

static void takes_powers_of_ten_up_to_ten(void **state)
{
    (void)state;
    const struct point point = POINT(.type = TYPE_I16, .sf = 3);
    struct value large = value_integer(1000000000000);
    struct value small = value_real(1e-8, DECIMALS_SHORTEST);
    struct value raw = {0};
    struct error err = {0};
    assert_int_equal(codec_unscale(&point, &large, 10, &raw, &err), 0);
    assert_true(raw.integer == 100);
    assert_int_equal(codec_unscale(&point, &small, -10, &raw, &err), 0);
    assert_true(raw.integer == 100);
    assert_int_equal(codec_unscale(&point, &large, 11, &raw, &err), -1);
    assert_string_equal(err.text, "x: its scale factor register says 11, outside -10..10");
    assert_int_equal(codec_unscale(&point, &small, -11, &raw, &err), -1);
    assert_string_equal(err.text, "x: its scale factor register says -11, outside -10..10");
}

// What is nearer to the largest float than to the next one, which does not exist, is that.
static void rounds_to_the_largest_float(void **state)
{
    (void)state;
    const struct point point = SCALED(TYPE_F32, .word_count = 2);
    uint16_t words[2] = {0};
    struct error err = {0};
    struct value value = value_real(0x1.ffffffp127 - 0x1p90, DECIMALS_SHORTEST);
    assert_int_equal(codec_encode(&point, &value, words, &err), 0);
    assert_int_equal(words[0], 0x7F7F);
    assert_int_equal(words[1], 0xFFFF);
    value = value_real(0x1.ffffffp127, DECIMALS_SHORTEST);
    assert_int_equal(codec_encode(&point, &value, words, &err), -1);
}

static void assert_about(double given, double expected)
{
    assert_true(given >= expected * (1 - 1e-15) && given <= expected * (1 + 1e-15));
}

// Where 128 bits do not hold the digits of value and offset, doubles do.
static void goes_on_with_doubles_beyond_exact_numbers(void **state)
{
    (void)state;
    const struct point point =
        SCALED(TYPE_F64, .word_count = 4, .scale = {25, -3}, .offset = {1, -1});
    struct value raw = {0};
    struct error err = {0};
    struct value value = value_real(1e300, DECIMALS_SHORTEST);
    assert_int_equal(codec_unscale(&point, &value, 0, &raw, &err), 0);
    assert_about(raw.real, 4e301);
    assert_int_equal(codec_unscale(&point, &value, 2, &raw, &err), 0);
    assert_about(raw.real, 4e299);
    value = codec_scale(&point, &raw, 2);
    assert_int_equal(value.kind, VALUE_REAL);
    assert_about(value.real, 1e300);
    value = value_real(1e307, DECIMALS_SHORTEST); // 4e308 is none
    assert_int_equal(codec_unscale(&point, &value, 0, &raw, &err), -1);
}

static void a_whole_number_needs_a_register_that_has_it(void **state)
{
    (void)state;
    const struct point point = SCALED(TYPE_U64, .word_count = 4);
    uint16_t words[4] = {0};
    struct error err = {0};
    struct value raw = value_real(0x1.fffffffffffffp63, DECIMALS_SHORTEST);
    assert_int_equal(codec_encode_raw(&point, &raw, words, &err), 0);
    assert_int_equal(words[0], 0xFFFF);
    assert_int_equal(words[3], 0xF800);
    raw = value_real(0x1p64, DECIMALS_SHORTEST);
    assert_int_equal(codec_encode_raw(&point, &raw, words, &err), -1);
    raw = value_real(0x1p70, DECIMALS_SHORTEST);
    assert_int_equal(codec_encode_raw(&point, &raw, words, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_ends_of_a_range),
        cmocka_unit_test(takes_the_ends_of_what_a_float_may_be),
        cmocka_unit_test(takes_powers_of_ten_up_to_ten),
        cmocka_unit_test(rounds_to_the_largest_float),
        cmocka_unit_test(goes_on_with_doubles_beyond_exact_numbers),
        cmocka_unit_test(a_whole_number_needs_a_register_that_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
