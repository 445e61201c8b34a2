// SPDX-License-Identifier: MIT
// The thread of a bus while it cannot do what it wants: orders are taken, and it can be ended.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "support/black_hole.h"
#include "support/fake_server.h"
#include "support/plain_point.h"

enum { PATIENCE_MS = 60000, PATIENCE_US = 60000000, ANSWER_TIMEOUT_MS = 600000 };

static const struct point points[] = {{
    .key = "power",
    .source = SOURCE_WORDS,
    .table = TABLE_HOLDING,
    .address = 100,
    .word_count = 1,
    .access = ACCESS_READ,
    .type = TYPE_U16,
    .every_ms = 1000,
    PLAIN_POINT,
}};
static const struct map map = {.name = "meter", .points = points, .point_count = 1};

// A bus with one unit behind an endpoint.
struct stand {
    struct device device;
    struct site site;
    struct mailbox *to_main;
    struct bus *bus;
};

static void start(struct stand *stand, const struct bus_settings *settings)
{
    struct error err = {0};
    stand->device = (struct device){
        .name = "meter",
        .map = &map,
        .modbus = {.max_registers = 125,
                   .max_bits = 2000,
                   .timeout_ms = ANSWER_TIMEOUT_MS,
                   .every_ms = 1000},
        .unit_id = 1,
    };
    stand->site = (struct site){
        .buses = settings, .bus_count = 1, .devices = &stand->device, .device_count = 1};
    stand->to_main = mailbox_new(sizeof(struct message), 64, 256);
    stand->bus = bus_start(&stand->site, 0, NULL, 0, stand->to_main, &err);
    if (!stand->bus)
        fail_msg("%s", err.text);
}

// The next message, which must come.
static struct message await_message(struct stand *stand)
{
    struct message message;
    int descriptor = mailbox_descriptor(stand->to_main);
    assert_true(clock_wait(&descriptor, 1, clock_monotonic_us() + PATIENCE_US));
    assert_true(mailbox_take(stand->to_main, &message));
    return message;
}

static void finish(struct stand *stand)
{
    assert_true(bus_join(stand->bus, PATIENCE_MS));
    bus_free(stand->bus);
    mailbox_free(stand->to_main);
}

// It is asked and told to stop before connecting has failed, which would be a message too.
static void test_orders_are_taken_while_it_connects(void **state)
{
    (void)state;
    struct black_hole hole;
    struct stand stand;
    black_hole_open(&hole);
    const struct bus_settings settings = {
        .name = "cabinet", .transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = hole.port};
    start(&stand, &settings);
    assert_true(bus_post_status(stand.bus, bus_status_new(1)));
    struct message message = await_message(&stand);
    assert_int_equal(message.kind, MESSAGE_STATUS);
    assert_false(message.status->link_is_open);
    bus_status_free(message.status);
    bus_stop(stand.bus);
    assert_int_equal(await_message(&stand).kind, MESSAGE_BUS_STOPPED);
    finish(&stand);
    black_hole_close(&hole);
}

static void serve_silence(struct fake_server *server)
{
    if (fake_read(server))
        fake_signal(server->to_test);
    (void)fake_read(server); // until it is closed
}

static void test_stop_arrives_when_the_inbox_is_full(void **state)
{
    (void)state;
    struct fake_server server;
    struct stand stand;
    size_t posted = 0;
    size_t answered = 0;
    fake_start_tcp(&server, FRAMING_TCP, serve_silence, NULL);
    start(&stand, &server.settings);
    fake_await(server.to_test); // it waits for the answer now, and takes nothing
    struct bus_status *status = bus_status_new(1);
    while (bus_post_status(stand.bus, status)) {
        posted++;
        status = bus_status_new(1);
    }
    bus_status_free(status);
    assert_true(posted > 0);
    bus_stop(stand.bus);
    bus_stop(stand.bus);
    bus_interrupt(stand.bus);
    for (;;) {
        struct message message = await_message(&stand);
        if (message.kind == MESSAGE_BUS_STOPPED)
            break;
        answered += message.kind == MESSAGE_STATUS;
        if (message.kind == MESSAGE_STATUS)
            bus_status_free(message.status);
    }
    assert_int_equal(answered, posted);
    finish(&stand);
    fake_join(&server);
    fake_done(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_are_taken_while_it_connects),
        cmocka_unit_test(test_stop_arrives_when_the_inbox_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
