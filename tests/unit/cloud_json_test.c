// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/json.h"

// The text of a value inside a list, without the brackets.
static void assert_prints(json_t *json, const char *expected)
{
    assert_non_null(json);
    json_t *list = json_new_list();
    json_add(list, json);
    char *text = json_print(list);
    size_t length = strlen(text);
    assert_int_equal(text[0], '[');
    text[length - 1] = '\0';
    assert_string_equal(text + 1, expected);
    free(text);
}

static void prints_reals_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        double real;
        int decimals;
        const char *expected;
    } rows[] = {
        {0.1, 1, "0.1"},
        {0.1 + 0.2, 2, "0.3"},
        {0.1 + 0.2, DECIMALS_SHORTEST, "0.3"},
        {(double)23.1F, DECIMALS_SHORTEST_FLOAT, "23.1"},
        {(double)16777216.0F, DECIMALS_SHORTEST_FLOAT, "16777216.0"},
        {(double)3.4028235e38F, DECIMALS_SHORTEST_FLOAT, "3.4028235e38"},
        {(double)1e-7F, DECIMALS_SHORTEST_FLOAT, "1e-7"},
        {4294967295 * 0.001, 3, "4294967.295"},
        {1e-7, DECIMALS_SHORTEST, "1e-7"},
        {12345678.9, 1, "12345678.9"},
        {100, 1, "100.0"},
        {100, DECIMALS_SHORTEST, "100.0"},
        {-0.0, 1, "0.0"},
        {-12.5, 2, "-12.5"},
        {999999999999.999, 3, "999999999999.999"},
        {1e15, 0, "1e15"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct value value = value_real(rows[i].real, rows[i].decimals);
        assert_prints(json_from_value(&value), rows[i].expected);
    }
}

static void prints_integers_exactly_within_64_bits(void **state)
{
    (void)state;
    static const struct {
        int128 integer;
        const char *expected;
    } rows[] = {
        {0, "0"},
        {INT64_MIN, "-9223372036854775808"},
        {INT64_MAX, "9223372036854775807"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct value value = value_integer(rows[i].integer);
        assert_prints(json_from_value(&value), rows[i].expected);
    }
    struct value beyond = value_integer((int128)INT64_MAX + 1);
    assert_null(json_from_value(&beyond)); // rather than 9.22337203685478e18
    assert_null(json_from_published(&beyond, PUBLISH_AUTO));
}

static void prints_booleans_texts_and_events(void **state)
{
    (void)state;
    static const uint16_t codes[] = {0x108A, 0x1};
    struct value events = {.kind = VALUE_EVENTS, .events = {codes, 2}};
    struct value yes = value_boolean(true);
    struct value text = value_text("a \"b\" \xc2\xb0"
                                   "C\n");
    assert_prints(json_from_value(&yes), "true");
    assert_prints(json_from_value(&text), "\"a \\\"b\\\" \xc2\xb0"
                                          "C\\n\"");
    assert_prints(json_from_value(&events), "[\"0x108A\",\"0x0001\"]");
}

static void has_nothing_for_missing_values(void **state)
{
    (void)state;
    struct value unknown = value_unknown();
    struct value absent = value_absent();
    assert_null(json_from_value(&unknown));
    assert_null(json_from_value(&absent));
    assert_null(json_from_published(&unknown, PUBLISH_STRING));
    json_t *object = json_new_object();
    json_put(object, "missing", json_from_value(&unknown));
    char *text = json_print(object);
    assert_string_equal(text, "{}");
    free(text);
}

static void mends_texts_that_are_not_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *expected;
    } rows[] = {
        {"plain", "\"plain\""},
        {"cut \xc3", "\"cut \""},
        {"cut \xe2\x82", "\"cut \""},
        {"lat\xe9n", "\"lat?n\""},
        {"", "\"\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_prints(json_from_text(rows[i].bytes, strlen(rows[i].bytes)), rows[i].expected);
}

static void publishes_in_the_declared_type(void **state)
{
    (void)state;
    const struct {
        struct value value;
        enum publish publish;
        const char *expected; // NULL: nothing
    } rows[] = {
        {value_integer(5), PUBLISH_AUTO, "5"},
        {value_integer(5), PUBLISH_INTEGER, "5"},
        {value_integer(5), PUBLISH_FLOAT, "5.0"},
        {value_integer(5), PUBLISH_STRING, "\"5\""},
        {value_integer(5), PUBLISH_BOOLEAN, "true"},
        {value_integer(0), PUBLISH_BOOLEAN, "false"},
        {value_real(5, 1), PUBLISH_INTEGER, "5"},
        {value_real(5.5, 1), PUBLISH_INTEGER, NULL},
        {value_real(1e30, 0), PUBLISH_INTEGER, NULL},
        {value_integer(INT64_MAX), PUBLISH_INTEGER, "9223372036854775807"},
        {value_integer((int128)INT64_MAX + 1), PUBLISH_INTEGER, NULL},
        {value_integer(UINT64_MAX), PUBLISH_INTEGER, NULL},
        {value_integer(UINT64_MAX), PUBLISH_STRING, "\"18446744073709551615\""},
        {value_real(5.5, 1), PUBLISH_FLOAT, "5.5"},
        {value_real(5.5, 2), PUBLISH_STRING, "\"5.50\""},
        {value_boolean(true), PUBLISH_INTEGER, "1"},
        {value_boolean(true), PUBLISH_FLOAT, NULL},
        {value_boolean(true), PUBLISH_STRING, "\"true\""},
        {value_text("x"), PUBLISH_STRING, "\"x\""},
        {value_text("x"), PUBLISH_FLOAT, NULL},
        {value_text("x"), PUBLISH_INTEGER, NULL},
        {value_text("x"), PUBLISH_BOOLEAN, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        json_t *json = json_from_published(&rows[i].value, rows[i].publish);
        if (rows[i].expected)
            assert_prints(json, rows[i].expected);
        else
            assert_null(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_reals_as_people_write_them),
        cmocka_unit_test(prints_integers_exactly_within_64_bits),
        cmocka_unit_test(prints_booleans_texts_and_events),
        cmocka_unit_test(has_nothing_for_missing_values),
        cmocka_unit_test(mends_texts_that_are_not_utf8),
        cmocka_unit_test(publishes_in_the_declared_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
