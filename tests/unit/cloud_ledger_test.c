// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "cloud/ledger.h"

static const struct ledger_limits small = {
    .max_entries = 3, .max_bytes = 1000, .max_age_ms = 1000};

static enum ledger_verdict begin(struct ledger *ledger, const char *id, const char *fingerprint,
                                 int64_t now_ms)
{
    const char *response = NULL;
    struct ledger_command command = {.device = 1, .id = id, .fingerprint = fingerprint};
    return ledger_begin(ledger, &command, now_ms, &response);
}

static void executes_an_id_once(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_new(&ledger_default_limits);
    struct ledger_command command = {.device = 0, .id = "a", .fingerprint = "stop{}"};
    const char *response = NULL;
    assert_int_equal(ledger_begin(ledger, &command, 0, &response), LEDGER_NEW);
    assert_int_equal(ledger_begin(ledger, &command, 1, &response), LEDGER_RUNNING);
    assert_null(response);
    ledger_finish(ledger, 0, "a", "{\"id\":\"a\"}");
    assert_int_equal(ledger_begin(ledger, &command, 2, &response), LEDGER_ANSWERED);
    assert_string_equal(response, "{\"id\":\"a\"}");
    ledger_finish(ledger, 0, "a", "another");
    assert_int_equal(ledger_begin(ledger, &command, 3, &response), LEDGER_ANSWERED);
    assert_string_equal(response, "{\"id\":\"a\"}");
    ledger_free(ledger);
}

static void tells_devices_apart(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_new(&ledger_default_limits);
    struct ledger_command command = {.device = 0, .id = "a", .fingerprint = "stop{}"};
    const char *response = NULL;
    assert_int_equal(ledger_begin(ledger, &command, 0, &response), LEDGER_NEW);
    command.device = 1;
    assert_int_equal(ledger_begin(ledger, &command, 0, &response), LEDGER_NEW);
    assert_int_equal(ledger_count(ledger), 2);
    ledger_free(ledger);
}

static void refuses_other_arguments_under_an_old_id(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_new(&ledger_default_limits);
    assert_int_equal(begin(ledger, "a", "set{\"w\":1}", 0), LEDGER_NEW);
    assert_int_equal(begin(ledger, "a", "set{\"w\":2}", 0), LEDGER_CONFLICT);
    ledger_finish(ledger, 1, "a", "r");
    assert_int_equal(begin(ledger, "a", "set{\"w\":2}", 0), LEDGER_CONFLICT);
    assert_int_equal(begin(ledger, "a", "set{\"w\":1}", 0), LEDGER_ANSWERED);
    ledger_free(ledger);
}

static void forgets_answered_ids_by_age(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_new(&small);
    assert_int_equal(begin(ledger, "running", "x", 0), LEDGER_NEW);
    assert_int_equal(begin(ledger, "answered", "x", 0), LEDGER_NEW);
    ledger_finish(ledger, 1, "answered", "r");
    assert_int_equal(begin(ledger, "answered", "x", 1000), LEDGER_ANSWERED);
    assert_int_equal(begin(ledger, "running", "x", 5000), LEDGER_RUNNING);
    assert_int_equal(ledger_count(ledger), 1);
    assert_int_equal(begin(ledger, "answered", "x", 5000), LEDGER_NEW);
    ledger_free(ledger);
}

static void drops_the_oldest_answered_when_full(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_new(&small);
    assert_int_equal(begin(ledger, "a", "x", 0), LEDGER_NEW);
    assert_int_equal(begin(ledger, "b", "x", 1), LEDGER_NEW);
    assert_int_equal(begin(ledger, "c", "x", 2), LEDGER_NEW);
    assert_int_equal(begin(ledger, "d", "x", 3), LEDGER_FULL);
    ledger_finish(ledger, 1, "c", "r");
    ledger_finish(ledger, 1, "b", "r");
    assert_int_equal(begin(ledger, "d", "x", 4), LEDGER_NEW);
    assert_int_equal(begin(ledger, "a", "x", 5), LEDGER_RUNNING);
    assert_int_equal(begin(ledger, "c", "x", 6), LEDGER_ANSWERED);
    assert_int_equal(begin(ledger, "b", "x", 7), LEDGER_NEW);
    assert_int_equal(ledger_count(ledger), 3);
    ledger_free(ledger);
}

static void bounds_bytes(void **state)
{
    (void)state;
    static const struct ledger_limits limits = {
        .max_entries = 100, .max_bytes = 10, .max_age_ms = 1000};
    struct ledger *ledger = ledger_new(&limits);
    assert_int_equal(begin(ledger, "a", "xxx", 0), LEDGER_NEW);
    ledger_finish(ledger, 1, "a", "rrrr");
    assert_int_equal(begin(ledger, "b", "xxx", 0), LEDGER_NEW);
    assert_int_equal(ledger_count(ledger), 1);
    assert_int_equal(begin(ledger, "c", "xxxxxxxxx", 0), LEDGER_FULL);
    ledger_free(ledger);
}

static void ignores_an_unknown_id_at_the_end(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_new(&small);
    ledger_finish(ledger, 1, "never begun", "r");
    assert_int_equal(ledger_count(ledger), 0);
    ledger_free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(executes_an_id_once),
        cmocka_unit_test(tells_devices_apart),
        cmocka_unit_test(refuses_other_arguments_under_an_old_id),
        cmocka_unit_test(forgets_answered_ids_by_age),
        cmocka_unit_test(drops_the_oldest_answered_when_full),
        cmocka_unit_test(bounds_bytes),
        cmocka_unit_test(ignores_an_unknown_id_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
