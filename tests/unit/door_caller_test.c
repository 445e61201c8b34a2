// SPDX-License-Identifier: MIT
// What a master may ask of a shared bus, when, and what it is told; with a clock of the test's.
#include "door/caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "door/permit.h"

static const struct share_range ranges[] = {
    {.unit_id = 4, .table = TABLE_HOLDING, .first = 100, .last = 110},
    {.unit_id = 4, .table = TABLE_HOLDING, .first = 200, .last = 200},
    {.unit_id = 5, .table = TABLE_COIL, .first = 0, .last = 7},
};
static const struct share_settings share = {.ranges = ranges,
                                            .range_count = ARRAY_LENGTH(ranges)};

static uint8_t judge(uint8_t unit_id, uint8_t function, uint16_t address, uint16_t count)
{
    const struct request request = {
        .unit_id = unit_id, .function = function, .address = address, .count = count};
    return permit_judge(&share, false, &request);
}

static void test_reads_are_open_and_writes_are_listed(void **state)
{
    (void)state;
    for (uint8_t function = 1; function <= 4; function++)
        assert_int_equal(judge(9, function, 0, 1), 0);
    assert_int_equal(judge(9, 43, 0x0100, 1), 0);
    assert_int_equal(judge(9, 20, 0, 1), 1);
    assert_int_equal(judge(4, 6, 100, 1), 0);
    assert_int_equal(judge(4, 16, 100, 11), 0);
    assert_int_equal(judge(4, 16, 100, 12), 2);
    assert_int_equal(judge(4, 6, 99, 1), 2);
    assert_int_equal(judge(4, 6, 200, 1), 0);
    assert_int_equal(judge(4, 5, 100, 1), 2); // a coil of that number
    assert_int_equal(judge(5, 15, 0, 8), 0);
    assert_int_equal(judge(5, 15, 1, 8), 2);
    assert_int_equal(judge(6, 6, 100, 1), 1); // nothing of it may be written
    assert_int_equal(judge(6, 16, 65535, 1), 1);
}

static void test_everybody_at_once_is_nobody_on_a_serial_line(void **state)
{
    (void)state;
    const struct request read = {.unit_id = 0, .function = 3, .address = 0, .count = 1};
    assert_int_equal(permit_judge(&share, true, &read), EXCEPTION_NO_PATH);
    assert_int_equal(permit_judge(&share, false, &read), 0);
}

static size_t put_request(uint8_t *bytes, uint16_t transaction, uint8_t unit_id,
                          uint8_t function, uint16_t address)
{
    const struct request request = {
        .unit_id = unit_id, .function = function, .address = address, .count = 1};
    return frame_build_request(FRAMING_TCP, transaction, &request, bytes);
}

static enum caller_wish read_at(struct caller *caller, int64_t now_ms, uint8_t *ret_exception)
{
    *ret_exception = 0;
    return caller_read(caller, &share, false, now_ms, ret_exception);
}

static void test_requests_come_one_at_a_time_and_at_a_pace(void **state)
{
    (void)state;
    struct caller caller;
    uint8_t frame[MAX_FRAME];
    uint8_t exception = 0;
    struct answer answer = {.count = 1, .words = {7}};
    caller_begin(&caller, 1000);
    size_t length = put_request(caller.bytes, 11, 4, 3, 5);
    length += put_request(caller.bytes + length, 12, 4, 6, 99);
    caller_receive(&caller, length, 1000);
    assert_int_equal(read_at(&caller, 1000, &exception), CALLER_ASKS);
    assert_int_equal(caller.request.address, 5);
    assert_int_equal(caller_room(&caller, 5000), 0);
    assert_int_equal(read_at(&caller, 5000, &exception), CALLER_WANTS_NOTHING);
    assert_true(caller_next_ms(&caller, 5000) == INT64_MAX);
    assert_false(caller_is_late(&caller, 1000000));
    assert_int_equal(caller_answer(&caller, &answer, 1010, frame), MBAP_SIZE + 4);
    assert_int_equal(frame[1], 11);
    assert_int_equal(frame[MBAP_SIZE + 3], 7);
    assert_int_equal(read_at(&caller, 1010, &exception), CALLER_WANTS_NOTHING);
    assert_int_equal(caller_room(&caller, 1010), 0);
    assert_int_equal(caller_next_ms(&caller, 1010), 1000 + CALLER_PACE_MS);
    assert_int_equal(read_at(&caller, 1020, &exception), CALLER_IS_REFUSED);
    assert_int_equal(exception, EXCEPTION_ILLEGAL_ADDRESS);
    answer = (struct answer){.exception = exception};
    assert_int_equal(caller_answer(&caller, &answer, 1020, frame), MBAP_SIZE + 2);
    assert_int_equal(frame[1], 12);
    assert_int_equal(frame[MBAP_SIZE], 0x86);
    assert_int_equal(frame[MBAP_SIZE + 1], 2);
    assert_int_equal(caller_room(&caller, 1040), sizeof caller.bytes);
}

