// SPDX-License-Identifier: MIT
#include "registers/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

// A row overrides what POINT sets by default.
#pragma GCC diagnostic ignored "-Woverride-init"

// An entry with everything at its default.
#define POINT(...)                                                                             \
    (struct point)                                                                             \
    {                                                                                          \
        .key = "x", .table = TABLE_HOLDING, .word_count = 1, .bit_low = NO_INDEX,              \
        .bit_high = NO_INDEX, .scale = {1, 0}, .sf = NO_INDEX, .decimals = DECIMALS_SHORTEST,  \
        __VA_ARGS__                                                                            \
    }

static struct point point_of(enum point_type type)
{
    struct point point = POINT(.type = type);
    uint16_t words = codec_type(type)->word_count;
    point.word_count = words ? words : 8;
    return point;
}

static struct codec_space space;

// The decoded value as a person reads it: kind, then text.
static const char *show(const struct value *value)
{
    static const char *const names[] = {"unknown", "absent", "boolean", "integer",
                                        "real",    "text",   "events"};
    static char text[400];
    char body[320];
    value_format(value, body, sizeof body);
    (void)snprintf(text, sizeof text, "%s %s", names[value->kind], body);
    return value_is_known(value) ? text : names[value->kind];
}

static const char *decoded(const struct point *point, const uint16_t *words)
{
    space.used = 0;
    struct value value = codec_decode(point, words, &space);
    return show(&value);
}

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

struct scaled_row {
    struct point point;
    uint16_t words[4];
    const char *expected;
};

#define SCALED(type_, ...) POINT(.type = (type_), __VA_ARGS__)

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

static const struct label modes[] = {
    {0, 0, "battery_first"}, {1, 3, "load_first"}, {4, 4, "battery_first"}};
static const struct label yes_no[] = {{0, 0, "true"}, {7, 7, "false"}};
static const struct labels mode_labels = {.rows = modes, .count = 3};
static const struct labels other_labels = {.rows = modes, .count = 3, .otherwise = "other"};
static const struct labels boolean_labels = {.rows = yes_no, .count = 2, .is_boolean = true};

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

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13; // xorshift64, Marsaglia 2003
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void fill_random(const struct point *point, uint64_t *seed, uint16_t *words)
{
    for (int i = 0; i < point->word_count; i++)
        words[i] = (uint16_t)next_random(seed);
    if (point->type == TYPE_BCD16)
        words[0] = 0;
    for (int i = 0; point->type == TYPE_BCD16 && i < 4; i++)
        words[0] = (uint16_t)(words[0] * 16U + next_random(seed) % 10);
    if (point->type == TYPE_BOOL)
        words[0] &= 1;
    if (point->byte_order == ORDER_LITTLE && point->type == TYPE_BOOL)
        words[0] = (uint16_t)(words[0] << 8);
    for (int i = 0; point->type == TYPE_STRING && i < point->word_count; i++)
        words[i] =
            (uint16_t)(0x2121 + next_random(seed) % 90 * 0x0100 + next_random(seed) % 90);
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
            point.word_order = next_random(&seed) & 1 ? ORDER_LITTLE : ORDER_BIG;
            point.byte_order = next_random(&seed) & 1 ? ORDER_LITTLE : ORDER_BIG;
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
        struct point point = point_of(types[next_random(&seed) % ARRAY_LENGTH(types)]);
        uint16_t words[4] = {0};
        uint16_t again[4] = {0};
        struct error err = {0};
        point.scale = scales[next_random(&seed) % ARRAY_LENGTH(scales)];
        point.offset = offsets[next_random(&seed) % ARRAY_LENGTH(offsets)];
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
        cmocka_unit_test(knows_its_types),
        cmocka_unit_test(decodes_known_words),
        cmocka_unit_test(keeps_bits_of_coils_in_place),
        cmocka_unit_test(scales_exactly),
        cmocka_unit_test(never_shows_noise),
        cmocka_unit_test(applies_powers_of_ten),
        cmocka_unit_test(scales_by_a_formula),
        cmocka_unit_test(recognises_no_value_patterns),
        cmocka_unit_test(takes_bits_of_a_register),
        cmocka_unit_test(the_ends_of_a_range_are_in_it),
        cmocka_unit_test(takes_the_largest_float),
        cmocka_unit_test(drops_what_is_out_of_range),
        cmocka_unit_test(names_codes),
        cmocka_unit_test(names_codes_of_other_types),
        cmocka_unit_test(finishes_computed_values),
        cmocka_unit_test(is_bounded_by_its_space),
        cmocka_unit_test(writes_the_nearest_step),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(changes_only_its_bits),
        cmocka_unit_test(gives_back_the_same_words),
        cmocka_unit_test(gives_back_scaled_words),
        cmocka_unit_test(rounds_to_what_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
