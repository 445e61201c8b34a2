// SPDX-License-Identifier: MIT
// Words to values: types, orders of words and bytes, bits, and what is no value.
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/codec_point.h"

// Known vectors, computed by hand; words in ascending addresses.
struct vector {
    enum point_type type;
    enum order word_order;
    enum order byte_order;
    uint16_t words[9];
    const char *expected;
};

static const struct vector vectors[] = {
    {TYPE_BOOL, 0, 0, {0}, "boolean false"},
    {TYPE_BOOL, 0, 0, {1}, "boolean true"},
    {TYPE_BOOL, 0, 0, {0x8000}, "boolean true"},
    {TYPE_BOOL, ORDER_LITTLE, ORDER_LITTLE, {0x0100}, "boolean true"},
    {TYPE_U16, 0, 0, {0xFFFF}, "integer 65535"},
    {TYPE_U16, 0, ORDER_LITTLE, {0x1234}, "integer 13330"}, // 0x3412
    {TYPE_U16, ORDER_LITTLE, 0, {0x1234}, "integer 4660"},
    {TYPE_I16, 0, 0, {0x7FFF}, "integer 32767"},
    {TYPE_I16, 0, 0, {0x8000}, "integer -32768"},
    {TYPE_I16, 0, ORDER_LITTLE, {0xFEFF}, "integer -2"}, // 0xFFFE
    {TYPE_U32, 0, 0, {0x1234, 0x5678}, "integer 305419896"},
    {TYPE_U32, ORDER_LITTLE, 0, {0x5678, 0x1234}, "integer 305419896"},
    {TYPE_U32, 0, ORDER_LITTLE, {0x3412, 0x7856}, "integer 305419896"},
    {TYPE_U32, ORDER_LITTLE, ORDER_LITTLE, {0x7856, 0x3412}, "integer 305419896"},
    {TYPE_U32, 0, 0, {0xFFFF, 0xFFFF}, "integer 4294967295"},
    {TYPE_I32, 0, 0, {0x8000, 0}, "integer -2147483648"},
    {TYPE_I32, ORDER_LITTLE, 0, {0xFFFE, 0xFFFF}, "integer -2"},
    {TYPE_I32, 0, ORDER_LITTLE, {0xFFFF, 0xFEFF}, "integer -2"},
    {TYPE_U64, 0, 0, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}, "integer 18446744073709551615"},
    {TYPE_U64, 0, 0, {0x8000, 0, 0, 0}, "integer 9223372036854775808"},
    {TYPE_U64, 0, 0, {0x0123, 0x4567, 0x89AB, 0xCDEF}, "integer 81985529216486895"},
    {TYPE_U64, ORDER_LITTLE, 0, {0xCDEF, 0x89AB, 0x4567, 0x0123}, "integer 81985529216486895"},
    {TYPE_U64, 0, ORDER_LITTLE, {0x2301, 0x6745, 0xAB89, 0xEFCD}, "integer 81985529216486895"},
    {TYPE_U64,
     ORDER_LITTLE,
     ORDER_LITTLE,
     {0xEFCD, 0xAB89, 0x6745, 0x2301},
     "integer 81985529216486895"},
    {TYPE_I64, 0, 0, {0x8000, 0, 0, 0}, "integer -9223372036854775808"},
    {TYPE_I64, ORDER_LITTLE, 0, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}, "integer -1"},
    {TYPE_F32, 0, 0, {0x4148, 0}, "real 12.5"},
    {TYPE_F32, ORDER_LITTLE, 0, {0, 0x4148}, "real 12.5"},
    {TYPE_F32, 0, ORDER_LITTLE, {0x4841, 0}, "real 12.5"},
    {TYPE_F32, 0, 0, {0x41B8, 0xCCCD}, "real 23.1"}, // not 23.1000003815
    {TYPE_F32, 0, 0, {0x3DCC, 0xCCCD}, "real 0.1"},
    {TYPE_F32, 0, 0, {0xC2F6, 0xE979}, "real -123.456"},
    {TYPE_F32, 0, 0, {0x8000, 0}, "real 0.0"},
    {TYPE_F32, 0, 0, {0x7FC0, 0}, "absent"}, // NaN
    {TYPE_F32, 0, 0, {0xFF80, 1}, "absent"}, // signalling NaN
    {TYPE_F32, 0, 0, {0x7F80, 0}, "unknown"},
    {TYPE_F32, 0, 0, {0xFF80, 0}, "unknown"},
    {TYPE_F64, 0, 0, {0x4009, 0x21FB, 0x5444, 0x2D18}, "real 3.141592653589793"},
    {TYPE_F64, ORDER_LITTLE, 0, {0x2D18, 0x5444, 0x21FB, 0x4009}, "real 3.141592653589793"},
    {TYPE_F64, 0, ORDER_LITTLE, {0x0940, 0xFB21, 0x4454, 0x182D}, "real 3.141592653589793"},
    {TYPE_F64, 0, 0, {0x3FD3, 0x3333, 0x3333, 0x3333}, "real 0.3"},
    {TYPE_F64, 0, 0, {0x7FF8, 0, 0, 0}, "absent"},
    {TYPE_F64, 0, 0, {0x7FF0, 0, 0, 0}, "unknown"},
    {TYPE_BCD16, 0, 0, {0x1234}, "integer 1234"},
    {TYPE_BCD16, 0, ORDER_LITTLE, {0x3412}, "integer 1234"},
    {TYPE_BCD16, 0, 0, {0x9999}, "integer 9999"},
    {TYPE_BCD16, 0, 0, {0x12A4}, "unknown"},
    {TYPE_BCD16, 0, 0, {0xF000}, "unknown"},
    {TYPE_STRING, 0, 0, {0x5355, 0x4E20, 0x3130, 0}, "text SUN 10"},
    {TYPE_STRING, ORDER_LITTLE, 0, {0x5355, 0x4E20, 0x3130, 0}, "text SUN 10"},
    {TYPE_STRING, 0, ORDER_LITTLE, {0x5553, 0x204E, 0x3031, 0}, "text SUN 10"},
    {TYPE_STRING, 0, 0, {0x2020, 0x4142, 0x4320, 0x2020, 0xFFFF, 0xFFFF}, "text ABC"},
    {TYPE_STRING, 0, 0, {0x4100, 0x4242, 0x4343}, "text A"}, // garbage after NUL
    {TYPE_STRING, 0, 0, {0}, "absent"},
    {TYPE_STRING, 0, 0, {0x2020, 0x2020, 0xFF00}, "absent"},
    {TYPE_STRING,
     0,
     0,
     {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF},
     "absent"},
    {TYPE_STRING, 0, 0, {0x4DC3, 0xBC6C, 0x6C00}, "text M\xC3\xBCll"},
    {TYPE_STRING,
     0,
     0,
     {0x41C3, 0x4200},
     "text A\xEF\xBF\xBD"
     "B"}, // cut character
    {TYPE_STRING,
     0,
     0,
     {0x410A, 0x4200},
     "text A\xEF\xBF\xBD"
     "B"}, // line feed
    {TYPE_STRING,
     0,
     0,
     {0x41C0, 0x8042, 0},
     "text A\xEF\xBF\xBD\xEF\xBF\xBD"
     "B"}, // overlong NUL
    {TYPE_STRING,
     0,
     0,
     {0xEDA0, 0x8041},
     "text \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
     "A"}, // surrogate
    {TYPE_STRING,
     0,
     0,
     {0x41C2, 0x8542, 0},
     "text A\xEF\xBF\xBD\xEF\xBF\xBD"
     "B"}, // U+0085
    {TYPE_STRING, 0, 0, {0xF09F, 0x94A5}, "text \xF0\x9F\x94\xA5"},
    {TYPE_UUID,
     0,
     0,
     {0x0123, 0x4567, 0x89AB, 0xCDEF, 0x0123, 0x4567, 0x89AB, 0xCDEF},
     "text 01234567-89AB-CDEF-0123-456789ABCDEF"},
    {TYPE_UUID,
     ORDER_LITTLE,
     ORDER_LITTLE,
     {0x2301, 0x6745, 0xAB89, 0xEFCD, 0x2301, 0x6745, 0xAB89, 0xEFCD},
     "text 01234567-89AB-CDEF-0123-456789ABCDEF"},
    {TYPE_IPV4, 0, 0, {0xC0A8, 0x013D}, "text 192.168.1.61"},
    {TYPE_IPV4, ORDER_LITTLE, 0, {0xC0A8, 0x013D}, "text 192.168.1.61"},
    {TYPE_IPV4, 0, ORDER_LITTLE, {0xA8C0, 0x3D01}, "text 192.168.1.61"},
    {TYPE_IPV4, 0, 0, {0, 0}, "text 0.0.0.0"},
    {TYPE_EVENT_LIST, 0, 0, {0, 0x1111}, "events []"},
    {TYPE_EVENT_LIST, 0, 0, {2, 0x108A, 0x1114, 0x9999}, "events [0x108A, 0x1114]"},
    {TYPE_EVENT_LIST, 0, ORDER_LITTLE, {0x0100, 0x8A10}, "events [0x108A]"},
    {TYPE_EVENT_LIST,
     0,
     0,
     {7, 1, 2, 3, 4, 5, 6, 7},
     "events [0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0007]"},
    {TYPE_EVENT_LIST, 0, 0, {8, 1, 2, 3, 4, 5, 6, 7}, "unknown"}, // more than there is room for
    {TYPE_EVENT_LIST, 0, 0, {0xFFFF}, "unknown"},
};

