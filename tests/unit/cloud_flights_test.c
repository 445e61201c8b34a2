// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "cloud/flights.h"
#include "cloud/reason.h"

static void messages_are_taken_by_their_id(void **state)
{
    struct flights flights = {.count = 0};
    int64_t row = 0;
    (void)state;
    for (int mid = 1; mid <= PACING_MAX_IN_FLIGHT; mid++) {
        assert_false(flights_are_full(&flights));
        flights_add(&flights, mid, 100 + mid, 0);
    }
    assert_true(flights_are_full(&flights));
    assert_false(flights_take(&flights, PACING_MAX_IN_FLIGHT + 1, 1, &row));
    for (int mid = PACING_MAX_IN_FLIGHT; mid >= 1; mid -= 2) {
        assert_true(flights_take(&flights, mid, 1, &row));
        assert_int_equal(row, 100 + mid);
        assert_false(flights_take(&flights, mid, 1, &row));
    }
    assert_int_equal(flights.count, PACING_MAX_IN_FLIGHT / 2);
}

static void room_is_worth_going_for_when_half_is_back(void **state)
{
    struct flights flights = {.count = 0};
    int64_t row = 0;
    (void)state;
    for (int mid = 1; mid <= PACING_MAX_IN_FLIGHT; mid++)
        flights_add(&flights, mid, mid, 0);
    for (int mid = 1; mid <= PACING_MAX_IN_FLIGHT; mid++) {
        assert_true(flights_take(&flights, mid, 1, &row));
        assert_int_equal(flights_are_half_back(&flights), mid >= PACING_MAX_IN_FLIGHT / 2);
    }
}

static void a_minute_without_acknowledgement_is_too_long(void **state)
{
    struct flights flights = {.count = 0};
    int64_t row = 0;
    (void)state;
    assert_false(flights_are_stuck(&flights, 1000000));
    flights_add(&flights, 1, 1, 5000);
    flights_add(&flights, 2, 2, 50000);
    assert_false(flights_are_stuck(&flights, 64999));
    assert_true(flights_are_stuck(&flights, 65000));
    assert_true(flights_take(&flights, 1, 60000, &row));
    assert_false(flights_are_stuck(&flights, 119999));
    assert_true(flights_are_stuck(&flights, 120000));
    assert_true(flights_take(&flights, 2, 120000, &row));
    assert_false(flights_are_stuck(&flights, 1000000));
}

// Each phase has words of its own, and none for nothing.
static void every_phase_has_its_words(void **state)
{
    static const char *(*const says[])(enum reason_phase) = {reason_of_close, reason_of_garbage,
                                                             reason_of_silence};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(says); i++) {
        for (int one = 0; one < REASON_PHASE_COUNT; one++) {
            for (int other = 0; other < one; other++)
                assert_string_not_equal(says[i]((enum reason_phase)one),
                                        says[i]((enum reason_phase)other));
        }
    }
}

static void refusals_for_ever_are_told_from_others(void **state)
{
    enum pacing_cause cause;
    (void)state;
    for (int code = 1; code <= 6; code++) {
        assert_true(strlen(reason_of_refusal(code, &cause)) > 10);
        assert_int_equal(cause, code == 4 || code == 5 ? PACING_REFUSED : PACING_FAILED);
    }
    (void)reason_of_refusal(-1, &cause);
    assert_int_equal(cause, PACING_FAILED);
}

static void errors_of_the_system_have_words(void **state)
{
    (void)state;
    assert_non_null(
        strstr(reason_of_errno(REASON_DIALING, ECONNREFUSED), "is the broker running?"));
    assert_ptr_equal(reason_of_errno(REASON_TLS, ECONNRESET), reason_of_close(REASON_TLS));
    assert_ptr_equal(reason_of_errno(REASON_ONLINE, ETIMEDOUT),
                     reason_of_silence(REASON_ONLINE));
    assert_string_equal(reason_of_errno(REASON_DIALING, EMFILE), error_reason(EMFILE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_taken_by_their_id),
        cmocka_unit_test(room_is_worth_going_for_when_half_is_back),
        cmocka_unit_test(a_minute_without_acknowledgement_is_too_long),
        cmocka_unit_test(every_phase_has_its_words),
        cmocka_unit_test(refusals_for_ever_are_told_from_others),
        cmocka_unit_test(errors_of_the_system_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
