// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/ucm.h"

static const int64_t wall_ms = 1764150000000;

static void expect_next(struct ucm *ucm, int64_t now_ms, enum topic_kind kind,
                        const char *payload)
{
    enum topic_kind seen;
    char *text = NULL;
    assert_true(ucm_next(ucm, now_ms, wall_ms, &seen, &text));
    assert_int_equal(seen, kind);
    assert_string_equal(text, payload);
    free(text);
}

static void expect_none(struct ucm *ucm, int64_t now_ms, int64_t at_wall_ms)
{
    enum topic_kind kind;
    char *text = NULL;
    assert_false(ucm_next(ucm, now_ms, at_wall_ms, &kind, &text));
}

static const char properties[] =
    "{\"timestamp\":1764150000,\"virtual\":true,\"lua_api_ver\":1}";
static const char telemetry[] = "{\"timestamp\":1764150000,\"alerts\":null}";

static void it_beats_every_second_and_says_what_it_is_every_thirty(void **state)
{
    struct ucm ucm;
    (void)state;
    ucm_init(&ucm, "UCM1");
    assert_true(ucm_due_ms(&ucm) <= 5000);
    expect_next(&ucm, 5000, TOPIC_PROPERTIES, properties);
    expect_next(&ucm, 5000, TOPIC_TELEMETRY, telemetry);
    expect_none(&ucm, 5000, wall_ms);
    assert_int_equal(ucm_due_ms(&ucm), 6000);
    expect_none(&ucm, 5999, wall_ms);
    expect_next(&ucm, 6000, TOPIC_TELEMETRY, telemetry);
    // A missed beat is not made up for.
    expect_next(&ucm, 34000, TOPIC_TELEMETRY, telemetry);
    expect_none(&ucm, 34000, wall_ms);
    assert_int_equal(ucm_due_ms(&ucm), 35000);
    expect_next(&ucm, 35000, TOPIC_PROPERTIES, properties);
    expect_next(&ucm, 35000, TOPIC_TELEMETRY, telemetry);
}

static void it_waits_for_the_clock(void **state)
{
    struct ucm ucm;
    (void)state;
    ucm_init(&ucm, "UCM1");
    expect_none(&ucm, 0, 100000);
    assert_int_equal(ucm_due_ms(&ucm), 1000);
}

static void its_commands_are_answered_with_an_error(void **state)
{
    struct ucm ucm;
    (void)state;
    ucm_init(&ucm, "UCM1");
    assert_true(ucm_is_request(&ucm, "v1/to/UCM1/ucm/v1/command/requests"));
    assert_false(ucm_is_request(&ucm, "v1/to/UCM1/other/v1/command/requests"));
    assert_false(ucm_is_request(&ucm, "v1/to/UCM2/ucm/v1/command/requests"));
    static const char *const requests[] = {
        "{\"id\":\"7\",\"name\":\"reboot\"}",
        "{\"id\":\"7\",\"name\":\"upload_lua_script\",\"arguments\":{\"url\":\"x\"}}",
    };
    for (size_t i = 0; i < 2; i++) {
        char *answer = ucm_answer(&ucm, requests[i], strlen(requests[i]));
        assert_non_null(answer);
        assert_non_null(strstr(answer, "\"id\":\"7\",\"state\":\"error\""));
        free(answer);
    }
    assert_null(ucm_answer(&ucm, "{}", 2));
    assert_null(ucm_answer(&ucm, "no JSON", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_beats_every_second_and_says_what_it_is_every_thirty),
        cmocka_unit_test(it_waits_for_the_clock),
        cmocka_unit_test(its_commands_are_answered_with_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
