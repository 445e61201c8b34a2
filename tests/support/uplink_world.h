// SPDX-License-Identifier: MIT
// An uplink and a real broker on a free port. Include it after cmocka.h.
#ifndef SUPPORT_UPLINK_WORLD_H
#define SUPPORT_UPLINK_WORLD_H

#include <sys/types.h>

#include "cloud/uplink.h"

// How long what must come may take on a machine that is busy.
enum {
    PATIENCE_MS = 60000,
    MAX_CLOUDS = 50,
    STOP_MS =
        8000, // less than any time-out of a connection, more than a busy machine makes of it
};

// A broker with the user "gateway", password "secret", and a site with one device on it.
struct uplink_world {
    char folder[64];
    uint16_t port;
    pid_t broker;
    struct cloud_settings clouds[MAX_CLOUDS];
    struct device devices[2];
    struct site site;
    struct mailbox *mailbox;
    struct uplink *uplink;
    struct error error;
};

// Returns when it listens; fails the test when that takes too long.
void broker_start(struct uplink_world *world);

// With SIGKILL.
void broker_kill(struct uplink_world *world);

// A socket bound to *port of the loopback, any free port when that is 0; the caller closes it.
int port_open(uint16_t *port);

// Starts the uplink over the site of the world.
void world_start(struct uplink_world *world);

// The next event within the time, false when there is none. The caller frees the payload of a
// request.
bool world_next(struct uplink_world *world, int64_t within_ms, struct uplink_event *ret);

// The next event, which must be of this kind.
struct uplink_event world_expect(struct uplink_world *world, enum uplink_event_kind kind);

// Hands over a row of telemetry.
void world_publish(struct uplink_world *world, uint32_t session, int64_t row);

// Publishes a request to a channel as the cloud would.
void broker_request_of(const struct uplink_world *world, const char *channel,
                       const char *payload, bool retain);

// One to the only device of the world.
void broker_request(const struct uplink_world *world, const char *payload, bool retain);

// For tests with a world as their state: WORLD_TEST(test). The broker is not started yet; the
// end stops uplink and broker.
int world_set_up(void **state);
int world_tear_down(void **state);
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

#endif
