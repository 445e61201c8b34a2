// SPDX-License-Identifier: MIT
// What becomes of a connection when the site is exchanged for another one.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/connection_state.h"
#include "cloud/topic.h"

// The device at this place of a site, if it is published over this connection.
static const struct device *own(const struct connection *connection, const struct site *site,
                                size_t place)
{
    const struct device *device = place < site->device_count ? &site->devices[place] : NULL;
    return device && device->cloud == connection->index ? device : NULL;
}

static bool has_same_ids(const struct device *a, const struct device *b)
{
    return a && b && strcmp(a->hardware_id, b->hardware_id) == 0 &&
           strcmp(a->channel_id, b->channel_id) == 0;
}

// Those that are gone first: one may have another name and the ids of before.
static void resubscribe(const struct connection *connection, const struct site *before)
{
    const struct site *site = connection->hub->site;
    for (size_t i = 0; i < before->device_count; i++) {
        const struct device *device = own(connection, before, i);
        if (!device || has_same_ids(device, own(connection, site, i)))
            continue;
        char *topic = topic_new(TOPIC_REQUESTS, device);
        mqtt_client_unsubscribe(connection->client, topic);
        free(topic);
    }
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = own(connection, site, i);
        if (!device || has_same_ids(device, own(connection, before, i)))
            continue;
        char *topic = topic_new(TOPIC_REQUESTS, device);
        mqtt_client_subscribe(connection->client, topic, &connection->hub->subscriptions[i]);
        free(topic);
    }
}

void connection_adopt(struct connection *connection, const struct site *before)
{
    connection->settings = &connection->hub->site->clouds[connection->index];
    connection->ucm.self.hardware_id = connection->settings->hardware_id;
    if (connection->state == CONNECTION_ONLINE)
        resubscribe(connection, before);
}

uint32_t connection_retire(struct connection *connection, const char *reason)
{
    if (connection->state != CONNECTION_ONLINE)
        return connection->session;
    struct uplink_event event = connection_event(connection, UPLINK_DISCONNECTED);
    event.disconnected.was_connected = true;
    (void)snprintf(event.disconnected.reason, sizeof event.disconnected.reason, "%s", reason);
    event_post(&connection->hub->events, &event);
    connection_close(connection);
    connection_serve(connection, POLLOUT);
    return connection->session;
}
