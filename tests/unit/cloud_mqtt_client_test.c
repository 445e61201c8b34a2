// SPDX-License-Identifier: MIT
// How a connection ended, as the other end of a socket ends it.
#include "cloud/mqtt_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

enum { PATIENCE_MS = 30000 };

struct ends {
    struct mqtt_client *client;
    struct credentials credentials;
    int broker; // its socket
    bool is_greeted;
    int confirmed; // of its subscriptions
};

static void greeted(void *context, int code)
{
    struct ends *ends = context;
    ends->is_greeted = code == 0;
}

static void subscribed(void *context, int mid, bool is_granted)
{
    struct ends *ends = context;
    (void)mid;
    ends->confirmed += is_granted;
}

static const struct mqtt_client_events events = {.greeted = greeted, .subscribed = subscribed};

static void connect_ends(struct ends *ends)
{
    struct error err;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ends->client = mqtt_client_new("test", NULL, &ends->credentials, &events, ends);
    assert_int_equal(mqtt_client_dial(ends->client, "127.0.0.1", ntohs(address.sin_port), &err),
                     0);
    ends->broker = accept(listener, NULL, NULL);
    assert_true(ends->broker >= 0);
    (void)close(listener);
}

// Serves the client once, when there is something to do. False when the connection is over.
static bool serve(struct ends *ends, enum pacing_cause *ret_cause)
{
    struct error err;
    struct pollfd polled = {0};
    polled.fd = mqtt_client_socket(ends->client, false, &polled.events);
    assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
    return mqtt_client_serve(ends->client, polled.revents, REASON_ONLINE, ret_cause, &err) == 0;
}

// The broker reads CONNECT, so that nothing unread turns its FIN into a reset, and accepts.
static void greet(struct ends *ends)
{
    static const char accepted[] = {0x20, 2, 0, 0}; // MQTT 3.1.1, section 3.2
    char request[256];
    enum pacing_cause cause;
    assert_true(serve(ends, &cause));
    assert_true(recv(ends->broker, request, sizeof request, 0) > 0);
    assert_int_equal(send(ends->broker, accepted, sizeof accepted, 0), sizeof accepted);
    while (!ends->is_greeted)
        assert_true(serve(ends, &cause));
}

static void assert_ends_with(bool is_reset, enum pacing_cause expected)
{
    struct ends ends = {0};
    enum pacing_cause cause = PACING_REFUSED;
    struct linger at_once = {.l_onoff = is_reset};
    mqtt_client_library_start();
    connect_ends(&ends);
    greet(&ends);
    assert_int_equal(setsockopt(ends.broker, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once),
                     0);
    assert_int_equal(close(ends.broker), 0);
    while (serve(&ends, &cause))
        continue;
    assert_int_equal(cause, expected);
    mqtt_client_free(ends.client);
    mqtt_client_library_end();
}

static void asks_for_commands_only_so_long(void **state)
{
    enum { LIMIT_MS = 60000 };
    (void)state;
    struct ends ends = {0};
    enum pacing_cause cause;
    unsigned char confirmed[] = {0x90, 3, 0, 0, 1}; // MQTT 3.1.1, section 3.9
    int mids[2];
    mqtt_client_library_start();
    connect_ends(&ends);
    greet(&ends);
    assert_false(mqtt_client_is_unheard(ends.client, clock_monotonic_ms() + LIMIT_MS));
    for (int i = 0; i < 2; i++)
        mqtt_client_subscribe(ends.client, "t", &mids[i]);
    assert_false(mqtt_client_is_unheard(ends.client, clock_monotonic_ms()));
    assert_true(mqtt_client_is_unheard(ends.client, clock_monotonic_ms() + LIMIT_MS));
    for (int i = 0; i < 2; i++) {
        assert_true(mqtt_client_is_unheard(ends.client, clock_monotonic_ms() + LIMIT_MS));
        confirmed[3] = (unsigned char)mids[i];
        assert_int_equal(send(ends.broker, confirmed, sizeof confirmed, 0), sizeof confirmed);
        while (ends.confirmed == i)
            assert_true(serve(&ends, &cause));
    }
    assert_false(mqtt_client_is_unheard(ends.client, clock_monotonic_ms() + LIMIT_MS));
    (void)close(ends.broker);
    mqtt_client_free(ends.client);
    mqtt_client_library_end();
}

static void tells_what_was_closed_in_order(void **state)
{
    (void)state;
    assert_ends_with(false, PACING_CLOSED);
}

static void tells_what_was_reset(void **state)
{
    (void)state;
    assert_ends_with(true, PACING_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_commands_only_so_long),
        cmocka_unit_test(tells_what_was_closed_in_order),
        cmocka_unit_test(tells_what_was_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
