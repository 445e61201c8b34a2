// SPDX-License-Identifier: MIT
#include "bus/late.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/frame.h"

static const struct request read_ten = {
    .unit_id = 7, .function = 3, .address = 100, .count = 10};
static const struct request read_five = {
    .unit_id = 7, .function = 3, .address = 200, .count = 5};
static const struct request write_one = {
    .unit_id = 7, .function = 6, .address = 100, .count = 1, .words = {1}};

static int64_t until(const struct late *late, uint8_t unit_id, uint8_t function, uint16_t count)
{
    return late_until_us(late, unit_id, function, count, 1000);
}

static void come(struct late *late, const struct request *request, uint8_t exception)
{
    uint8_t frame[MAX_FRAME];
    struct answer answer = {.exception = exception, .count = request->count};
    size_t length = frame_build_response(FRAMING_RTU, 0, request, &answer, frame);
    late_came(late, frame, length, 1000);
}

static void test_only_the_same_shape_must_wait(void **state)
{
    (void)state;
    struct late late = {0};
    late_add(&late, &read_ten, 5000, 1000);
    assert_int_equal(until(&late, 7, 3, 10), 5000);
    assert_int_equal(until(&late, 7, 3, 9), 0);
    assert_int_equal(until(&late, 7, 4, 10), 0);
    assert_int_equal(until(&late, 8, 3, 10), 0);
    assert_int_equal(late_until_us(&late, 7, 3, 10, 5000), 0);
    assert_true(late_awaits_any(&late, 4999));
    assert_false(late_awaits_any(&late, 5000));
    late_forget(&late);
    assert_false(late_awaits_any(&late, 1000));
}

static void test_bits_are_alike_by_their_bytes(void **state)
{
    (void)state;
    struct late late = {0};
    struct request nine_bits = {.unit_id = 7, .function = 1, .count = 9};
    late_add(&late, &nine_bits, 5000, 1000);
    assert_int_equal(until(&late, 7, 1, 16), 5000);
    assert_int_equal(until(&late, 7, 1, 17), 0);
    assert_int_equal(until(&late, 7, 1, 8), 0);
}

static void test_it_is_over_when_the_answer_came(void **state)
{
    (void)state;
    struct late late = {0};
    late_add(&late, &read_ten, 5000, 1000);
    come(&late, &read_five, 0);
    assert_int_equal(until(&late, 7, 3, 10), 5000);
    come(&late, &read_ten, 0);
    assert_int_equal(until(&late, 7, 3, 10), 0);
}

static void test_a_refusal_ends_the_oldest(void **state)
{
    (void)state;
    struct late late = {0};
    late_add(&late, &read_ten, 4000, 1000);
    late_add(&late, &read_five, 5000, 1000);
    come(&late, &read_five, 2);
    assert_int_equal(until(&late, 7, 3, 10), 0);
    assert_int_equal(until(&late, 7, 3, 5), 5000);
}

static void test_a_refusal_is_doubted_meanwhile(void **state)
{
    (void)state;
    struct late late = {0};
    assert_false(late_doubts_exception(&late, &read_five, 1000));
    late_add(&late, &read_ten, 5000, 1000);
    assert_true(late_doubts_exception(&late, &read_five, 1000));
    assert_false(late_doubts_exception(&late, &write_one, 1000));
    assert_false(late_doubts_exception(&late, &read_five, 5000));
}

static void test_a_write_blocks_no_write(void **state)
{
    (void)state;
    struct late late = {0};
    late_add(&late, &write_one, 5000, 1000);
    assert_int_equal(until(&late, 7, 6, 1), 0);
    assert_true(late_doubts_exception(&late, &write_one, 1000));
}

static void test_the_answer_to_other_values_in_the_same_place_is_doubted(void **state)
{
    (void)state;
    struct late late = {0};
    const struct request first = {
        .unit_id = 7, .function = 16, .address = 100, .count = 2, .words = {1, 2}};
    struct request other = first;
    other.words[1] = 3;
    late_add(&late, &first, 5000, 1000);
    assert_true(late_doubts_write(&late, &other, 1000));
    assert_false(late_doubts_write(&late, &other, 5000));
    assert_false(late_doubts_write(&late, &first, 1000)); // it holds these values either way
    other.address = 101;
    assert_false(late_doubts_write(&late, &other, 1000));
    other.address = 100;
    come(&late, &first, 0);
    assert_false(late_doubts_write(&late, &other, 1000));
    struct request single = write_one; // its answer repeats the value
    late_add(&late, &single, 5000, 1000);
    single.words[0] = 2;
    assert_false(late_doubts_write(&late, &single, 1000));
}

static void test_there_is_always_room(void **state)
{
    (void)state;
    struct late late = {0};
    for (int i = 0; i < 3 * MAX_LATE; i++) {
        struct request request = {.unit_id = (uint8_t)(i + 1), .function = 3, .count = 1};
        late_add(&late, &request, 5000 + i, 1000);
    }
    assert_int_equal(late.count, MAX_LATE);
    assert_int_equal(until(&late, 3 * MAX_LATE, 3, 1), 5000 + 3 * MAX_LATE - 1);
    assert_int_equal(until(&late, 1, 3, 1), 0);
    late_add(&late, &read_ten, 9000, 6000);
    assert_int_equal(late.count, 1);
    late_forget(&late);
    assert_int_equal(until(&late, 7, 3, 10), 0);
}

static void test_noise_is_no_answer(void **state)
{
    (void)state;
    struct late late = {0};
    late_add(&late, &read_ten, 5000, 1000);
    const uint8_t noise[] = {7, 3, 20, 1, 2, 3};
    late_came(&late, noise, sizeof noise, 1000);
    late_came(&late, noise, 1, 1000);
    assert_int_equal(until(&late, 7, 3, 10), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_same_shape_must_wait),
        cmocka_unit_test(test_bits_are_alike_by_their_bytes),
        cmocka_unit_test(test_it_is_over_when_the_answer_came),
        cmocka_unit_test(test_a_refusal_ends_the_oldest),
        cmocka_unit_test(test_a_refusal_is_doubted_meanwhile),
        cmocka_unit_test(test_a_write_blocks_no_write),
        cmocka_unit_test(test_the_answer_to_other_values_in_the_same_place_is_doubted),
        cmocka_unit_test(test_there_is_always_room),
        cmocka_unit_test(test_noise_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