static void decodes_known_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        const struct vector *row = &vectors[i];
        struct point point = point_of(row->type);
        point.word_order = row->word_order;
        point.byte_order = row->byte_order;
        const char *text = decoded(&point, row->words);
        if (strcmp(text, row->expected) != 0)
            fail_msg("vector %zu (%s): \"%s\", expected \"%s\"", i, codec_type(row->type)->name,
                     text, row->expected);
    }
}

static void knows_its_types(void **state)
{
    (void)state;
    for (int i = 0; i < TYPE_COUNT; i++) {
        const struct type_row *type = codec_type((enum point_type)i);
        assert_non_null(type->name);
        assert_true(type->word_count <= 8);
        assert_true(!type->is_integer || type->integer_max > 0);
        assert_int_equal(type->is_integer && type->is_signed, type->integer_min < 0);
    }
    assert_string_equal(codec_type(TYPE_EVENT_LIST)->name, "event_list");
    assert_int_equal(codec_type(TYPE_STRING)->word_count, 0);
}

static void keeps_bits_of_coils_in_place(void **state)
{
    (void)state;
    struct point coil =
        POINT(.table = TABLE_COIL, .type = TYPE_BOOL, .byte_order = ORDER_LITTLE);
    struct value on = value_boolean(true);
    struct error err;
    uint16_t word = 0;
    assert_int_equal(codec_encode(&coil, &on, &word, &err), 0);
    assert_int_equal(word, 1);
    assert_string_equal(decoded(&coil, &word), "boolean true");
}

