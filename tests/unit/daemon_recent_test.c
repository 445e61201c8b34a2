// SPDX-License-Identifier: MIT
// Commands in progress and the latest ones: what is kept, what is forgotten, what is said.
#include "daemon/recent.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/recent_json.h"
#include "model/command.h"

enum { WALL_MS = 1700000000 };

static struct recent_instant at(int64_t ms)
{
    return (struct recent_instant){ms, INT64_C(1000) * WALL_MS + ms};
}

static uint64_t add(struct recent *recent, const char *id, int64_t ms)
{
    struct recent_instant now = at(ms);
    struct recent_subject subject = {RECENT_CLOUD, id, "pump", "start", "rate=75"};
    return recent_add(recent, &subject, &now);
}

static void finish(struct recent *recent, uint64_t number, int64_t ms)
{
    struct recent_instant now = at(ms);
    recent_finish(recent, number, RECENT_COMPLETED, "rate 75", &now);
}

static size_t count_of(const struct recent *recent)
{
    size_t count = 0;
    for (const struct recent_command *row = recent->first; row; row = row->next)
        count++;
    return count;
}

static void test_the_life_of_a_command(void **state)
{
    (void)state;
    struct recent recent = {0};
    uint64_t number = add(&recent, "a", 1000);
    struct recent_instant started = at(3000);
    recent_start(&recent, number, &started);
    recent_log(&recent, number, "half way", 4000);
    finish(&recent, number, 5000);
    json_t *list = recent_json(&recent, 10000);
    char *text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(
        text, "[{\"id\":\"a\",\"device\":\"pump\",\"name\":\"start\",\"arguments\":\"rate=75\","
              "\"origin\":\"cloud\",\"state\":\"completed\",\"timestamp\":1700000001,"
              "\"received_age_ms\":9000,\"started_age_ms\":7000,\"finished_age_ms\":5000,"
              "\"log\":[{\"text\":\"half way\",\"age_ms\":6000}],\"message\":\"rate 75\"}]");
    free(text);
    json_decref(list);
    recent_done(&recent);
}

static void test_what_is_over_longest_is_forgotten(void **state)
{
    (void)state;
    struct recent recent = {0};
    uint64_t runs = add(&recent, "runs", 1);
    uint64_t slow = add(&recent, "slow", 2);
    for (int i = 0; i < RECENT_FINISHED; i++)
        finish(&recent, add(&recent, "quick", 3), 10 + i);
    finish(&recent, slow, 1000);
    // `slow` came before all others and ended last: the first that ended is gone, not it.
    assert_int_equal(count_of(&recent), RECENT_FINISHED + 1);
    assert_int_equal(recent.first->number, runs);
    assert_int_equal(recent.first->next->number, slow);
    assert_int_equal(recent.first->next->next->finished.monotonic_ms, 11);
    // What runs is never forgotten, however much comes after it.
    for (int i = 0; i < 200; i++)
        finish(&recent, add(&recent, "more", 2000), 2000);
    assert_int_equal(recent.first->number, runs);
    assert_int_equal(count_of(&recent), RECENT_FINISHED + 1);
    recent_done(&recent);
}

static void test_a_forgotten_number_does_nothing(void **state)
{
    (void)state;
    struct recent recent = {0};
    struct recent_instant now = at(1);
    recent_start(&recent, 0, &now);
    recent_forget(&recent, 0);
    recent_log(&recent, 7, "text", 1);
    recent_finish(&recent, 7, RECENT_ERROR, "text", &now);
    assert_null(recent.first);
}

static void test_a_repetition_leaves_no_trace(void **state)
{
    (void)state;
    struct recent recent = {0};
    uint64_t first = add(&recent, "a", 1);
    recent_forget(&recent, add(&recent, "a", 2));
    assert_int_equal(count_of(&recent), 1);
    assert_int_equal(recent.first->number, first);
    recent_done(&recent);
}

static void test_the_log_keeps_its_latest_lines(void **state)
{
    (void)state;
    struct recent recent = {0};
    char text[16];
    uint64_t number = add(&recent, "a", 1);
    for (int i = 0; i < RECENT_LINES + 3; i++) {
        (void)snprintf(text, sizeof text, "line %d", i);
        recent_log(&recent, number, text, i);
    }
    assert_int_equal(recent.first->line_count, RECENT_LINES);
    assert_string_equal(recent.first->lines[0].text, "line 3");
    assert_string_equal(recent.first->lines[RECENT_LINES - 1].text, "line 10");
    recent_done(&recent);
}

static void test_a_crowd_is_listed_in_part(void **state)
{
    (void)state;
    struct recent recent = {0};
    for (int i = 0; i < RECENT_MAX_OPEN + 5; i++)
        (void)add(&recent, "waits", 1);
    finish(&recent, add(&recent, "done", 1), 2);
    json_t *list = recent_json(&recent, 3);
    assert_int_equal(json_array_size(list), RECENT_MAX_OPEN + 1);
    json_decref(list);
    recent_done(&recent);
}

static void test_secrets_are_not_shown(void **state)
{
    (void)state;
    static const struct argument arguments[] = {
        {.key = "rate"}, {.key = "code", .sensitive = true}, {.key = "mode"}};
    static const struct command open = {.arguments = arguments, .argument_count = 1};
    static const struct command secret = {.arguments = arguments, .argument_count = 3};
    struct job_request job = {.command = &secret, .argument_count = 3};
    job.arguments[0] = value_integer(75);
    job.arguments[1] = value_text("1234");
    job.arguments[2] = value_unknown();
    char *text = recent_arguments(&job);
    assert_string_equal(text, "rate=75, code=(secret)");
    free(text);
    struct job_result result = {
        .value_count = 2,
        .values = {{"rate", value_integer(75)}, {"mode", value_text("fast")}}};
    text = recent_values(&result);
    assert_string_equal(text, "rate 75, mode fast");
    free(text);
    assert_true(recent_has_secrets(&secret));
    assert_false(recent_has_secrets(&open));
}

static void test_long_texts_are_bounded(void **state)
{
    (void)state;
    static struct argument named[MAX_ARGUMENTS];
    for (size_t i = 0; i < MAX_ARGUMENTS; i++)
        named[i].key = "note";
    const struct command command = {.arguments = named, .argument_count = MAX_ARGUMENTS};
    struct job_request job = {.command = &command, .argument_count = MAX_ARGUMENTS};
    char note[201];
    memset(note, 'x', sizeof note - 1);
    note[sizeof note - 1] = '\0';
    for (size_t i = 0; i < MAX_ARGUMENTS; i++)
        job.arguments[i] = value_text(note);
    char *text = recent_arguments(&job);
    assert_true(strlen(text) < 1000);
    assert_string_equal(text + strlen(text) - 5, ", ...");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_life_of_a_command),
        cmocka_unit_test(test_what_is_over_longest_is_forgotten),
        cmocka_unit_test(test_a_forgotten_number_does_nothing),
        cmocka_unit_test(test_a_repetition_leaves_no_trace),
        cmocka_unit_test(test_the_log_keeps_its_latest_lines),
        cmocka_unit_test(test_a_crowd_is_listed_in_part),
        cmocka_unit_test(test_secrets_are_not_shown),
        cmocka_unit_test(test_long_texts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
