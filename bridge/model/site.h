// SPDX-License-Identifier: MIT
// One installation: cloud connections, buses and the devices on them. Const after load, any
// thread; owned by the arena of its configuration generation.
#ifndef MODEL_SITE_H
#define MODEL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/map.h"
#include "model/position.h"

enum transport { TRANSPORT_TCP, TRANSPORT_RTU, TRANSPORT_RTU_OVER_TCP };

enum parity { PARITY_NONE, PARITY_EVEN, PARITY_ODD };

enum rs485 { RS485_OFF, RS485_ON, RS485_KERNEL, RS485_RTS };

// Addresses of a unit that other masters may write.
struct share_range {
    uint8_t unit_id;
    enum table table;
    uint16_t first;
    uint16_t last;
};

// Where other masters reach a bus through us (door/).
struct share_settings {
    const char *host; // an address of this machine
    uint16_t port;
    const struct share_range *ranges;
    size_t range_count;
};

// A serial port or a TCP endpoint: one master at a time, one thread.
struct bus_settings {
    const char *name; // bus name, or the device's for an own bus
    struct position at;
    enum transport transport;
    const char *host; // TCP, RTU over TCP
    uint16_t port;
    const char *path; // RTU
    int baud;
    enum parity parity;
    int stop_bits; // 1 or 2
    enum rs485 rs485;
    const struct share_settings *share; // NULL: nobody else asks
    uint64_t digest;                    // differs when what the site says of it does
};

enum properties_topic { PROPERTIES_TOPIC_PROPERTIES, PROPERTIES_TOPIC_REGISTER };

// Where a password, key or certificate is: in a file, which is read for each attempt to connect
// so that it can be replaced, or here. Both NULL: there is none.
struct credential {
    const char *path;
    const char *text;
};

struct tls_settings {
    struct credential ca;
    struct credential certificate;
    struct credential private_key;
    bool verify_hostname;
};

struct cloud_settings {
    const char *name;
    struct position at;
    const char *host;
    uint16_t port;
    const char *username; // NULL: none
    struct credential password;
    bool has_tls;
    struct tls_settings tls;
    enum properties_topic properties_topic;
    const char *hardware_id; // of its communication config, for devices without one; or NULL
    const char *channel_id;
    bool has_ucm;    // V1 communication config: the channel "ucm" is served beside the device's
    uint64_t digest; // differs when this or what its files held when it was read does
};

struct device {
    const char *name;
    struct position at;
    const struct map *map;
    struct modbus_settings modbus; // the map's, overridden by the site
    int bus;                       // index
    int unit_id;                   // 0..255
    int cloud;                     // index, or NO_INDEX: published nowhere (run --dry, read)
    const char *hardware_id;       // NULL without cloud
    const char *channel_id;
    uint64_t digest; // differs when what the site says of it, or its map, does
};

enum publish_keys { PUBLISH_ALL, PUBLISH_CHANGED };

enum outbox_write { OUTBOX_ALWAYS, OUTBOX_SPILL };

// What is kept on disk while it is not acknowledged.
struct outbox_settings {
    int64_t max_bytes;
    int64_t max_age_ms;
    enum outbox_write write;
    bool replay; // the backlog is sent after an outage
};

// The local page, which modbridge-web serves.
struct web_settings {
    const char *listen; // "127.0.0.1:8080"; NULL: there is none
    const char *host;   // an IPv4 or IPv6 address
    uint16_t port;
    const char *token_path; // NULL: nobody needs a token; only for this machine alone
    bool allows_commands;
};

// The state of a gateway without a disk: it ends with the process.
#define SITE_STATE_IN_MEMORY ":memory:"

struct site {
    const char *path;
    const char *state_path; // folder, or SITE_STATE_IN_MEMORY
    const struct bus_settings *buses;
    size_t bus_count;
    const struct cloud_settings *clouds;
    size_t cloud_count;
    const struct device *devices;
    size_t device_count;
    int64_t publish_interval_ms;
    enum publish_keys publish_keys;
    struct outbox_settings outbox;
    struct web_settings web;
};

// Index of the device with this name, or NO_INDEX.
int site_find_device(const struct site *site, const char *name);

#endif
