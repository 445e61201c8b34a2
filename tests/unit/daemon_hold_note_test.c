// SPDX-License-Identifier: MIT
// The end of a hold as a text, and back: against the same map, and against one that has
// changed.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bus/hold_end.h"
#include "daemon/hold_note.h"

enum { SETPOINT, MODE, RUN, RATE, POINTS };

static const struct label modes[] = {{0, 0, "auto"}, {3, 3, "forced"}};
static const struct label other_modes[] = {{0, 0, "auto"}, {4, 4, "forced"}};
static const struct labels mode_labels = {.rows = modes, .count = 2};
static const struct labels other_mode_labels = {.rows = other_modes, .count = 2};

static struct point points[POINTS];
static struct sunspec_model models[] = {{123, 123, 1}};
static const struct map map = {
    .points = points, .point_count = POINTS, .models = models, .model_count = 1};

#define POINT(a_key, an_address, a_type, words)                                                \
    .key = (a_key), .source = SOURCE_WORDS, .table = TABLE_HOLDING, .unit_id = NO_INDEX,       \
    .address = (an_address), .word_count = (words), .access = ACCESS_READ_WRITE,               \
    .from = NO_INDEX, .type = (a_type), .bit_low = NO_INDEX, .bit_high = NO_INDEX,             \
    .scale = {1, 0}, .sf = NO_INDEX

static int set_up(void **state)
{
    static const struct point rows[POINTS] = {
        [SETPOINT] = {POINT("setpoint", 100, TYPE_I16, 1)},
        [MODE] = {POINT("mode", 101, TYPE_U16, 1), .labels = &mode_labels},
        [RUN] = {POINT("run", 102, TYPE_BOOL, 1)},
        [RATE] = {POINT("rate", 103, TYPE_F32, 2)},
    };
    (void)state;
    memcpy(points, rows, sizeof rows);
    return 0;
}

static char *note_of_all(void)
{
    struct hold_end *end = hold_end_empty(7, 2);
    struct value values[POINTS] = {value_integer(-250), value_text("forced"),
                                   value_boolean(false), value_real(12.5, DECIMALS_SHORTEST)};
    for (int i = 0; i < POINTS; i++)
        assert_true(hold_end_add(end, i, &values[i]));
    end->verify = false;
    char *text = hold_note_text(&map, end);
    hold_end_free(end);
    return text;
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct error err;
    char *text = note_of_all();
    assert_non_null(strstr(
        text,
        "{\"then\":{\"setpoint\":-250,\"mode\":\"forced\",\"run\":false,\"rate\":12.5},"));
    struct hold_end *end = hold_note_read(&map, 2, text, &err);
    free(text);
    assert_non_null(end);
    assert_int_equal(end->count, POINTS);
    assert_int_equal(end->device, 2);
    assert_false(end->verify);
    assert_null(end->step);
    for (int i = 0; i < POINTS; i++)
        assert_int_equal(end->entries[i].point, i);
    assert_true(end->entries[SETPOINT].value.integer == -250);
    struct value forced = value_text("forced");
    assert_true(value_equal(&end->entries[MODE].value, &forced));
    assert_int_equal(end->entries[RUN].value.kind, VALUE_BOOLEAN);
    assert_true(value_number(&end->entries[RATE].value) == 12.5);
    hold_end_free(end);
}

static void assert_comes_back(const struct value *value)
{
    struct error err;
    struct hold_end *end = hold_end_empty(7, 2);
    assert_true(hold_end_add(end, RATE, value));
    char *text = hold_note_text(&map, end);
    hold_end_free(end);
    end = hold_note_read(&map, 2, text, &err);
    assert_non_null(end);
    assert_true(value_equal(&end->entries[0].value, value));
    hold_end_free(end);
    free(text);
}

