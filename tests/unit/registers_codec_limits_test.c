// SPDX-License-Identifier: MIT
// What codec_limits says against what decoding every word gives.
#include "registers/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"

#pragma GCC diagnostic ignored "-Woverride-init"
#define POINT(...)                                                                             \
    {                                                                                          \
        .key = "x", .table = TABLE_HOLDING, .word_count = 1, .bit_low = NO_INDEX,              \
        .bit_high = NO_INDEX, .scale = {1, 0}, .sf = NO_INDEX, .decimals = DECIMALS_SHORTEST,  \
        __VA_ARGS__                                                                            \
    }

static void the_limits_are_those_of_all_words(void **state)
{
    (void)state;
    static const struct point points[] = {
        POINT(.type = TYPE_U16),
        POINT(.type = TYPE_I16),
        POINT(.type = TYPE_I16, .byte_order = ORDER_LITTLE),
        POINT(.type = TYPE_U16, .scale = {1, -1}),
        POINT(.type = TYPE_I16, .scale = {-25, -2}, .offset = {-40, 0}),
        POINT(.type = TYPE_U16, .scale = {1, 1}, .offset = {5, -1}),
        POINT(.type = TYPE_U16, .bit_low = 4, .bit_high = 9),
        POINT(.type = TYPE_I16, .bit_low = 0, .bit_high = 15),
        POINT(.type = TYPE_BCD16),
        POINT(.type = TYPE_BCD16, .bit_low = 0, .bit_high = 7),
        POINT(.type = TYPE_U16, .has_range = true, .range_low = 40, .range_high = 70),
        POINT(.type = TYPE_I16, .has_range = true, .range_low = -1e6, .range_high = 12),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(points); i++) {
        struct codec_space space = {0};
        double low = 0;
        double high = 0;
        bool is_first = true;
        for (unsigned word = 0; word <= UINT16_MAX; word++) {
            uint16_t words[1] = {(uint16_t)word};
            struct value value = codec_decode(&points[i], words, &space);
            if (!value_is_number(&value))
                continue;
            double number = value_number(&value);
            low = is_first || number < low ? number : low;
            high = is_first || number > high ? number : high;
            is_first = false;
        }
        struct value least = {0};
        struct value most = {0};
        assert_true(codec_limits(&points[i], false, &least, &most));
        assert_true(value_number(&least) == low);
        assert_true(value_number(&most) == high);
    }
}

static void wide_types_and_codes(void **state)
{
    (void)state;
    struct point u64 = POINT(.type = TYPE_U64, .word_count = 4);
    struct point labelled = POINT(.type = TYPE_I16, .scale = {1, -1});
    struct point events = POINT(.type = TYPE_EVENT_LIST, .word_count = 8);
    struct value low = {0};
    struct value high = {0};
    assert_true(codec_limits(&u64, false, &low, &high));
    assert_true(low.integer == 0 && high.integer == UINT64_MAX);
    assert_true(codec_limits(&labelled, true, &low, &high));
    assert_true(low.integer == INT16_MIN && high.integer == INT16_MAX);
    assert_true(codec_limits(&events, true, &low, &high));
    assert_true(low.integer == 0 && high.integer == UINT16_MAX);
}

static void what_the_map_does_not_say_is_not_known(void **state)
{
    (void)state;
    static const struct point points[] = {
        POINT(.type = TYPE_F32, .word_count = 2),          POINT(.type = TYPE_U16, .sf = 3),
        POINT(.type = TYPE_STRING, .word_count = 8),       POINT(.type = TYPE_BOOL),
        POINT(.type = TYPE_U16, .source = SOURCE_FORMULA),
    };
    struct value low = {0};
    struct value high = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(points); i++)
        assert_false(codec_limits(&points[i], false, &low, &high));
    assert_false(codec_limits(&points[0], true, &low, &high));
    struct point ranged = POINT(.type = TYPE_F32, .word_count = 2, .has_range = true,
                                .range_low = -5, .range_high = 5);
    assert_true(codec_limits(&ranged, false, &low, &high));
    assert_true(value_number(&low) == -5 && value_number(&high) == 5);
}

// The last barrier before a write: what reaches it has passed the entry's own limits.
static void no_word_is_made_of_what_no_register_holds(void **state)
{
    (void)state;
    const struct {
        struct point point;
        struct value raw;
        const char *text;
    } rows[] = {
        {POINT(.type = TYPE_BOOL), value_integer(2), "x: 2 is not true or false"},
        {POINT(.type = TYPE_BOOL), value_text("on"), "x: \"on\" is not true or false"},
        {POINT(.type = TYPE_U16), value_real(1.5, -1), "x: 1.5 is not a whole number"},
        {POINT(.type = TYPE_U16), value_unknown(), NULL},
        {POINT(.type = TYPE_U16), value_integer(65536), "x: 65536 is outside 0..65535"},
        {POINT(.type = TYPE_I16), value_integer(-32769), "x: -32769 is outside -32768..32767"},
        {POINT(.type = TYPE_U16, .bit_low = 4, .bit_high = 7), value_integer(16),
         "x: 16 is outside 0..15"},
        {POINT(.type = TYPE_BCD16, .bit_low = 2, .bit_high = 6), value_integer(20),
         "x: 20 is outside 0..19"},
        {POINT(.type = TYPE_F32, .word_count = 2), value_text("1"), "x: \"1\" is not a number"},
        {POINT(.type = TYPE_F32, .word_count = 2), value_real(1e39, -1),
         "x: 1e+39 is outside -3.4028235e+38..3.4028235e+38"},
        {POINT(.type = TYPE_U32), value_integer(1), "x: type u32 does not fit 1 registers"},
        {POINT(.type = TYPE_U16, .word_count = 0), value_integer(1),
         "x: type u16 does not fit 0 registers"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint16_t words[4] = {0xDEAD, 0xDEAD, 0xDEAD, 0xDEAD};
        struct error err = {0};
        assert_int_equal(codec_encode_raw(&rows[i].point, &rows[i].raw, words, &err), -1);
        assert_int_equal(words[0], 0xDEAD);
        if (rows[i].text)
            assert_string_equal(err.text, rows[i].text);
    }
}

static void bits_and_whole_reals_are_taken(void **state)
{
    (void)state;
    const struct {
        struct point point;
        struct value raw;
        uint16_t word;
    } rows[] = {
        {POINT(.type = TYPE_BOOL), value_integer(1), 1},
        {POINT(.type = TYPE_BOOL), value_integer(0), 0},
        {POINT(.type = TYPE_U16), value_real(7, -1), 7},
        {POINT(.type = TYPE_I16), value_real(-32768, -1), 0x8000},
        {POINT(.type = TYPE_BCD16, .bit_low = 2, .bit_high = 6), value_integer(19), 0xDEE5},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint16_t word = 0xDE81;
        struct error err = {0};
        assert_int_equal(codec_encode_raw(&rows[i].point, &rows[i].raw, &word, &err), 0);
        assert_int_equal(word, rows[i].word);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limits_are_those_of_all_words),
        cmocka_unit_test(wide_types_and_codes),
        cmocka_unit_test(what_the_map_does_not_say_is_not_known),
        cmocka_unit_test(no_word_is_made_of_what_no_register_holds),
        cmocka_unit_test(bits_and_whole_reals_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
