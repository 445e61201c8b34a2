// SPDX-License-Identifier: MIT
// The uplink and hosts that are dead, silent, closed or not what they should be: what is said
// of them, and that nobody else waits for them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/pacing.h"
#include "support/black_hole.h"
#include "support/thread_count.h"
#include "support/uplink_world.h"

static void a_wrong_password_is_told_and_not_tried_again_soon(void **state)
{
    struct uplink_world *world = *state;
    world->clouds[0].password.text = "wrong";
    broker_start(world);
    world_start(world);
    struct uplink_event event = world_expect(world, UPLINK_DISCONNECTED);
    assert_false(event.disconnected.was_connected);
    assert_int_equal(event.disconnected.retry_ms, PACING_LIMIT_MS);
    assert_non_null(strstr(event.disconnected.reason, "check username and password_file"));
    assert_null(strstr(event.disconnected.reason, "wrong\""));
    assert_false(world_next(world, 1500, &event));
}

static void a_dead_host_delays_neither_another_nor_the_end(void **state)
{
    struct uplink_world *world = *state;
    struct black_hole hole;
    black_hole_open(&hole);
    broker_start(world);
    world->clouds[1] = world->clouds[0];
    world->clouds[0] =
        (struct cloud_settings){.name = "dead", .host = "127.0.0.1", .port = hole.port};
    world->devices[0].cloud = 1;
    world->site.cloud_count = 2;
    world_start(world);
    struct uplink_event event = world_expect(world, UPLINK_CONNECTED);
    assert_int_equal(event.connection, 1);
    assert_false(world_next(world, 300, &event));
    assert_true(uplink_stop(world->uplink, STOP_MS));
    world->uplink = NULL;
    black_hole_close(&hole);
}

// A CA that signed nothing: enough for a handshake that never gets so far.
static const char some_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASGgAwIBAgIUHppeMniFvnqwQjSWohPCKFCNxMgwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjYxMDU5MTNaGA8yMTI2MTEwMjEw\n"
    "NTkxM1owEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABJrOMUIEHH2UzsU4EuJQ9OaXWkTmDC7O4orJVMQhQbts+4FXnG8jfoQfdHKz\n"
    "5C0PalbHrrlzJjUxEY9s290/TUWjUzBRMB0GA1UdDgQWBBS95KppOKAGyzJADjVO\n"
    "bM0EVZRBsTAfBgNVHSMEGDAWgBS95KppOKAGyzJADjVObM0EVZRBsTAPBgNVHRMB\n"
    "Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIEUkoQEahkrNNhahIc/qnyXE6oOj\n"
    "FU4hyuW6c/EowwFiAiBvh+jg67TW+8qdZDMQdSuwPFnro1CDe9NvoKE0TCYaaA==\n"
    "-----END CERTIFICATE-----\n";

static void a_stalled_handshake_delays_neither_another_nor_the_end(void **state)
{
    struct uplink_world *world = *state;
    uint16_t port = 0;
    int listener = port_open(&port); // takes connections and says nothing
    assert_int_equal(listen(listener, 5), 0);
    broker_start(world);
    world->clouds[1] = world->clouds[0];
    world->clouds[0] = (struct cloud_settings){.name = "silent",
                                               .host = "127.0.0.1",
                                               .port = port,
                                               .has_tls = true,
                                               .tls = {.ca.text = some_ca}};
    world->devices[0].cloud = 1;
    world->site.cloud_count = 2;
    world_start(world);
    assert_int_equal(world_expect(world, UPLINK_CONNECTED).connection, 1);
    int caller = accept(listener, NULL, NULL);
    assert_true(caller >= 0);
    unsigned char hello = 0;
    assert_int_equal(recv(caller, &hello, 1, 0), 1);
    assert_int_equal(hello, 22); // a TLS handshake: RFC 8446, section 5.1
    assert_true(uplink_stop(world->uplink, STOP_MS));
    world->uplink = NULL;
    (void)close(caller);
    (void)close(listener);
}

static void a_handshake_that_is_cut_costs_no_time(void **state)
{
    struct uplink_world *world = *state;
    uint16_t port = 0;
    int listener = port_open(&port);
    assert_int_equal(listen(listener, 5), 0);
    world->clouds[0] = (struct cloud_settings){.name = "cut",
                                               .host = "127.0.0.1",
                                               .port = port,
                                               .has_tls = true,
                                               .tls = {.ca.text = some_ca}};
    world_start(world);
    int caller = accept(listener, NULL, NULL);
    assert_true(caller >= 0);
    const struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(caller, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    (void)close(caller);
    struct uplink_event event = world_expect(world, UPLINK_DISCONNECTED);
    assert_string_equal(event.disconnected.reason,
                        "the broker closes the connection during the TLS handshake; is this a "
                        "TLS port?");
    (void)close(listener);
}

static void fifty_dead_hosts_need_no_threads(void **state)
{
    struct uplink_world *world = *state;
    struct black_hole hole;
    black_hole_open(&hole);
    broker_start(world);
    size_t before = count_threads();
    world->clouds[MAX_CLOUDS - 1] = world->clouds[0];
    for (size_t i = 0; i + 1 < MAX_CLOUDS; i++)
        world->clouds[i] =
            (struct cloud_settings){.name = "dead", .host = "127.0.0.1", .port = hole.port};
    world->devices[0].cloud = MAX_CLOUDS - 1;
    world->site.cloud_count = MAX_CLOUDS;
    world_start(world);
    assert_int_equal(world_expect(world, UPLINK_CONNECTED).connection, MAX_CLOUDS - 1);
    assert_int_equal(count_threads(), before + 1);
    assert_true(uplink_stop(world->uplink, STOP_MS));
    world->uplink = NULL;
    black_hole_close(&hole);
}

static void says_what_is_wrong_with_a_file(void **state)
{
    struct uplink_world *world = *state;
    world->clouds[0].has_tls = true;
    world->clouds[0].tls.ca.path = "/nowhere/ca.pem";
    world_start(world);
    struct uplink_event event = world_expect(world, UPLINK_DISCONNECTED);
    assert_string_equal(event.disconnected.reason,
                        "tls: ca: /nowhere/ca.pem cannot be read: No such file or directory");
}

static void says_that_nobody_listens(void **state)
{
    struct uplink_world *world = *state;
    world_start(world);
    struct uplink_event event = world_expect(world, UPLINK_DISCONNECTED);
    assert_string_equal(event.disconnected.reason,
                        "connection refused; is the port right and is the broker running?");
}

static void refuses_ids_that_would_break_a_topic(void **state)
{
    struct uplink_world *world = *state;
    world->devices[0].channel_id = "a/b";
    assert_null(uplink_start(&world->site, world->mailbox, &world->error));
    assert_int_equal(world->error.code, ERROR_CONFIG);
    assert_non_null(strstr(world->error.text, "device meter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_wrong_password_is_told_and_not_tried_again_soon),
        WORLD_TEST(a_dead_host_delays_neither_another_nor_the_end),
        WORLD_TEST(a_stalled_handshake_delays_neither_another_nor_the_end),
        WORLD_TEST(a_handshake_that_is_cut_costs_no_time),
        WORLD_TEST(fifty_dead_hosts_need_no_threads),
        WORLD_TEST(says_what_is_wrong_with_a_file),
        WORLD_TEST(says_that_nobody_listens),
        WORLD_TEST(refuses_ids_that_would_break_a_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