// What is written after a restart is what would have been written before.
static void test_no_digit_is_lost(void **state)
{
    (void)state;
    const struct value values[] = {
        value_real(3.141592653589793, DECIMALS_SHORTEST),
        value_real(9007199254740991.0, DECIMALS_SHORTEST),
        value_real(0.1 + 0.2, DECIMALS_SHORTEST),
        value_real((double)0.1F, DECIMALS_SHORTEST_FLOAT),
        value_integer(INT64_MIN),
        value_integer(INT64_MAX),
        value_integer(UINT64_MAX),
        value_text("18446744073709551615"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        assert_comes_back(&values[i]);
}

static void test_a_part_of_it_is_still_to_be_written(void **state)
{
    (void)state;
    struct error err;
    char *text = note_of_all();
    char *narrowed = hold_note_narrow(&map, text, (const int[]){RATE, MODE}, 2);
    assert_non_null(strstr(narrowed, "{\"then\":{\"mode\":\"forced\",\"rate\":12.5},"));
    struct hold_end *end = hold_note_read(&map, 2, narrowed, &err);
    assert_non_null(end);
    assert_int_equal(end->count, 2);
    assert_false(end->verify);
    hold_end_free(end);
    points[MODE].address = 7;
    assert_null(hold_note_narrow(&map, text, (const int[]){RATE}, 1));
    free(narrowed);
    free(text);
}

static void refuse(const char *text, const char *message)
{
    struct error err = {0};
    assert_null(hold_note_read(&map, 2, text, &err));
    assert_string_equal(err.text, message);
}

static void test_another_register_is_not_written(void **state)
{
    (void)state;
    char *text = note_of_all();
    const char *message = "the map has changed: setpoint is another register now";
    points[SETPOINT].address = 99;
    refuse(text, message);
    (void)set_up(NULL);
    points[RATE].scale.exponent = 1;
    refuse(text, message);
    (void)set_up(NULL);
    points[RUN].unit_id = 4;
    refuse(text, message);
    (void)set_up(NULL);
    points[MODE].labels = &other_mode_labels; // "forced" has another code
    refuse(text, message);
    (void)set_up(NULL);
    points[RATE].word_order = ORDER_LITTLE;
    refuse(text, message);
    (void)set_up(NULL);
    points[MODE].key = "mode_2";
    refuse(text, "the map has no entry 'mode' any more");
    free(text);
}

static void test_the_same_register_of_another_model_is_not_written(void **state)
{
    (void)state;
    const struct sunspec_model was = models[0];
    points[SETPOINT].model = 1;
    char *text = note_of_all();
    models[0].low = models[0].high = 704;
    refuse(text, "the map has changed: setpoint is another register now");
    models[0] = was;
    models[0].instance = 2;
    refuse(text, "the map has changed: setpoint is another register now");
    models[0] = was;
    points[SETPOINT].model = SUNSPEC_NONE;
    refuse(text, "the map has changed: setpoint is another register now");
    free(text);
}

static void test_what_does_not_matter_may_change(void **state)
{
    (void)state;
    struct error err;
    char *text = note_of_all();
    points[SETPOINT].unit = "W";
    points[SETPOINT].every_ms = 5;
    points[SETPOINT].section = SECTION_TELEMETRY;
    struct hold_end *end = hold_note_read(&map, 2, text, &err);
    assert_non_null(end);
    hold_end_free(end);
    free(text);
}

static void test_damaged_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"then\":{}}",
        "{\"then\":{},\"form\":\"x\"}",
        "{\"then\":[1],\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":null},\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":{}},\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":{\"integer\":1}},\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":{\"integer\":\"a\"}},\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":[1]},\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":1,\"setpoint\":2},\"form\":\"x\"}",
        "{\"then\":{\"setpoint\":1},\"form\":7}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        refuse(texts[i], "what was kept of it is damaged");
    refuse("{\"then\":{\"setpoint\":1},\"form\":\"\"}",
           "the map has changed: setpoint is another register now");
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_no_digit_is_lost),
        TEST(test_a_part_of_it_is_still_to_be_written),
        TEST(test_another_register_is_not_written),
        TEST(test_the_same_register_of_another_model_is_not_written),
        TEST(test_what_does_not_matter_may_change),
        TEST(test_damaged_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
