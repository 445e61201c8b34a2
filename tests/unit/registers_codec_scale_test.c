// SPDX-License-Identifier: MIT
// What a value is shown as: scale, offset, decimals, labels.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/codec_point.h"

struct scaled_row {
    struct point point;
    uint16_t words[4];
    const char *expected;
};

static void scales_exactly(void **state)
{
    (void)state;
    const struct scaled_row rows[] = {
        {SCALED(TYPE_U16, .scale = {1, -1}), {231}, "real 23.1"},
        {SCALED(TYPE_U16, .scale = {1, -1}), {3}, "real 0.3"},
        {SCALED(TYPE_U16, .scale = {1, -1}), {230}, "real 23.0"},
        {SCALED(TYPE_U16, .scale = {1, -2}), {4998}, "real 49.98"},
        {SCALED(TYPE_U16, .scale = {1, -3}), {1}, "real 0.001"},
        {SCALED(TYPE_U16, .scale = {1, 1}), {6553}, "integer 65530"},
        {SCALED(TYPE_U16, .scale = {25, -2}), {3}, "real 0.75"},
        {SCALED(TYPE_I16, .scale = {-1, 0}), {0x8000}, "integer 32768"},
        {SCALED(TYPE_I16, .scale = {-1, -1}), {0xFFFF}, "real 0.1"},
        {SCALED(TYPE_U16, .scale = {1, -1}, .offset = {-100, 0}), {250}, "real -75.0"},
        {SCALED(TYPE_U16, .offset = {-40, 0}), {15}, "integer -25"},
        {SCALED(TYPE_U16, .offset = {5, -1}), {15}, "real 15.5"},
        {SCALED(TYPE_U16, .scale = {1, 2}, .offset = {1, -2}), {3}, "real 300.01"},
        {SCALED(TYPE_U64, .word_count = 4, .scale = {1, 0}),
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF},
         "integer 18446744073709551615"},
        // Beyond 64 bits there is no value.
        {SCALED(TYPE_U64, .word_count = 4, .scale = {1, 1}),
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF},
         "unknown"},
        {SCALED(TYPE_U64, .word_count = 4, .scale = {INT64_MAX, 30}),
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF},
         "unknown"},
        // 9007199254740993 is not a double; its tenth still is the nearest one.
        {SCALED(TYPE_U64, .word_count = 4, .scale = {1, -1}),
         {0x0020, 0, 0, 1},
         "real 900719925474099.2"},
        {SCALED(TYPE_U64, .word_count = 4, .scale = {1, -3}),
         {0, 0x0163, 0x4578, 0x5D89},
         "real 1525878906.249"},
        {SCALED(TYPE_F32, .word_count = 2, .scale = {1, 1}), {0x41B8, 0xCCCD}, "real 231.0"},
        {SCALED(TYPE_F32, .word_count = 2, .scale = {1, -3}), {0x41B8, 0xCCCD}, "real 0.0231"},
        {SCALED(TYPE_F32, .word_count = 2, .offset = {1, -1}), {0x3E4C, 0xCCCD}, "real 0.3"},
        {SCALED(TYPE_F32, .word_count = 2, .decimals = 1), {0x41B9, 0x3333}, "real 23.2"},
        {SCALED(TYPE_F32, .word_count = 2, .decimals = 0), {0x41B8, 0xCCCD}, "real 23"},
        {SCALED(TYPE_U16, .scale = {1, -3}, .decimals = 2), {2675}, "real 2.68"},
        {SCALED(TYPE_I16, .scale = {1, -3}, .decimals = 2), {(uint16_t)-2675}, "real -2.68"},
        {SCALED(TYPE_U16, .scale = {1, -3}, .decimals = 0), {500}, "real 1"},
        {SCALED(TYPE_U16, .scale = {1, -1}, .decimals = 3), {231}, "real 23.100"},
        {SCALED(TYPE_U16, .decimals = 1), {5}, "integer 5"}, // an integer stays one
        {SCALED(TYPE_U16, .bit_low = 8, .bit_high = 15, .scale = {1, -1}),
         {0x7B01},
         "real 12.3"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const char *text = decoded(&rows[i].point, rows[i].words);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("row %zu: \"%s\", expected \"%s\"", i, text, rows[i].expected);
    }
}

// Noise such as 0.30000000000000004 never shows, whatever a 16-bit register holds.
static void never_shows_noise(void **state)
{
    (void)state;
    for (int digits = 1; digits <= 4; digits++) {
        struct point point = POINT(.type = TYPE_U16, .scale = {1, -digits});
        for (unsigned word = 0; word <= UINT16_MAX; word += 7) {
            char expected[32];
            char text[32];
            unsigned divisor = digits == 1   ? 10
                               : digits == 2 ? 100
                               : digits == 3 ? 1000
                                             : 10000;
            (void)snprintf(expected, sizeof expected, "%u.%0*u", word / divisor, digits,
                           word % divisor);
            struct value value = codec_decode(&point, &(uint16_t){(uint16_t)word}, &space);
            value_format(&value, text, sizeof text);
            assert_string_equal(text, expected);
            assert_true(value.real == strtod(expected, NULL));
        }
    }
}

