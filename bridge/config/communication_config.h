// SPDX-License-Identifier: MIT
// The text that Enapter issues for a standalone device: base64 of a JSON object. Pure.
// Source: Enapter python-sdk, standalone/config.py. V1 (it has "ucm_id"): mqtt_host, mqtt_port,
// mqtt_ca, mqtt_cert, mqtt_private_key, ucm_id, channel_id, always TLS. V3: mqtt_host,
// mqtt_port, mqtt_protocol MQTT or MQTTS, mqtt_credentials {username, password} or {ca_chain,
// certificate, private_key}, hardware_id, channel_id; mqtt_protocol may also stand inside
// mqtt_credentials (Enapter's provisioning page). mqtt_port may be a text.
#ifndef CONFIG_COMMUNICATION_CONFIG_H
#define CONFIG_COMMUNICATION_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct communication_config {
    bool is_v1;
    const char *host;
    uint16_t port;
    const char *username; // without TLS: user and password
    const char *password;
    bool has_tls;
    const char *ca; // with TLS: PEM texts
    const char *certificate;
    const char *private_key;
    const char *hardware_id;
    const char *channel_id;
};

// Reads such a text; what it holds is copied into `arena`, and other copies are wiped.
// ERROR_CONFIG says what is wrong and repeats none of the values. Not for several threads at
// once (it makes jansson wipe its memory meanwhile).
int communication_config_parse(struct arena *arena, const char *text,
                               struct communication_config *ret_config, struct error *err);

#endif
