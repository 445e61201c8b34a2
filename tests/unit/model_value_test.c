// SPDX-License-Identifier: MIT
#include "model/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const uint16_t codes[] = {0x108A, 0x1114, 0x108A, 0x1114};

static struct value events(size_t first, size_t count)
{
    return (struct value){.kind = VALUE_EVENTS, .events = {codes + first, count}};
}

static void compares_content(void **state)
{
    (void)state;
    const struct {
        struct value a, b;
        bool is_equal;
    } rows[] = {
        {value_unknown(), value_unknown(), true},
        {value_unknown(), value_absent(), false},
        {value_absent(), value_integer(0), false},
        {value_boolean(true), value_boolean(true), true},
        {value_boolean(true), value_boolean(false), false},
        {value_boolean(true), value_integer(1), false},
        {value_integer(5), value_integer(5), true},
        {value_integer(5), value_real(5, -1), true},
        {value_real(5, -1), value_integer(5), true},
        {value_integer(5), value_real(5.5, -1), false},
        {value_real(0.3, -1), value_real(0.1 + 0.2, -1), false},
        {value_real(0.3, 1), value_real(0.1 + 0.2, 1), true}, // as published
        {value_real(23.1, 1), value_real(23.1, 3), true},
        {value_real((double)23.1F, DECIMALS_SHORTEST_FLOAT), value_real(23.1, -1), true},
        {value_real((double)23.1F, -1), value_real(23.1, -1), false},
        {value_integer((int128)UINT64_MAX), value_integer((int128)UINT64_MAX - 1), false},
        {value_integer(9007199254740993), value_real(9007199254740992.0, -1), false},
        {value_integer((int128)UINT64_MAX), value_real(0x1p64, -1), false},
        {value_integer(INT64_MIN), value_real(-0x1p63, -1), true},
        {value_integer(1), value_real(1e300, -1), false},
        {value_text("steady"), value_text_bytes("steadyX", 6), true},
        {value_text("steady"), value_text("stead"), false},
        {value_text("5"), value_integer(5), false},
        {events(0, 2), events(2, 2), true},
        {events(0, 2), events(1, 2), false},
        {events(0, 1), events(0, 2), false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (value_equal(&rows[i].a, &rows[i].b) != rows[i].is_equal ||
            value_equal(&rows[i].b, &rows[i].a) != rows[i].is_equal)
            fail_msg("row %zu", i);
    }
}

static void formats_for_people(void **state)
{
    (void)state;
    const struct {
        struct value value;
        const char *text;
    } rows[] = {
        {value_unknown(), "unknown"},
        {value_absent(), "absent"},
        {value_boolean(true), "true"},
        {value_boolean(false), "false"},
        {value_integer(-42), "-42"},
        {value_integer((int128)UINT64_MAX), "18446744073709551615"},
        {value_real(23.1, -1), "23.1"},
        {value_real(0.1 + 0.2, 2), "0.30"},
        {value_real(7, 0), "7"},
        {value_real((double)23.1F, DECIMALS_SHORTEST_FLOAT), "23.1"},
        {value_real(-0.0, -1), "0.0"},
        {value_real(-0.04, 1), "0.0"}, // never -0.0
        {value_text("steady"), "steady"},
        {value_text(""), ""},
        {events(0, 0), "[]"},
        {events(0, 2), "[0x108A, 0x1114]"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char text[64];
        value_format(&rows[i].value, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

static void formats_within_its_room(void **state)
{
    (void)state;
    const struct value values[] = {value_text("M\xC3\xBCller & S\xC3\xB6hne"), events(0, 4),
                                   value_real(1e300, 2), value_integer(INT64_MIN),
                                   value_boolean(true)};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        for (size_t size = 1; size < 16; size++) {
            char text[16];
            memset(text, 'x', sizeof text);
            value_format(&values[i], text, size);
            assert_true(strlen(text) < size);
        }
    }
    char text[3];
    value_format(&values[0], text, sizeof text);
    assert_string_equal(text, "M"); // half an umlaut is none
}

static void rounds_reals(void **state)
{
    (void)state;
    struct value value = value_real(49.987, 2);
    assert_true(value.real == 49.99);
    assert_int_equal(value.decimals, 2);
    value = value_real(49.987, DECIMALS_SHORTEST);
    assert_true(value.real == 49.987);
    value = value_real(-0.0, DECIMALS_SHORTEST);
    assert_false(signbit(value.real));
    assert_int_equal(value_real(NAN, 1).kind, VALUE_UNKNOWN);
    assert_int_equal(value_real(INFINITY, -1).kind, VALUE_UNKNOWN);
    value = value_real(1e308, 6);
    assert_true(value.real == 1e308);
}

static void knows_what_is_a_value(void **state)
{
    (void)state;
    const struct value absent = value_absent();
    const struct value text = value_text("x");
    const struct value integer = value_integer(3);
    const struct value real = value_real(2.5, -1);
    assert_false(value_is_known(&absent));
    assert_true(value_is_known(&text));
    assert_false(value_is_number(&text));
    assert_true(value_is_number(&integer));
    assert_true(value_number(&integer) == 3);
    assert_true(value_number(&real) == 2.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_content),        cmocka_unit_test(formats_for_people),
        cmocka_unit_test(formats_within_its_room), cmocka_unit_test(rounds_reals),
        cmocka_unit_test(knows_what_is_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
