// SPDX-License-Identifier: MIT
// What a device last said, as the JSON of Enapter's MQTT API (telemetry and properties). Pure:
// the image and the time make the payload. One thread.
//
// A key without a fresh value is left out: neither null nor 0 stands for "unknown".
// Source: Enapter MQTT API page; alert_details: Enapter marketplace blueprints.
#ifndef CLOUD_TELEMETRY_H
#define CLOUD_TELEMETRY_H

#include <stdint.h>

#include "cloud/alerts.h"
#include "model/site.h"
#include "registers/image.h"

enum {
    TELEMETRY_ALL_MS = 10 * 60 * 1000, // keys: changed sends all keys this often, and ...
    TELEMETRY_ALIVE_MS = 10 * 1000,    // ... a message without keys this often: the platform
                                       // knows a device to be online by its data
};

// What was last sent of a device whose site says keys: changed.
struct telemetry_memory;

// Nothing was sent yet. The caller owns it; `map` is not kept.
struct telemetry_memory *telemetry_memory_new(const struct map *map);
void telemetry_memory_free(struct telemetry_memory *memory);

// Makes the next message hold all keys, as after a new connection to the cloud.
void telemetry_memory_forget(struct telemetry_memory *memory);

// The telemetry, without its timestamp (cloud/stamp.h): every telemetry entry with a fresh
// value in the order of the map (none while the device is offline), alerts, alert_details when
// there are any, conn_alerts. With `memory` (NULL for keys: all) only the entries whose value
// is another than last sent, all of them every TELEMETRY_ALL_MS; NULL when there is nothing to
// say yet. Heap text; the caller frees it.
char *telemetry_payload(const struct device *device, const struct image *image,
                        const struct moment *moment, struct telemetry_memory *memory);

// The properties, without their timestamp: vendor and model of the map unless it declares
// entries of these names, and every properties entry with a value. Heap text; the caller frees
// it.
char *properties_payload(const struct device *device, const struct image *image,
                         const struct moment *moment);

#endif
