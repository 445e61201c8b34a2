// SPDX-License-Identifier: MIT
// Connecting without waiting: the time is an argument, so a host that swallows everything is
// given up without a sleep. Names are looked up here, in the place of base/lookup.c.
#include "bus/dial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "support/black_hole.h"
#include "support/fake_server.h"

enum { TIMEOUT_MS = 3000, PATIENCE_US = 60000000 };

// What the resolver knows, and whether it says so.
static const char *known[4];
static atomic_int lookups; // begun
static atomic_int ended;
static atomic_bool is_hanging;

bool lookup_numeric(const char *host, struct addresses *ret_addresses)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) != 1)
        return false;
    ret_addresses->count = 1;
    (void)snprintf(ret_addresses->texts[0], LOOKUP_ADDRESS_SIZE, "%s", host);
    return true;
}

int lookup_name(const char *host, int stop_descriptor, struct addresses *ret_addresses,
                struct error *err)
{
    (void)host;
    (void)stop_descriptor;
    atomic_fetch_add(&lookups, 1);
    while (atomic_load(&is_hanging))
        (void)poll(NULL, 0, 1);
    ret_addresses->count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(known) && known[i]; i++)
        (void)snprintf(ret_addresses->texts[ret_addresses->count++], LOOKUP_ADDRESS_SIZE, "%s",
                       known[i]);
    int result = 0;
    if (ret_addresses->count == 0)
        result = error_set(err, ERROR_FAILED, "nobody knows this name");
    atomic_fetch_add(&ended, 1);
    return result;
}

static void know(const char *first, const char *second)
{
    memset(known, 0, sizeof known);
    known[0] = first;
    known[1] = second;
    atomic_store(&lookups, 0);
    atomic_store(&ended, 0);
}

static struct dial *new_dial(struct bus_settings *settings, const char *host, uint16_t port)
{
    *settings = (struct bus_settings){.transport = TRANSPORT_TCP, .host = host, .port = port};
    struct dial *dial = dial_new(settings);
    assert_int_equal(dial_descriptor(dial), -1);
    return dial;
}

// Goes on whenever there is something to go on with, as its user does; the clock stands still.
static enum dial_progress go_on(struct dial *dial, int64_t now_ms, int *ret_socket,
                                struct error *err)
{
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    for (;;) {
        enum dial_progress progress = dial_go_on(dial, TIMEOUT_MS, now_ms, ret_socket, err);
        if (progress != DIAL_GOES_ON)
            return progress;
        int descriptor = dial_descriptor(dial);
        assert_true(descriptor >= 0);
        assert_true(clock_wait(&descriptor, 1, end_us));
    }
}

static void assert_fails(struct dial *dial, int64_t now_ms, enum error_code code,
                         const char *says)
{
    struct error err = {0};
    int socket = -1;
    assert_int_equal(go_on(dial, now_ms, &socket, &err), DIAL_FAILED);
    assert_int_equal(socket, -1);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, says))
        fail_msg("'%s' does not say '%s'", err.text, says);
    assert_int_equal(dial_descriptor(dial), -1);
}

static void assert_connects(struct dial *dial, int64_t now_ms)
{
    struct error err = {0};
    int socket = -1;
    int is_set = 0;
    socklen_t size = sizeof is_set;
    if (go_on(dial, now_ms, &socket, &err) != DIAL_CONNECTED)
        fail_msg("%s", err.text);
    assert_int_equal(getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &is_set, &size), 0);
    assert_true(is_set);
    assert_int_equal(getsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &is_set, &size), 0);
    assert_true(is_set);
    assert_int_equal(send(socket, "x", 1, 0), 1);
    assert_int_equal(dial_descriptor(dial), -1);
    (void)close(socket);
}

static void test_connects(void **state)
{
    (void)state;
    struct bus_settings settings;
    uint16_t port = 0;
    int listener = fake_listen(&port);
    struct dial *dial = new_dial(&settings, "127.0.0.1", port);
    assert_connects(dial, 0);
    assert_connects(dial, 10); // and again
    dial_free(dial);
    (void)close(listener);
}

static void test_a_refusal_is_told_at_once(void **state)
{
    (void)state;
    struct bus_settings settings;
    uint16_t port = 0;
    int reserved = fake_reserve(&port);
    struct dial *dial = new_dial(&settings, "127.0.0.1", port);
    assert_fails(dial, 0, ERROR_NO_ANSWER, "refused the connection");
    dial_free(dial);
    (void)close(reserved);
}

