// SPDX-License-Identifier: MIT
// The reserved telemetry attributes: alerts, alert_details and conn_alerts. Pure, one thread.
//
// alerts        names of the active alerts; [] none; null: nobody knows, because the device
//               cannot be read or none of its alert sources was
// alert_details {alert: {"errmsg": text}} for unknown codes and for what could not be read
// conn_alerts   ["communication_failed"] while the device is offline, ["partial_failure"] when
//               entries that should be there could not be read, else []
#ifndef CLOUD_ALERTS_H
#define CLOUD_ALERTS_H

#include <stdint.h>

#include "cloud/json.h"
#include "model/message.h"
#include "model/site.h"
#include "registers/image.h"

// When, and how the device is then.
struct moment {
    int64_t now_ms; // on the image's clock
    enum unit_health health;
};

// Puts the three attributes into a telemetry message.
void alerts_put(json_t *message, const struct device *device, const struct image *image,
                const struct moment *moment);

#endif