static void recognises_no_value_patterns(void **state)
{
    (void)state;
    struct point point = POINT(.type = TYPE_I32, .word_count = 2, .word_order = ORDER_LITTLE,
                               .invalid = {0x80000000, 0x7FFFFFFF}, .invalid_count = 2);
    assert_string_equal(decoded(&point, (uint16_t[]){0, 0x8000}), "absent");
    assert_string_equal(decoded(&point, (uint16_t[]){0xFFFF, 0x7FFF}), "absent");
    assert_string_equal(decoded(&point, (uint16_t[]){0x8000, 0}), "integer 32768");
    // The pattern is of the whole register, before the bits.
    struct point bits = POINT(.type = TYPE_U16, .bit_low = 0, .bit_high = 7,
                              .invalid = {0xFFFF}, .invalid_count = 1);
    assert_string_equal(decoded(&bits, (uint16_t[]){0xFFFF}), "absent");
    assert_string_equal(decoded(&bits, (uint16_t[]){0x00FF}), "integer 255");
    assert_string_equal(decoded(&bits, (uint16_t[]){0}), "integer 0");
    struct point wide =
        POINT(.type = TYPE_U64, .word_count = 4, .invalid = {UINT64_MAX}, .invalid_count = 1);
    assert_string_equal(decoded(&wide, (uint16_t[]){0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}), "absent");
    struct point address = POINT(.type = TYPE_IPV4, .word_count = 2, .invalid = {0xC0A80000},
                                 .invalid_count = 1, .word_order = ORDER_LITTLE);
    assert_string_equal(decoded(&address, (uint16_t[]){0xC0A8, 0}), "absent");
    assert_string_equal(decoded(&address, (uint16_t[]){0, 0xC0A8}), "text 0.0.192.168");
    struct point real =
        POINT(.type = TYPE_F32, .word_count = 2, .invalid = {0xFF7FFFFF}, .invalid_count = 1);
    assert_string_equal(decoded(&real, (uint16_t[]){0xFF7F, 0xFFFF}), "absent");
}

