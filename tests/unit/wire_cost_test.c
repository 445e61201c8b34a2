// SPDX-License-Identifier: MIT
#include "wire/cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct modbus_settings plain = {.min_gap_ms = 0};

static void test_serial_line(void **state)
{
    (void)state;
    const struct bus_settings bus = {
        .transport = TRANSPORT_RTU, .baud = 9600, .parity = PARITY_NONE, .stop_bits = 1};
    struct wire_cost cost = wire_cost_of(&bus, &plain, 2000);
    // A character of 10 bits; 8 bytes ask, 5 and the data answer.
    assert_int_equal(cost.byte_ns, 1041667);
    assert_int_equal(cost.frames_ns, 13 * 1041667);
    // 3.5 characters of 11 bits, rounded up to microseconds, twice.
    assert_int_equal(cost.silence_ns, 2 * 4011000);
    assert_int_equal(cost.response_ns, 2000000);
    assert_int_equal(cost.pause_ns, 0);
}

static void test_fast_line_with_parity(void **state)
{
    (void)state;
    const struct bus_settings bus = {.transport = TRANSPORT_RTU_OVER_TCP,
                                     .baud = 115200,
                                     .parity = PARITY_EVEN,
                                     .stop_bits = 1};
    struct wire_cost cost = wire_cost_of(&bus, &plain, 0);
    assert_int_equal(cost.byte_ns, 95487);
    assert_int_equal(cost.silence_ns, 2 * 1750000);
}

static void test_a_units_pause_counts_beyond_the_silence(void **state)
{
    (void)state;
    const struct modbus_settings slow = {.min_gap_ms = 50};
    const struct bus_settings serial = {
        .transport = TRANSPORT_RTU, .baud = 38400, .parity = PARITY_NONE, .stop_bits = 1};
    const struct bus_settings network = {.transport = TRANSPORT_TCP};
    assert_int_equal(wire_cost_of(&serial, &slow, 0).pause_ns, 50000000 - 1750000);
    assert_int_equal(wire_cost_of(&network, &slow, 0).pause_ns, 50000000);
}

static void test_network(void **state)
{
    (void)state;
    const struct bus_settings tcp = {.transport = TRANSPORT_TCP};
    struct wire_cost cost = wire_cost_assumed(&tcp, &plain);
    assert_int_equal(cost.response_ns, 10000000);
    assert_int_equal(cost.silence_ns, 0);
    // Reading through any gap is cheaper than another request.
    assert_true(250 * cost.byte_ns < cost.response_ns);
    // Without a baud rate a line behind a TCP endpoint is a network.
    const struct bus_settings unknown = {.transport = TRANSPORT_RTU_OVER_TCP};
    assert_int_equal(wire_cost_assumed(&unknown, &plain).silence_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serial_line),
        cmocka_unit_test(test_fast_line_with_parity),
        cmocka_unit_test(test_a_units_pause_counts_beyond_the_silence),
        cmocka_unit_test(test_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
