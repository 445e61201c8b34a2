// SPDX-License-Identifier: MIT
// What a connection is made of, shared by connection.c and connection_change.c and by nobody
// else. The uplink's thread.
#ifndef CLOUD_CONNECTION_STATE_H
#define CLOUD_CONNECTION_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lookup.h"
#include "cloud/connection.h"
#include "cloud/credentials.h"
#include "cloud/flights.h"
#include "cloud/mqtt_client.h"
#include "cloud/pacing.h"
#include "cloud/ucm.h"

enum connection_state {
    CONNECTION_WAITING,    // until due_ms
    CONNECTION_LOOKING_UP, // the lookup's thread owns `addresses` and `error`
    CONNECTION_DIALING,    // TCP is connecting; until due_ms
    CONNECTION_GREETING,   // TLS is shaking hands, CONNECT is sent; until due_ms
    CONNECTION_ONLINE,
};

struct connection {
    struct connection_hub *hub;
    int index;
    const struct cloud_settings *settings;
    char client_id[24]; // MQTT 3.1.1, section 3.1.3.1: up to 23 characters work everywhere
    char area[64];      // of log lines
    enum connection_state state;
    int64_t due_ms;
    struct addresses addresses; // of the host
    size_t next_address;        // to dial
    struct credentials credentials;
    struct mqtt_client *client; // uses the credentials' TLS context
    pthread_t lookup;
    char *lookup_host; // the thread's own: settings may be exchanged meanwhile
    bool is_broken;    // to be taken down, for the reason in `error`
    enum pacing_cause cause;
    struct error error;
    bool is_clock_suspect; // the last attempt failed by a certificate's validity
    uint32_t session;
    int64_t online_ms;
    struct pacing pacing;
    struct flights flights;
    struct ucm ucm; // where the settings have it
};

// An event of this connection and its session.
struct uplink_event connection_event(const struct connection *connection,
                                     enum uplink_event_kind kind);

#endif