static void applies_powers_of_ten(void **state)
{
    (void)state;
    static const struct {
        int power;
        const char *expected;
    } rows[] = {
        {0, "integer -231"},
        {-1, "real -23.1"},
        {-2, "real -2.31"},
        {2, "integer -23100"},
        {-10, "real -0.0000000231"},
        {10, "integer -2310000000000"},
        {11, "unknown"},
        {-11, "unknown"},
        {-32768, "unknown"},
    };
    struct point point = POINT(.type = TYPE_I16, .sf = 3);
    struct value raw = value_integer(-231);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct value value = codec_scale(&point, &raw, rows[i].power);
        assert_string_equal(show(&value), rows[i].expected);
    }
}

static void scales_by_a_formula(void **state)
{
    (void)state;
    struct point point = POINT(.type = TYPE_U16);
    struct value raw = value_integer(231);
    struct value ten = value_integer(10);
    struct value tenth = value_real(0.1, DECIMALS_SHORTEST);
    struct value unknown = value_unknown();
    struct value absent = value_absent();
    struct value value = codec_scale_by(&point, &raw, &ten);
    assert_string_equal(show(&value), "integer 2310");
    value = codec_scale_by(&point, &raw, &tenth);
    assert_string_equal(show(&value), "real 23.1");
    value = codec_scale_by(&point, &raw, &unknown);
    assert_string_equal(show(&value), "unknown");
    value = codec_scale_by(&point, &raw, &absent);
    assert_string_equal(show(&value), "absent");
    value = codec_scale_by(&point, &absent, &ten);
    assert_string_equal(show(&value), "absent");
}

static void names_codes(void **state)
{
    (void)state;
    static const struct {
        const struct labels *labels;
        uint16_t word;
        const char *expected;
    } rows[] = {
        {&mode_labels, 0, "text battery_first"}, {&mode_labels, 1, "text load_first"},
        {&mode_labels, 3, "text load_first"},    {&mode_labels, 5, "unknown"},
        {&other_labels, 5, "text other"},        {&boolean_labels, 0, "boolean true"},
        {&boolean_labels, 7, "boolean false"},   {&boolean_labels, 1, "unknown"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct point point = POINT(.type = TYPE_U16, .labels = rows[i].labels);
        assert_string_equal(decoded(&point, &rows[i].word), rows[i].expected);
    }
    int64_t code = -1;
    assert_true(codec_code(&mode_labels, "load_first", 10, &code));
    assert_int_equal(code, 1);
    assert_true(codec_code(&mode_labels, "battery_first", 13, &code));
    assert_int_equal(code, 0);
    assert_false(codec_code(&mode_labels, "load", 4, &code));
    assert_null(codec_label(&mode_labels, -1));
}

static void names_codes_of_other_types(void **state)
{
    (void)state;
    static const struct label minus_one[] = {{-1, -1, "minus one"}};
    static const struct labels minus = {.rows = minus_one, .count = 1, .otherwise = "other"};
    struct point wide = POINT(.type = TYPE_U64, .word_count = 4, .labels = &minus);
    struct point narrow = POINT(.type = TYPE_U64, .word_count = 4, .labels = &mode_labels);
    uint16_t ones[] = {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}; // not the code -1
    assert_string_equal(decoded(&wide, ones), "text other");
    assert_string_equal(decoded(&narrow, ones), "unknown");
    struct point real = POINT(.type = TYPE_F32, .word_count = 2, .labels = &mode_labels);
    assert_string_equal(decoded(&real, (uint16_t[]){0x4000, 0}), "text load_first"); // 2.0
    assert_string_equal(decoded(&real, (uint16_t[]){0x3FC0, 0}), "unknown");         // 1.5
    struct point coil = POINT(.type = TYPE_BOOL, .labels = &mode_labels);
    assert_string_equal(decoded(&coil, (uint16_t[]){1}), "text load_first");
    // The labels are for the code, not for what scale and offset make of it.
    struct point scaled = POINT(.type = TYPE_U16, .labels = &mode_labels, .scale = {1, 1});
    assert_string_equal(decoded(&scaled, (uint16_t[]){1}), "text load_first");
}

static void finishes_computed_values(void **state)
{
    (void)state;
    struct point point = POINT(.decimals = 2, .has_range = true, .range_high = 100);
    struct value value = value_real(2.675, DECIMALS_SHORTEST);
    struct value done = codec_finish(&point, &value);
    assert_string_equal(show(&done), "real 2.68");
    value = value_integer(101);
    done = codec_finish(&point, &value);
    assert_string_equal(show(&done), "unknown");
    value = value_absent();
    done = codec_finish(&point, &value);
    assert_string_equal(show(&done), "absent");
    struct point labelled = POINT(.labels = &mode_labels);
    value = value_text("load_first");
    done = codec_finish(&labelled, &value);
    assert_string_equal(show(&done), "text load_first");
    value = value_text("something");
    done = codec_finish(&labelled, &value);
    assert_string_equal(show(&done), "unknown");
    value = value_integer(2);
    done = codec_finish(&labelled, &value);
    assert_string_equal(show(&done), "text load_first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_exactly),
        cmocka_unit_test(never_shows_noise),
        cmocka_unit_test(applies_powers_of_ten),
        cmocka_unit_test(scales_by_a_formula),
        cmocka_unit_test(names_codes),
        cmocka_unit_test(names_codes_of_other_types),
        cmocka_unit_test(finishes_computed_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
