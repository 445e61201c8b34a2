// SPDX-License-Identifier: MIT
// Carries the channel "ucm" (cloud/ucm.h) over a connected client. What it says is of no use
// later, so it goes past the outbox. One thread, the uplink's.
#ifndef CLOUD_UCM_CHANNEL_H
#define CLOUD_UCM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/mqtt_client.h"
#include "cloud/ucm.h"

// A session began: subscribes, and makes everything due.
void ucm_channel_open(struct ucm *ucm, const struct cloud_settings *settings,
                      struct mqtt_client *client);

// Publishes what is due.
void ucm_channel_turn(struct ucm *ucm, const struct cloud_settings *settings,
                      struct mqtt_client *client, int64_t now_ms);

// Answers a command request. False when the topic is another channel's.
bool ucm_channel_take(const struct ucm *ucm, struct mqtt_client *client, const char *topic,
                      const void *payload, size_t length, bool is_retained);

#endif