static void test_a_host_that_swallows_everything_is_given_up_in_time(void **state)
{
    (void)state;
    struct black_hole hole;
    struct bus_settings settings;
    struct error err = {0};
    int socket = -1;
    black_hole_open(&hole);
    struct dial *dial = new_dial(&settings, "127.0.0.1", hole.port);
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, 1000, &socket, &err), DIAL_GOES_ON);
    assert_int_equal(dial_until_ms(dial), 1000 + TIMEOUT_MS);
    int descriptor = dial_descriptor(dial);
    assert_true(descriptor >= 0);
    assert_false(clock_wait(&descriptor, 1, 0));
    int64_t last_ms = 1000 + TIMEOUT_MS - 1;
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, last_ms, &socket, &err), DIAL_GOES_ON);
    assert_fails(dial, last_ms + 1, ERROR_NO_ANSWER, "did not accept a connection within 3000");
    // given up in the middle
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, 9000, &socket, &err), DIAL_GOES_ON);
    dial_give_up(dial);
    assert_int_equal(dial_descriptor(dial), -1);
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, 9500, &socket, &err), DIAL_GOES_ON);
    assert_int_equal(dial_until_ms(dial), 9500 + TIMEOUT_MS);
    dial_free(dial);
    black_hole_close(&hole);
}

static void test_every_address_of_a_name_is_tried(void **state)
{
    (void)state;
    struct bus_settings settings;
    uint16_t port = 0;
    int listener = fake_listen(&port); // 127.0.0.1 only
    know("127.0.0.2", "127.0.0.1");
    struct dial *dial = new_dial(&settings, "meter.example", port);
    assert_connects(dial, 0);
    know("127.0.0.2", "127.0.0.3");
    assert_fails(dial, 0, ERROR_NO_ANSWER, "meter.example:");
    dial_free(dial);
    (void)close(listener);
}

static void test_a_dead_address_leaves_time_for_the_next(void **state)
{
    (void)state;
    struct black_hole hole;
    struct bus_settings settings;
    struct error err = {0};
    int socket = -1;
    black_hole_open(&hole);
    know("127.0.0.1", "127.0.0.2"); // nobody listens at the second
    struct dial *dial = new_dial(&settings, "meter.example", hole.port);
    while (dial_go_on(dial, TIMEOUT_MS, 0, &socket, &err) == DIAL_GOES_ON &&
           dial_until_ms(dial) == TIMEOUT_MS) {
        int descriptor = dial_descriptor(dial); // until the name is looked up
        assert_true(clock_wait(&descriptor, 1, clock_monotonic_us() + PATIENCE_US));
    }
    assert_int_equal(dial_until_ms(dial), TIMEOUT_MS / 2);
    assert_fails(dial, TIMEOUT_MS / 2, ERROR_NO_ANSWER, "refused");
    dial_free(dial);
    black_hole_close(&hole);
}

static void test_a_resolver_that_hangs_is_not_waited_for(void **state)
{
    (void)state;
    struct bus_settings settings;
    struct error err = {0};
    int socket = -1;
    uint16_t port = 0;
    int listener = fake_listen(&port);
    know("127.0.0.1", NULL);
    atomic_store(&is_hanging, true);
    struct dial *dial = new_dial(&settings, "meter.example", port);
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, 0, &socket, &err), DIAL_GOES_ON);
    assert_int_equal(dial_until_ms(dial), TIMEOUT_MS);
    assert_fails(dial, TIMEOUT_MS, ERROR_NO_ANSWER, "check the name server");
    // The next attempt does not start another lookup, and has what the first one found.
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, 5000, &socket, &err), DIAL_GOES_ON);
    atomic_store(&is_hanging, false);
    assert_connects(dial, 5000);
    assert_int_equal(atomic_load(&lookups), 1);
    // One that hangs is left behind.
    atomic_store(&is_hanging, true);
    assert_int_equal(dial_go_on(dial, TIMEOUT_MS, 6000, &socket, &err), DIAL_GOES_ON);
    dial_free(dial);
    atomic_store(&is_hanging, false);
    while (atomic_load(&ended) < 2) // it frees itself then
        (void)poll(NULL, 0, 1);
    (void)close(listener);
}

static void test_a_name_that_nobody_knows(void **state)
{
    (void)state;
    struct bus_settings settings;
    know(NULL, NULL);
    struct dial *dial = new_dial(&settings, "meter.example", 502);
    assert_fails(dial, 0, ERROR_NO_ANSWER, "meter.example: nobody knows this name");
    assert_fails(dial, 0, ERROR_NO_ANSWER, "meter.example: nobody knows this name");
    assert_int_equal(atomic_load(&lookups), 2);
    dial_free(dial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connects),
        cmocka_unit_test(test_a_refusal_is_told_at_once),
        cmocka_unit_test(test_a_host_that_swallows_everything_is_given_up_in_time),
        cmocka_unit_test(test_every_address_of_a_name_is_tried),
        cmocka_unit_test(test_a_dead_address_leaves_time_for_the_next),
        cmocka_unit_test(test_a_resolver_that_hangs_is_not_waited_for),
        cmocka_unit_test(test_a_name_that_nobody_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
