// SPDX-License-Identifier: MIT
// Values to words: the nearest step, what is refused, and that what is written reads back.
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/codec_point.h"
#include "support/random.h"

struct written_row {
    struct point point;
    struct value value;
    uint16_t words[4];
};

static void writes_the_nearest_step(void **state)
{
    (void)state;
    const struct written_row rows[] = {
        {SCALED(TYPE_U16, .scale = {1, -1}), value_real(23.1, -1), {231}},
        {SCALED(TYPE_U16, .scale = {1, -1}), value_real(23.14, -1), {231}},
        {SCALED(TYPE_U16, .scale = {1, -1}), value_real(23.15, -1), {232}}, // a tie
        {SCALED(TYPE_I16, .scale = {1, -1}), value_real(-23.15, -1), {(uint16_t)-232}},
        {SCALED(TYPE_U16, .scale = {1, 1}), value_integer(1004), {100}},
        {SCALED(TYPE_U16, .scale = {1, 1}), value_integer(1005), {101}},
        {SCALED(TYPE_U16, .offset = {-40, 0}), value_integer(-25), {15}},
        {SCALED(TYPE_I16, .scale = {-1, 0}), value_integer(5), {(uint16_t)-5}},
        {SCALED(TYPE_U16, .scale = {1, -3}, .offset = {5, -1}), value_real(1.5, -1), {1000}},
        {SCALED(TYPE_I32, .word_count = 2, .word_order = ORDER_LITTLE),
         value_integer(-2),
         {0xFFFE, 0xFFFF}},
        {SCALED(TYPE_U64, .word_count = 4),
         value_integer((int128)UINT64_MAX),
         {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
        {SCALED(TYPE_F32, .word_count = 2), value_real(23.1, -1), {0x41B8, 0xCCCD}},
        {SCALED(TYPE_F32, .word_count = 2, .scale = {1, 1}),
         value_integer(231),
         {0x41B8, 0xCCCD}},
        {SCALED(TYPE_F32, .word_count = 2), value_integer(2), {0x4000, 0}},
        {SCALED(TYPE_F64, .word_count = 4),
         value_real(0.3, -1),
         {0x3FD3, 0x3333, 0x3333, 0x3333}},
        {SCALED(TYPE_BCD16), value_integer(1234), {0x1234}},
        {SCALED(TYPE_BOOL), value_boolean(true), {1}},
        {SCALED(TYPE_BOOL), value_integer(0), {0}},
        {SCALED(TYPE_U16, .labels = &mode_labels), value_text("load_first"), {1}},
        {SCALED(TYPE_U16, .labels = &mode_labels), value_integer(3), {3}},
        {SCALED(TYPE_U16, .labels = &boolean_labels), value_boolean(false), {7}},
        {SCALED(TYPE_BOOL, .labels = &mode_labels), value_text("load_first"), {1}},
        {SCALED(TYPE_STRING, .word_count = 3), value_text("ABC"), {0x4142, 0x4300, 0}},
        {SCALED(TYPE_STRING, .word_count = 3), value_text(""), {0, 0, 0}},
        {SCALED(TYPE_STRING, .word_count = 2, .byte_order = ORDER_LITTLE),
         value_text("ABCD"),
         {0x4241, 0x4443}},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.1.61"), {0xC0A8, 0x013D}},
        {SCALED(TYPE_U16), value_real(1e-300, -1), {0}},
        // The other bits of the register decide whether it says "no value".
        {SCALED(TYPE_U16, .bit_low = 0, .bit_high = 7, .invalid = {0x00FF}, .invalid_count = 1),
         value_integer(255),
         {0xDEFF}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint16_t words[4] = {0xDEAD, 0xDEAD, 0xDEAD, 0xDEAD};
        struct error err = {0};
        if (codec_encode(&rows[i].point, &rows[i].value, words, &err) < 0)
            fail_msg("row %zu: %s", i, err.text);
        if (!codec_words_equal(&rows[i].point, words, rows[i].words))
            fail_msg("row %zu: %04X %04X", i, words[0], words[1]);
    }
}

struct refused_row {
    struct point point;
    struct value value;
    const char *text;
};

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    const struct refused_row rows[] = {
        {SCALED(TYPE_U16, .unit = "%", .has_range = true, .range_low = 60, .range_high = 100),
         value_integer(120), "x: 120 % is outside 60..100 %"},
        {SCALED(TYPE_U16, .unit = "%", .has_range = true, .range_low = 60, .range_high = 100),
         value_real(59.5, -1), "x: 59.5 % is outside 60..100 %"},
        {SCALED(TYPE_U16, .unit = "V", .scale = {1, -1}), value_integer(7000),
         "x: 7000 V is outside 0.0..6553.5 V"},
        {SCALED(TYPE_U16, .unit = "V", .scale = {1, -1}), value_real(-0.1, -1),
         "x: -0.1 V is outside 0.0..6553.5 V"},
        {SCALED(TYPE_I16, .unit = "W", .scale = {-1, 1}), value_integer(400000),
         "x: 400000 W is outside -327670..327680 W"},
        {SCALED(TYPE_U16, .bit_low = 0, .bit_high = 1), value_integer(4),
         "x: 4 is outside 0..3"},
        {SCALED(TYPE_U16), value_real(1e300, -1), NULL},
        {SCALED(TYPE_U64, .word_count = 4), value_real(1e20, -1), NULL},
        {SCALED(TYPE_BCD16), value_integer(10000), "x: 10000 is outside 0..9999"},
        {SCALED(TYPE_F32, .word_count = 2, .unit = "A"), value_real(1e39, -1),
         "x: 1e+39 A is outside -3.4028235e+38..3.4028235e+38 A"},
        {SCALED(TYPE_U16, .labels = &mode_labels), value_text("foo"),
         "x: \"foo\" is not one of battery_first, load_first"},
        {SCALED(TYPE_U16, .labels = &other_labels), value_text("other"),
         "x: \"other\" is not one of battery_first, load_first"},
        {SCALED(TYPE_U16, .labels = &mode_labels), value_integer(5),
         "x: 5 is not one of battery_first, load_first"},
        {SCALED(TYPE_U16), value_text("5"), "x: \"5\" is not a number"},
        {SCALED(TYPE_U16), value_boolean(true), "x: true is not a number"},
        {SCALED(TYPE_F32, .word_count = 2), value_boolean(true), "x: true is not a number"},
        {SCALED(TYPE_BOOL), value_integer(2), "x: 2 is not true or false"},
        {SCALED(TYPE_BOOL), value_real(1, -1), "x: 1 is not true or false"},
        {SCALED(TYPE_BOOL), value_text("true"), "x: \"true\" is not true or false"},
        {SCALED(TYPE_U16), value_unknown(), "x: there is no value to write"},
        {SCALED(TYPE_U16), value_absent(), "x: there is no value to write"},
        {SCALED(TYPE_STRING, .word_count = 2), value_text("ABCDE"),
         "x: \"ABCDE\" has 5 bytes, more than the 4 it can hold"},
        {SCALED(TYPE_STRING, .word_count = 2), value_text("A\n"), NULL},
        {SCALED(TYPE_STRING, .word_count = 2), value_text("\xC3"), NULL},
        {SCALED(TYPE_STRING, .word_count = 2), value_text_bytes("A\0B", 3), NULL},
        {SCALED(TYPE_STRING, .word_count = 2), value_integer(1), "x: 1 is not a text"},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.1.256"), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.1"), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.1.1.1"), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.1."), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.01.1"), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.+1.1"), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text("192.168.0x1.1"), NULL},
        {SCALED(TYPE_IPV4, .word_count = 2), value_text_bytes("1.1.1.1\0", 8), NULL},
        {SCALED(TYPE_UUID, .word_count = 8), value_text("01234567-89AB-CDEF-0123-456789ABCDE"),
         NULL},
        {SCALED(TYPE_UUID, .word_count = 8), value_text("01234567-89AB-CDEF-0123-456789ABCDEG"),
         NULL},
        {SCALED(TYPE_UUID, .word_count = 8), value_text("0123456789AB-CDEF-0123-456789ABCDEF-"),
         NULL},
        {SCALED(TYPE_EVENT_LIST, .word_count = 8), value_integer(1),
         "x: a list of events cannot be written"},
        {SCALED(TYPE_U16, .invalid = {0xFFFF}, .invalid_count = 1, .unit = "W"),
         value_integer(65535), "x: 65535 W is what this register says for \"no value\""},
        {SCALED(TYPE_U16, .scale = {1, 1}, .unit = "%", .has_range = true, .range_high = 95),
         value_integer(95), "x: 95 % would be written as 100 %: x: 100 % is outside 0..95 %"},
        {SCALED(TYPE_U16, .scale = {0, 0}), value_integer(1), NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint16_t words[8] = {0xDEAD, 0xDEAD};
        struct error err = {0};
        if (codec_encode(&rows[i].point, &rows[i].value, words, &err) == 0)
            fail_msg("row %zu was accepted: %04X", i, words[0]);
        assert_int_equal(err.code, ERROR_FAILED);
        assert_int_equal(words[0], 0xDEAD);
        if (rows[i].text)
            assert_string_equal(err.text, rows[i].text);
        assert_int_equal(strncmp(err.text, "x: ", 3), 0);
    }
    struct point point = POINT(.type = TYPE_I16, .sf = 3, .unit = "W");
    struct value value = value_integer(100);
    struct value raw = {0};
    struct error err;
    assert_int_equal(codec_unscale(&point, &value, 11, &raw, &err), -1);
    assert_int_equal(codec_unscale(&point, &value, -2, &raw, &err), 0);
    assert_true(raw.integer == 10000);
    value = value_integer(400);
    assert_int_equal(codec_unscale(&point, &value, -2, &raw, &err), -1);
    assert_string_equal(err.text, "x: 400 W is outside -327.68..327.67 W");
}