static void test_half_a_frame_has_its_time(void **state)
{
    (void)state;
    struct caller caller;
    uint8_t exception = 0;
    caller_begin(&caller, 1000);
    size_t length = put_request(caller.bytes, 1, 4, 3, 5);
    caller_receive(&caller, length - 1, 2000);
    assert_int_equal(read_at(&caller, 2000, &exception), CALLER_WANTS_NOTHING);
    assert_int_equal(caller_next_ms(&caller, 2000), 2000 + CALLER_FRAME_MS);
    assert_false(caller_is_late(&caller, 2000 + CALLER_FRAME_MS - 1));
    assert_true(caller_is_late(&caller, 2000 + CALLER_FRAME_MS));
    caller_receive(&caller, 1, 2500); // a byte a second would not help: the rest does
    assert_int_equal(read_at(&caller, 2500, &exception), CALLER_ASKS);
}

static void test_a_word_must_come_now_and_then(void **state)
{
    (void)state;
    struct caller caller;
    caller_begin(&caller, 1000);
    assert_int_equal(caller_next_ms(&caller, 1000), 1000 + CALLER_IDLE_MS);
    assert_false(caller_is_late(&caller, 1000 + CALLER_IDLE_MS - 1));
    assert_true(caller_is_late(&caller, 1000 + CALLER_IDLE_MS));
}

static void test_what_is_no_modbus_makes_no_sense(void **state)
{
    (void)state;
    static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02",
                                        "\0\1\0\0\1\1\4\3"};
    static const size_t lengths[] = {18, 4, 8};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct caller caller;
        uint8_t exception = 0;
        caller_begin(&caller, 1000);
        memcpy(caller.bytes, texts[i], lengths[i]);
        caller_receive(&caller, lengths[i], 1000);
        assert_int_equal(read_at(&caller, 1000, &exception), CALLER_MAKES_NO_SENSE);
    }
}

static void test_a_request_that_is_wrong_inside_is_answered(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 9, 0, 0, 0, 6, 4, 3, 0, 0, 0, 126}; // 126 registers
    struct caller caller;
    uint8_t exception = 0;
    caller_begin(&caller, 1000);
    memcpy(caller.bytes, bytes, sizeof bytes);
    caller_receive(&caller, sizeof bytes, 1000);
    assert_int_equal(read_at(&caller, 1000, &exception), CALLER_IS_REFUSED);
    assert_int_equal(exception, EXCEPTION_ILLEGAL_VALUE);
}

static uint8_t told(enum guest_end end, enum fault fault)
{
    const struct guest guest = {.end = end, .fault = fault, .answer = {.exception = 0}};
    return caller_answer_of(&guest).exception;
}

static void test_what_a_master_is_told(void **state)
{
    (void)state;
    const struct guest refused = {
        .end = GUEST_ASKED, .fault = FAULT_EXCEPTION, .answer = {.exception = 4}};
    assert_int_equal(caller_answer_of(&refused).exception, 4);
    assert_int_equal(told(GUEST_ASKED, FAULT_NONE), 0);
    assert_int_equal(told(GUEST_CACHED, FAULT_NONE), 0);
    assert_int_equal(told(GUEST_ASKED, FAULT_TIMEOUT), EXCEPTION_NO_ANSWER);
    assert_int_equal(told(GUEST_ASKED, FAULT_GARBLED), EXCEPTION_NO_ANSWER);
    assert_int_equal(told(GUEST_AWAY, FAULT_TIMEOUT), EXCEPTION_NO_ANSWER);
    assert_int_equal(told(GUEST_BUSY, FAULT_TIMEOUT), EXCEPTION_BUSY);
    assert_int_equal(told(GUEST_LINK, FAULT_LINK), EXCEPTION_NO_PATH);
    assert_int_equal(told(GUEST_STOPPED, FAULT_STOPPED), EXCEPTION_NO_PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_are_open_and_writes_are_listed),
        cmocka_unit_test(test_everybody_at_once_is_nobody_on_a_serial_line),
        cmocka_unit_test(test_requests_come_one_at_a_time_and_at_a_pace),
        cmocka_unit_test(test_half_a_frame_has_its_time),
        cmocka_unit_test(test_a_word_must_come_now_and_then),
        cmocka_unit_test(test_what_is_no_modbus_makes_no_sense),
        cmocka_unit_test(test_a_request_that_is_wrong_inside_is_answered),
        cmocka_unit_test(test_what_a_master_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