static void takes_bits_of_a_register(void **state)
{
    (void)state;
    static const struct {
        enum point_type type;
        int8_t low, high;
        uint16_t words[2];
        const char *expected;
    } rows[] = {
        {TYPE_U16, 0, 1, {0xFFFE}, "integer 2"},
        {TYPE_U16, 8, 15, {0xABCD}, "integer 171"},
        {TYPE_I16, 12, 15, {0xF000}, "integer 15"}, // unsigned, whatever the type
        {TYPE_U32, 16, 31, {0x1234, 0}, "integer 4660"},
        {TYPE_I32, 0, 31, {0xFFFF, 0xFFFF}, "integer 4294967295"},
        {TYPE_BOOL, 3, 3, {0x0008}, "boolean true"},
        {TYPE_BOOL, 3, 3, {0xFFF7}, "boolean false"},
        {TYPE_BOOL, 2, 3, {0x0004}, "boolean true"},
        {TYPE_BCD16, 8, 15, {0x2315}, "integer 23"},
        {TYPE_BCD16, 0, 4, {0xFF19}, "integer 19"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct point point = point_of(rows[i].type);
        point.bit_low = rows[i].low;
        point.bit_high = rows[i].high;
        assert_string_equal(decoded(&point, rows[i].words), rows[i].expected);
    }
}

// The float next to 0.1 is above it: what is published, 0.1, is at the end of the range.
static void the_ends_of_a_range_are_in_it(void **state)
{
    (void)state;
    struct point point =
        POINT(.type = TYPE_F32, .word_count = 2, .decimals = DECIMALS_SHORTEST_FLOAT,
              .has_range = true, .range_low = 0.1, .range_high = 1.1);
    const double good[] = {0.1, 0.9, 1.1};
    const double bad[] = {0.0999999, 1.1000001};
    struct error err;
    uint16_t words[2];
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct value value = value_real(good[i], -1);
        if (codec_encode(&point, &value, words, &err) != 0)
            fail_msg("%s", err.text);
        value = codec_decode(&point, words, &space);
        assert_true(value_is_known(&value) && value_number(&value) == good[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct value value = value_real(bad[i], -1);
        assert_int_equal(codec_encode(&point, &value, words, &err), -1);
    }
}

static void takes_the_largest_float(void **state)
{
    (void)state;
    struct point point =
        POINT(.type = TYPE_F32, .word_count = 2, .decimals = DECIMALS_SHORTEST_FLOAT);
    struct value largest = value_real(-3.4028235e38, -1); // its shortest decimal lies beyond it
    struct value beyond = value_real(3.4028236e38, -1);
    struct error err;
    uint16_t words[2];
    assert_int_equal(codec_encode(&point, &largest, words, &err), 0);
    assert_int_equal(words[0], 0xFF7F);
    assert_int_equal(words[1], 0xFFFF);
    assert_int_equal(codec_encode(&point, &beyond, words, &err), -1);
}

static void drops_what_is_out_of_range(void **state)
{
    (void)state;
    struct point point = POINT(.type = TYPE_U16, .scale = {1, -2}, .has_range = true,
                               .range_low = 40, .range_high = 70);
    assert_string_equal(decoded(&point, (uint16_t[]){3999}), "unknown");
    assert_string_equal(decoded(&point, (uint16_t[]){4000}), "real 40.00");
    assert_string_equal(decoded(&point, (uint16_t[]){7000}), "real 70.00");
    assert_string_equal(decoded(&point, (uint16_t[]){7001}), "unknown");
}

static void is_bounded_by_its_space(void **state)
{
    (void)state;
    struct point text = POINT(.type = TYPE_STRING, .word_count = 125);
    uint16_t garbage[125];
    memset(garbage, 0x80, sizeof garbage);
    struct codec_space own = {0};
    struct value value = codec_decode(&text, garbage, &own);
    assert_int_equal(value.kind, VALUE_TEXT);
    assert_int_equal(value.text.length, 750);
    size_t used = own.used;
    value = codec_decode(&text, garbage, &own);
    assert_int_equal(value.kind, VALUE_UNKNOWN);
    assert_int_equal(own.used, used);
    struct point events = POINT(.type = TYPE_EVENT_LIST, .word_count = 125);
    uint16_t list[125] = {124};
    own.used = 1;
    value = codec_decode(&events, list, &own);
    assert_int_equal(value.events.count, 124);
    assert_int_equal((uintptr_t)value.events.codes % _Alignof(uint16_t), 0);
    own.used = sizeof own.bytes - 100;
    value = codec_decode(&events, list, &own);
    assert_int_equal(value.kind, VALUE_UNKNOWN);
    own.used = sizeof own.bytes;
    struct point uuid = point_of(TYPE_UUID);
    value = codec_decode(&uuid, list, &own);
    assert_int_equal(value.kind, VALUE_UNKNOWN);
    struct point address = point_of(TYPE_IPV4);
    value = codec_decode(&address, list, &own);
    assert_int_equal(value.kind, VALUE_UNKNOWN);
    struct point short_of_words = POINT(.type = TYPE_U32, .word_count = 1);
    assert_string_equal(decoded(&short_of_words, list), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_types),
        cmocka_unit_test(decodes_known_words),
        cmocka_unit_test(keeps_bits_of_coils_in_place),
        cmocka_unit_test(recognises_no_value_patterns),
        cmocka_unit_test(takes_bits_of_a_register),
        cmocka_unit_test(the_ends_of_a_range_are_in_it),
        cmocka_unit_test(takes_the_largest_float),
        cmocka_unit_test(drops_what_is_out_of_range),
        cmocka_unit_test(is_bounded_by_its_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