static void changes_only_its_bits(void **state)
{
    (void)state;
    struct error err;
    struct point low = POINT(.type = TYPE_U16, .bit_low = 0, .bit_high = 1);
    struct value value = value_integer(1);
    uint16_t word = 0xABCE;
    assert_int_equal(codec_encode(&low, &value, &word, &err), 0);
    assert_int_equal(word, 0xABCD);
    struct point swapped =
        POINT(.type = TYPE_BOOL, .bit_low = 9, .bit_high = 9, .byte_order = ORDER_LITTLE);
    value = value_boolean(true);
    word = 0;
    assert_int_equal(codec_encode(&swapped, &value, &word, &err), 0);
    assert_int_equal(word, 0x0002);
    struct point wide = POINT(.type = TYPE_U32, .word_count = 2, .word_order = ORDER_LITTLE,
                              .bit_low = 12, .bit_high = 19);
    uint16_t words[] = {0xFFFF, 0xFFFF};
    value = value_integer(0xA5);
    assert_int_equal(codec_encode(&wide, &value, words, &err), 0);
    assert_int_equal(words[0], 0x5FFF);
    assert_int_equal(words[1], 0xFFFA);
    assert_true(codec_words_equal(&low, &(uint16_t){0xFFF1}, &(uint16_t){0x0001}));
    assert_false(codec_words_equal(&low, &(uint16_t){0xFFF1}, &(uint16_t){0xFFF2}));
    struct point whole = POINT(.type = TYPE_U16);
    assert_false(codec_words_equal(&whole, &(uint16_t){0xFFF1}, &(uint16_t){0x0001}));
}

