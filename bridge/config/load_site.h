// SPDX-License-Identifier: MIT
// What the files that load a site share. Internal to config; one thread.
#ifndef CONFIG_LOAD_SITE_H
#define CONFIG_LOAD_SITE_H

#include "config/config.h"
#include "config/fields.h"
#include "model/site.h"

enum {
    MAX_BUSES = 1024,
    MAX_DEVICES = 1024,
    MAX_CLOUDS = 256,
};

// A map that was read, for the next device that uses it unchanged.
struct cached_map {
    const char *path;
    const struct map *map; // NULL: it had errors
};

struct site_loader {
    struct reader reader;
    const struct node *root;
    const char *folder; // of the site file
    struct map_folders folders;
    struct site site;
    struct bus_settings *buses;
    size_t bus_count;
    struct cloud_settings *clouds;
    size_t cloud_count;
    int default_cloud; // of devices that name none: NO_INDEX, or the environment's
    struct device *devices;
    size_t device_count;
    struct cached_map *maps;
    size_t map_count;
};

extern const struct field_table table_site;
extern const struct field_table table_bus;
extern const struct field_table table_device;
extern const struct field_table table_cloud;
extern const struct field_table table_web;
extern const struct field_table table_share;
extern const struct field_table table_share_write;

// Each reads one section; node may be NULL.
void load_clouds(struct site_loader *loader, const struct node *node);
void load_buses(struct site_loader *loader, const struct node *node, size_t device_count);
void load_devices(struct site_loader *loader, const struct node *node);
void load_web(struct site_loader *loader, const struct node *node);

// The keys that say where a bus is: for buses: and for devices with a bus of their own.
struct link_fields {
    const struct node *tcp;
    const struct node *rtu_over_tcp;
    const char *rtu;
    int baud; // 0: not given
    int parity;
    int stop_bits;
    int rs485;
    const struct node *share;
};

// Adds the bus that the keys describe. Its index, or -1 after a finding. With `shared` the bus
// of an equal TCP endpoint is taken: there is one connection per endpoint.
int load_link(struct site_loader *loader, const struct node *node, const char *name,
              const struct link_fields *fields, bool shared);

// Reads share: of a bus. -1 after a finding.
int load_share(struct site_loader *loader, const struct node *node,
               const struct share_settings **ret_share);

// Whether a host is an address, not a name; and whether only programs of this machine reach it
// (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3).
bool load_is_address(const char *host);
bool load_is_this_machine(const char *host);

// Whether two cannot both listen at these addresses: 0.0.0.0 and [::] take the port of others.
bool load_is_same_place(const char *host, uint16_t port, const char *other,
                        uint16_t other_port);

// A path relative to the site file.
const char *load_site_path(struct site_loader *loader, const char *path);

// Checks the name of a cloud connection, bus or device: letters, digits, _, - and '.'.
int check_label(const struct reader *reader, const char *name, const struct position *at);

#endif
