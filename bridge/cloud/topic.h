// SPDX-License-Identifier: MIT
// The topics of Enapter's MQTT API, all in one place. Pure, any thread.
//
// up    v1/from/<hardware id>/<channel id>/v1/telemetry | v1/properties | v1/register |
//       v1/command/responses | v3/logs
// down  v1/to/<hardware id>/<channel id>/v1/command/requests
// Source: Enapter MQTT API page; v1/register and v3/logs: Enapter python-sdk,
// mqtt/api/device/channel.py.
#ifndef CLOUD_TOPIC_H
#define CLOUD_TOPIC_H

#include <stdbool.h>

#include "model/site.h"

enum topic_kind {
    TOPIC_TELEMETRY,
    TOPIC_PROPERTIES,
    TOPIC_REGISTER, // properties, under the name the vendor's own SDK uses
    TOPIC_RESPONSES,
    TOPIC_LOGS,
    TOPIC_REQUESTS, // the only one towards the device
    TOPIC_KIND_COUNT,
};

enum { TOPIC_ID_SIZE = 129 }; // bytes of an id with its NUL

// Whose topic it is.
struct topic_ids {
    char hardware_id[TOPIC_ID_SIZE];
    char channel_id[TOPIC_ID_SIZE];
};

// Whether a text may stand as an id in a topic: 1 to 128 printable ASCII characters without
// '/', '+', '#' and spaces. NULL may not.
bool topic_id_is_valid(const char *id);

// The topic of a device that has valid ids. Heap; the caller frees it.
char *topic_new(enum topic_kind kind, const struct device *device);

// Where a device's properties go: what the connection's properties_topic says.
enum topic_kind topic_of_properties(const struct cloud_settings *cloud);

// The ids in a topic of command requests. False when it is another topic or an id is not valid.
bool topic_parse_request(const char *topic, struct topic_ids *ret_ids);

// Index of the device of connection `cloud` whose requests come under this topic, or NO_INDEX.
int topic_find_device(const struct site *site, int cloud, const char *topic);

#endif