static void fill_random(const struct point *point, uint64_t *seed, uint16_t *words)
{
    for (int i = 0; i < point->word_count; i++)
        words[i] = (uint16_t)random_next(seed);
    if (point->type == TYPE_BCD16)
        words[0] = 0;
    for (int i = 0; point->type == TYPE_BCD16 && i < 4; i++)
        words[0] = (uint16_t)(words[0] * 16U + random_next(seed) % 10);
    if (point->type == TYPE_BOOL)
        words[0] &= 1;
    if (point->byte_order == ORDER_LITTLE && point->type == TYPE_BOOL)
        words[0] = (uint16_t)(words[0] << 8);
    for (int i = 0; point->type == TYPE_STRING && i < point->word_count; i++)
        words[i] =
            (uint16_t)(0x2121 + random_next(seed) % 90 * 0x0100 + random_next(seed) % 90);
}

// What was decoded is encoded to the same words, for every type that can be written.
static void gives_back_the_same_words(void **state)
{
    (void)state;
    uint64_t seed = 0x5EED5EED5EEDULL;
    for (int round = 0; round < 4000; round++) {
        for (int type = 0; type < TYPE_COUNT; type++) {
            struct point point = point_of((enum point_type)type);
            uint16_t words[8] = {0};
            uint16_t again[8] = {0};
            struct error err = {0};
            if (type == TYPE_EVENT_LIST)
                continue;
            point.word_order = random_next(&seed) & 1 ? ORDER_LITTLE : ORDER_BIG;
            point.byte_order = random_next(&seed) & 1 ? ORDER_LITTLE : ORDER_BIG;
            fill_random(&point, &seed, words);
            space.used = 0;
            struct value value = codec_decode(&point, words, &space);
            bool is_float = type == TYPE_F32 || type == TYPE_F64;
            if (is_float && (!value_is_known(&value) || value.real == 0))
                continue; // NaN, infinity, minus zero
            if (codec_encode(&point, &value, again, &err) < 0)
                fail_msg("%s %s: %s", codec_type(point.type)->name, show(&value), err.text);
            if (memcmp(words, again, sizeof words) != 0)
                fail_msg("%s %s does not come back", codec_type(point.type)->name,
                         show(&value));
        }
    }
}

