// SPDX-License-Identifier: MIT
// Finding out which registers there are and how many come at once, against units with holes,
// limits and moods, compared with what they are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bus/sounding.h"
#include "support/random.h"

enum { RANGE = 700 };

struct sea {
    bool is_there[RANGE];
    uint32_t most; // at once
    bool is_dead;
    unsigned asked;
};

static enum fault ask(struct sea *sea, struct sounding_span span, uint8_t *ret_exception)
{
    sea->asked++;
    assert_true(span.count >= 1 && span.from + span.count <= RANGE);
    *ret_exception = 2;
    if (sea->is_dead)
        return FAULT_TIMEOUT;
    if (span.count > sea->most)
        return FAULT_EXCEPTION;
    for (uint32_t i = 0; i < span.count; i++) {
        if (!sea->is_there[span.from + i])
            return FAULT_EXCEPTION;
    }
    return FAULT_NONE;
}

static void sound(struct sea *sea, uint32_t count, struct sounding *sounding)
{
    struct sounding_span span;
    sounding_begin(sounding, TABLE_HOLDING, count);
    while (sounding_next(sounding, &span)) {
        uint8_t exception = 0;
        enum fault fault = ask(sea, span, &exception);
        assert_true(span.count <= 125);
        sounding_note(sounding, fault, exception);
        assert_true(sea->asked < 5 * RANGE);
    }
    for (uint32_t i = 0; i < count && !sea->is_dead; i++)
        assert_int_equal(sounding->states[i],
                         sea->is_there[i] ? SOUNDING_READ : SOUNDING_REFUSED);
}

static void test_all_there(void **state)
{
    (void)state;
    struct sea sea = {.most = 125};
    struct sounding sounding;
    memset(sea.is_there, 1, sizeof sea.is_there);
    sound(&sea, RANGE, &sounding);
    assert_int_equal(sea.asked, 6);
    assert_int_equal(sounding.granted, 125);
    assert_int_equal(sounding.limited.count, 0);
    sounding_done(&sounding);
    sea.asked = 0;
    sound(&sea, 1, &sounding);
    assert_int_equal(sea.asked, 1);
    sounding_done(&sounding);
}

static void test_every_limit_is_found(void **state)
{
    (void)state;
    for (uint32_t most = 1; most < 125; most++) {
        struct sea sea = {.most = most};
        struct sounding sounding;
        memset(sea.is_there, 1, sizeof sea.is_there);
        sound(&sea, 300, &sounding);
        assert_int_equal(sounding.granted, most);
        assert_int_equal(sounding.refused, most + 1);
        // The first request teaches how long the others may be.
        assert_true(sea.asked < 300 / most * 3 + 40);
        sounding_done(&sounding);
    }
}

static void test_holes(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 200; round++) {
        struct sea sea = {.most = 1 + (uint32_t)random_below(&seed, 125)};
        struct sounding sounding;
        bool is_there = true;
        for (size_t i = 0; i < RANGE; i++) {
            if (random_below(&seed, 40) == 0)
                is_there = !is_there;
            sea.is_there[i] = is_there;
        }
        sound(&sea, RANGE, &sounding);
        assert_true(sounding.granted <= sea.most);
        if (sounding.limited.count)
            assert_int_equal(sounding.granted, sea.most);
        sounding_done(&sounding);
    }
}

static void test_nothing_there(void **state)
{
    (void)state;
    struct sea sea = {.most = 125};
    struct sounding sounding;
    sound(&sea, 100, &sounding);
    assert_int_equal(sea.asked, 199);
    assert_int_equal(sounding.granted, 0);
    assert_int_equal(sounding.exceptions[99], 2);
    sounding_done(&sounding);
}

static void test_silence_is_left_alone(void **state)
{
    (void)state;
    struct sea sea = {.most = 125, .is_dead = true};
    struct sounding sounding;
    sound(&sea, RANGE, &sounding);
    assert_true(sounding_was_left(&sounding));
    assert_int_equal(sea.asked, 2 * MAX_SOUNDING_SILENCES);
    assert_int_equal(sounding.states[0], SOUNDING_SILENT);
    assert_int_equal(sounding.states[RANGE - 1], SOUNDING_UNASKED);
    sounding_done(&sounding);
}

static void test_a_lost_frame_and_a_busy_moment(void **state)
{
    (void)state;
    struct sounding sounding;
    struct sounding_span span;
    sounding_begin(&sounding, TABLE_COIL, 2000);
    sounding_note(&sounding, FAULT_TIMEOUT, 0);
    sounding_note(&sounding, FAULT_NONE, 0);
    assert_int_equal(sounding.states[1999], SOUNDING_READ);
    assert_int_equal(sounding.granted, 2000);
    assert_false(sounding_next(&sounding, &span));
    sounding_done(&sounding);
    // Busy twice: not said to be refused for good, nor halved.
    sounding_begin(&sounding, TABLE_HOLDING, 4);
    sounding_note(&sounding, FAULT_EXCEPTION, 6);
    assert_true(sounding_next(&sounding, &span));
    assert_int_equal(span.count, 4);
    sounding_note(&sounding, FAULT_EXCEPTION, 6);
    assert_false(sounding_next(&sounding, &span));
    assert_int_equal(sounding.states[0], SOUNDING_REFUSED);
    assert_int_equal(sounding.exceptions[0], 6);
    sounding_done(&sounding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_there),
        cmocka_unit_test(test_every_limit_is_found),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_silence_is_left_alone),
        cmocka_unit_test(test_a_lost_frame_and_a_busy_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
