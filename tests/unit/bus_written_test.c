// SPDX-License-Identifier: MIT
// Which entries a write request writes, and whether it was in vain.
#include "bus/written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"

enum { WIDE, APART, COIL, VIEW, MODELLED, ELSEWHERE, COMPUTED, POINTS };

static const struct point points[POINTS] = {
    [WIDE] = {.table = TABLE_HOLDING, .address = 100, .word_count = 2, .unit_id = NO_INDEX},
    [APART] = {.table = TABLE_HOLDING,
               .parts = {20, 40},
               .part_count = 2,
               .word_count = 2,
               .unit_id = NO_INDEX},
    [COIL] = {.table = TABLE_COIL, .address = 100, .word_count = 1, .unit_id = NO_INDEX},
    [VIEW] = {.source = SOURCE_VIEW, .from = WIDE},
    [MODELLED] = {.table = TABLE_HOLDING,
                  .address = 100,
                  .word_count = 1,
                  .model = 1,
                  .unit_id = NO_INDEX},
    [ELSEWHERE] = {.table = TABLE_HOLDING, .address = 100, .word_count = 1, .unit_id = 9},
    [COMPUTED] = {.source = SOURCE_FORMULA, .from = NO_INDEX},
};
static const struct map map = {.points = points, .point_count = POINTS};

// The entries that a request to this unit writes, one bit each. The device's unit id is 4.
static unsigned touched(uint8_t unit_id, uint8_t function, uint16_t address, uint16_t count,
                        uint8_t model)
{
    struct request request = {
        .unit_id = unit_id, .function = function, .address = address, .count = count};
    unsigned bits = 0;
    for (int i = 0; i < POINTS; i++)
        bits |= (unsigned)written_touches(&map, 4, &request, model, i) << i;
    return bits;
}

static void test_what_a_request_writes(void **state)
{
    (void)state;
    const unsigned wide = 1u << WIDE | 1u << VIEW;
    assert_int_equal(touched(4, 16, 100, 2, SUNSPEC_NONE), wide);
    assert_int_equal(touched(4, 6, 101, 1, SUNSPEC_NONE), wide);
    assert_int_equal(touched(4, 16, 90, 10, SUNSPEC_NONE), 0);
    assert_int_equal(touched(4, 16, 102, 9, SUNSPEC_NONE), 0);
    assert_int_equal(touched(4, 6, 40, 1, SUNSPEC_NONE), 1u << APART);
    assert_int_equal(touched(4, 6, 30, 1, SUNSPEC_NONE), 0);
    assert_int_equal(touched(4, 5, 100, 1, SUNSPEC_NONE), 1u << COIL);
    assert_int_equal(touched(4, 6, 100, 1, 1), 1u << MODELLED);
    assert_int_equal(touched(9, 6, 100, 1, SUNSPEC_NONE), 1u << ELSEWHERE);
    assert_int_equal(touched(5, 6, 100, 1, SUNSPEC_NONE), 0);
}

static void test_what_was_in_vain(void **state)
{
    (void)state;
    struct answer answer = {0};
    assert_true(written_is_void(false, FAULT_TIMEOUT, &answer));
    assert_false(written_is_void(true, FAULT_TIMEOUT, &answer)); // nobody knows
    assert_false(written_is_void(true, FAULT_NONE, &answer));
    answer.exception = 3;
    assert_true(written_is_void(true, FAULT_EXCEPTION, &answer));
    answer.exception = 6;
    assert_true(written_is_void(true, FAULT_EXCEPTION, &answer));
    answer.exception = 5;
    assert_false(written_is_void(true, FAULT_EXCEPTION, &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_request_writes),
        cmocka_unit_test(test_what_was_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