// The same with scales and offsets: what is published can be written as it stands.
static void gives_back_scaled_words(void **state)
{
    (void)state;
    static const struct decimal scales[] = {{1, -1}, {1, -2},  {1, 1},  {1, -3},
                                            {5, -1}, {-1, -1}, {25, 0}, {3, -4}};
    static const struct decimal offsets[] = {{0, 0}, {-40, 0}, {5, -1}, {-27315, -2}};
    static const enum point_type types[] = {TYPE_U16, TYPE_I16, TYPE_U32, TYPE_I32, TYPE_BCD16};
    uint64_t seed = 42;
    for (int round = 0; round < 20000; round++) {
        struct point point = point_of(types[random_next(&seed) % ARRAY_LENGTH(types)]);
        uint16_t words[4] = {0};
        uint16_t again[4] = {0};
        struct error err = {0};
        point.scale = scales[random_next(&seed) % ARRAY_LENGTH(scales)];
        point.offset = offsets[random_next(&seed) % ARRAY_LENGTH(offsets)];
        fill_random(&point, &seed, words);
        struct value value = codec_decode(&point, words, &space);
        assert_true(value_is_number(&value));
        if (codec_encode(&point, &value, again, &err) < 0)
            fail_msg("%s: %s", show(&value), err.text);
        assert_memory_equal(words, again, sizeof words);
        struct value rounded = codec_round(&point, &value, 0);
        assert_true(value_equal(&rounded, &value));
    }
}

static void rounds_to_what_reads_back(void **state)
{
    (void)state;
    const struct {
        struct point point;
        struct value value;
        const char *expected;
    } rows[] = {
        {SCALED(TYPE_U16, .scale = {1, -1}), value_real(23.16, -1), "real 23.2"},
        {SCALED(TYPE_U16, .scale = {1, 1}), value_integer(1004), "integer 1000"},
        {SCALED(TYPE_U16), value_real(7.6, -1), "integer 8"},
        {SCALED(TYPE_U16), value_integer(70000), "unknown"},
        {SCALED(TYPE_F32, .word_count = 2), value_real(0.1234567891, -1), "real 0.12345679"},
        {SCALED(TYPE_U16, .labels = &mode_labels), value_text("load_first"), "text load_first"},
        {SCALED(TYPE_U16, .labels = &mode_labels), value_integer(2), "text load_first"},
        {SCALED(TYPE_STRING, .word_count = 4), value_text(" AB "), "text AB"},
        {SCALED(TYPE_BOOL), value_integer(1), "boolean true"},
        {SCALED(TYPE_BOOL), value_text("x"), "unknown"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct value value = codec_round(&rows[i].point, &rows[i].value, 0);
        assert_string_equal(show(&value), rows[i].expected);
    }
    struct point power = POINT(.type = TYPE_I16, .sf = 3);
    struct value value = value_real(12.345, -1);
    value = codec_round(&power, &value, -2);
    assert_string_equal(show(&value), "real 12.35");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_nearest_step), cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(changes_only_its_bits),   cmocka_unit_test(gives_back_the_same_words),
        cmocka_unit_test(gives_back_scaled_words), cmocka_unit_test(rounds_to_what_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
