// SPDX-License-Identifier: MIT
// The uplink against a real broker on a free port: rows, requests, sessions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/pacing.h"
#include "support/uplink_world.h"

static void publishes_and_reports_acknowledgements(void **state)
{
    enum { ROWS = 100 };
    struct uplink_world *world = *state;
    bool is_acked[ROWS + 1] = {false};
    broker_start(world);
    world_start(world);
    uint32_t session = world_expect(world, UPLINK_CONNECTED).session;
    int64_t sent = 0;
    for (int64_t acked = 0; acked < ROWS; acked++) {
        while (sent < ROWS && sent - acked < PACING_MAX_IN_FLIGHT)
            world_publish(world, session, ++sent);
        int64_t row = world_expect(world, UPLINK_ACKED).row;
        assert_in_range(row, 1, ROWS);
        assert_false(is_acked[row]);
        is_acked[row] = true;
    }
    struct uplink_event event;
    assert_false(world_next(world, 100, &event));
}

static void delivers_what_was_handed_over_before_it_stops(void **state)
{
    struct uplink_world *world = *state;
    broker_start(world);
    world_start(world);
    uint32_t session = world_expect(world, UPLINK_CONNECTED).session;
    for (int64_t row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        world_publish(world, session, row);
    assert_true(uplink_stop(world->uplink, STOP_MS));
    world->uplink = NULL;
    for (int row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        assert_int_equal(world_expect(world, UPLINK_ACKED).kind, UPLINK_ACKED);
}

static void receives_requests(void **state)
{
    struct uplink_world *world = *state;
    broker_start(world);
    world_start(world);
    (void)world_expect(world, UPLINK_CONNECTED);
    struct uplink_event event = {0};
    // The subscription follows the connection; a request that was before it is lost.
    do {
        broker_request(world, "{\"id\":\"1\"}", false);
    } while (!world_next(world, 200, &event));
    assert_int_equal(event.kind, UPLINK_REQUEST);
    assert_int_equal(event.request.device, 0);
    assert_false(event.request.is_retained);
    assert_int_equal(event.request.length, 10);
    assert_memory_equal(event.request.payload, "{\"id\":\"1\"}", 10);
    free(event.request.payload);
}

static void marks_retained_requests(void **state)
{
    struct uplink_world *world = *state;
    broker_start(world);
    broker_request(world, "{}", true);
    world_start(world);
    (void)world_expect(world, UPLINK_CONNECTED);
    struct uplink_event event = world_expect(world, UPLINK_REQUEST);
    assert_true(event.request.is_retained);
    free(event.request.payload);
}

static void drops_requests_but_no_acknowledgements_when_main_is_busy(void **state)
{
    enum { FLOOD = 10, ROWS = 4 };
    struct uplink_world *world = *state;
    mailbox_free(world->mailbox);
    world->mailbox = mailbox_new(sizeof(struct uplink_event), 0, 2);
    broker_start(world);
    broker_request(world, "{}", true);
    world_start(world);
    // There is room for two, and they are left lying while the requests come.
    struct pollfd polled = {.fd = mailbox_descriptor(world->mailbox), .events = POLLIN};
    assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
    for (int i = 0; i < FLOOD; i++)
        broker_request(world, "{}", false);
    uint32_t session = world_expect(world, UPLINK_CONNECTED).session;
    for (int64_t row = 1; row <= ROWS; row++)
        world_publish(world, session, row);
    int acked = 0;
    int requests = 0;
    while (acked < ROWS) {
        struct uplink_event event = {0};
        assert_true(world_next(world, PATIENCE_MS, &event));
        acked += event.kind == UPLINK_ACKED;
        requests += event.kind == UPLINK_REQUEST;
        if (event.kind == UPLINK_REQUEST)
            free(event.request.payload);
    }
    assert_in_range(requests, 1, FLOOD - 1);
}

static void comes_back_after_the_broker(void **state)
{
    struct uplink_world *world = *state;
    broker_start(world);
    world_start(world);
    uint32_t first = world_expect(world, UPLINK_CONNECTED).session;
    // A stopped broker takes the rows and answers nothing: they are under way when it dies.
    assert_int_equal(kill(world->broker, SIGSTOP), 0);
    world_publish(world, first, 1);
    world_publish(world, first, 2);
    broker_kill(world);
    struct uplink_event event = world_expect(world, UPLINK_DISCONNECTED);
    assert_true(event.disconnected.was_connected);
    assert_int_equal(event.session, first);
    assert_in_range(event.disconnected.retry_ms, 0, PACING_FIRST_MS << PACING_LOST_FAILURES);
    world_publish(world, first, 3); // too late: this session is over
    broker_start(world);
    do
        assert_true(world_next(world, PATIENCE_MS, &event));
    while (event.kind == UPLINK_DISCONNECTED);
    assert_int_equal(event.kind, UPLINK_CONNECTED);
    assert_int_not_equal(event.session, first);
    world_publish(world, first, 4);
    world_publish(world, event.session, 2);
    assert_int_equal(world_expect(world, UPLINK_ACKED).row, 2);
    assert_false(world_next(world, 200, &event));
}

static void refuses_more_than_may_be_in_flight(void **state)
{
    struct uplink_world *world = *state;
    broker_start(world);
    world_start(world);
    uint32_t session = world_expect(world, UPLINK_CONNECTED).session;
    assert_int_equal(kill(world->broker, SIGSTOP), 0);
    for (int64_t row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        world_publish(world, session, row);
    int64_t extra = PACING_MAX_IN_FLIGHT + 1;
    struct uplink_publish message = {.session = session, .row = extra};
    message.topic = mem_copy_text("t");
    message.payload = mem_copy_text("p");
    while (!uplink_publish(world->uplink, &message))
        (void)poll(NULL, 0, 1);
    struct uplink_event event = world_expect(world, UPLINK_REFUSED);
    assert_int_equal(event.refused.row, extra);
    assert_false(event.refused.is_hopeless);
    assert_int_equal(kill(world->broker, SIGCONT), 0);
    for (int row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        assert_int_equal(world_expect(world, UPLINK_ACKED).kind, UPLINK_ACKED);
}

static void gives_up_a_row_that_can_never_be_sent(void **state)
{
    struct uplink_world *world = *state;
    broker_start(world);
    world_start(world);
    struct uplink_publish message = {.session = world_expect(world, UPLINK_CONNECTED).session,
                                     .row = 7};
    message.topic = mem_copy_text("with/+/wildcard");
    message.payload = mem_copy_text("p");
    assert_true(uplink_publish(world->uplink, &message));
    struct uplink_event event = world_expect(world, UPLINK_REFUSED);
    assert_int_equal(event.refused.row, 7);
    assert_true(event.refused.is_hopeless);
    assert_int_not_equal(strlen(event.refused.reason), 0);
}

// Another site, whose connections are in the places of the world's.
static void reload(struct uplink_world *world, const struct site *site, const bool *is_new)
{
    struct uplink_site next = {site, is_new};
    assert_true(uplink_reload(world->uplink, &next));
}

static void exchanges_devices_within_a_session(void **state)
{
    struct uplink_world *world = *state;
    const bool is_new[] = {false};
    const struct device devices[] = {
        {.name = "", .cloud = NO_INDEX},
        {.name = "pump", .cloud = 0, .hardware_id = "HW", .channel_id = "pump"},
    };
    struct site site = world->site;
    site.devices = devices;
    site.device_count = ARRAY_LENGTH(devices);
    broker_start(world);
    broker_request_of(world, "pump", "{}", true); // comes with the subscription
    world_start(world);
    uint32_t session = world_expect(world, UPLINK_CONNECTED).session;
    reload(world, &site, is_new);
    (void)world_expect(world, UPLINK_RELOADED);
    struct uplink_event event = world_expect(world, UPLINK_REQUEST);
    assert_int_equal(event.request.device, 1);
    free(event.request.payload);
    broker_request(world, "{}", false); // nobody asks for those of the meter any more
    world_publish(world, session, 1);
    assert_int_equal(world_expect(world, UPLINK_ACKED).row, 1);
}

static void exchanges_connections(void **state)
{
    struct uplink_world *world = *state;
    struct cloud_settings clouds[] = {world->clouds[0], world->clouds[0]};
    struct site site = world->site;
    site.clouds = clouds;
    site.cloud_count = ARRAY_LENGTH(clouds);
    broker_start(world);
    world_start(world);
    uint32_t session = world_expect(world, UPLINK_CONNECTED).session;
    reload(world, &site, (const bool[]){true, true});
    struct uplink_event event = world_expect(world, UPLINK_DISCONNECTED);
    assert_true(event.disconnected.was_connected);
    assert_string_equal(event.disconnected.reason, "its settings have changed");
    assert_int_equal(event.session, session);
    (void)world_expect(world, UPLINK_RELOADED);
    world_publish(world, session, 1); // into a session that is over
    uint32_t sessions[2] = {0};
    for (int i = 0; i < 2; i++) {
        event = world_expect(world, UPLINK_CONNECTED);
        sessions[event.connection] = event.session;
    }
    assert_int_equal(sessions[0], session + 1);
    assert_int_equal(sessions[1], 1);
    struct cloud_settings fewer[] = {world->clouds[0], {.name = ""}};
    site.clouds = fewer;
    reload(world, &site, (const bool[]){false, true});
    event = world_expect(world, UPLINK_DISCONNECTED);
    assert_int_equal(event.connection, 1);
    (void)world_expect(world, UPLINK_RELOADED);
    world_publish(world, session + 1, 2);
    assert_int_equal(world_expect(world, UPLINK_ACKED).row, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(publishes_and_reports_acknowledgements),
        WORLD_TEST(delivers_what_was_handed_over_before_it_stops),
        WORLD_TEST(receives_requests),
        WORLD_TEST(marks_retained_requests),
        WORLD_TEST(drops_requests_but_no_acknowledgements_when_main_is_busy),
        WORLD_TEST(comes_back_after_the_broker),
        WORLD_TEST(refuses_more_than_may_be_in_flight),
        WORLD_TEST(gives_up_a_row_that_can_never_be_sent),
        WORLD_TEST(exchanges_devices_within_a_session),
        WORLD_TEST(exchanges_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
