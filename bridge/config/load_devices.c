// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "config/digest.h"
#include "config/load.h"
#include "config/load_site.h"

enum { DEFAULT_UNIT_ID = 1 };

struct device_fields {
    struct link_fields link;
    const struct node *map;
    const struct node *parameters;
    const struct node *modbus;
    const struct node *every;
    const struct node *bus;
    const struct node *unit;
    const struct node *cloud;
    const struct node *hardware_id;
    const struct node *channel_id;
};

// clang-format off
static const struct field device_rows[] = {
    {.name = "map", .kind = FIELD_FORMULA, FIELD_AT(device_fields, map), .required = true, .shape = "name or path", .help = "what kind of device it is"},
    {.name = "parameters", .kind = FIELD_NODE, FIELD_AT(device_fields, parameters), .shape = "{name: value}", .help = "what the map declares under parameters"},
    {.name = "modbus", .kind = FIELD_NODE, .table = &table_modbus, FIELD_AT(device_fields, modbus), .shape = "as in a map", .help = "instead of the map's"},
    {.name = "every", .kind = FIELD_NODE, FIELD_AT(device_fields, every), .shape = "{entry: duration}", .help = "periods instead of the map's"},
    {.name = "bus", .kind = FIELD_FORMULA, FIELD_AT(device_fields, bus), .shape = "name", .help = "the bus it hangs on"},
    {.name = "tcp", .kind = FIELD_FORMULA, FIELD_AT(device_fields, link.tcp), .shape = "HOST or HOST:PORT", .help = "instead of a bus: Modbus TCP of its own"},
    {.name = "rtu", .kind = FIELD_TEXT, FIELD_AT(device_fields, link.rtu), .help = "instead of a bus: a serial port of its own"},
    {.name = "rtu_over_tcp", .kind = FIELD_FORMULA, FIELD_AT(device_fields, link.rtu_over_tcp), .shape = "HOST:PORT", .help = "instead of a bus: a serial server of its own"},
    {.name = "unit", .kind = FIELD_FORMULA, FIELD_AT(device_fields, unit), .shape = "1 to 255", .initial = "1", .help = "its unit id on the bus"},
    {.name = "cloud", .kind = FIELD_FORMULA, FIELD_AT(device_fields, cloud), .shape = "name", .help = "the cloud connection it is published over"},
    {.name = "hardware_id", .kind = FIELD_FORMULA, FIELD_AT(device_fields, hardware_id), .shape = "text", .help = "its id in the cloud"},
    {.name = "channel_id", .kind = FIELD_FORMULA, FIELD_AT(device_fields, channel_id), .shape = "text", .help = "its channel in the cloud"},
};
// clang-format on

const struct field_table table_device = {
    .name = "a device",
    .help = "one device: what it is, where it hangs, who hears of it",
    .rows = device_rows,
    .count = ARRAY_LENGTH(device_rows),
};

// Reports a name that is not there, with the one that may be meant.
static int report_missing(struct site_loader *loader, const struct node *node, const char *what,
                          const struct suggestion *suggestion)
{
    struct strbuf text = {0};
    strbuf_printf(&text, "%s: there is no '%s'", what, node->text);
    suggest_append(suggestion, &text);
    (void)diagnostics_error(loader->reader.diagnostics, &node->at, "%s", strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

static int find_bus(struct site_loader *loader, const struct node *buses,
                    const struct node *node)
{
    struct suggestion suggestion;
    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < loader->bus_count; i++) {
        if (strcmp(loader->buses[i].name, node->text) == 0)
            return (int)i;
    }
    for (size_t i = 0; buses && buses->kind == NODE_MAPPING && i < buses->count; i++) {
        if (strcmp(buses->children[i].key, node->text) == 0)
            return -1; // it has findings of its own
        suggest_candidate(&suggestion, buses->children[i].key);
    }
    return report_missing(loader, node, "bus", &suggestion);
}

static int find_cloud(struct site_loader *loader, const struct node *node)
{
    struct suggestion suggestion;
    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < loader->cloud_count; i++) {
        if (strcmp(loader->clouds[i].name, node->text) == 0)
            return (int)i;
        suggest_candidate(&suggestion, loader->clouds[i].name);
    }
    return report_missing(loader, node, "cloud", &suggestion);
}

static int set_bus(struct site_loader *loader, const struct child *child,
                   const struct device_fields *fields, struct device *device)
{
    bool own = fields->link.tcp || fields->link.rtu || fields->link.rtu_over_tcp;
    if (own == (fields->bus != NULL))
        return diagnostics_error(
            loader->reader.diagnostics, &child->key_at,
            "device '%s' needs either bus: (one of buses:) or tcp:, rtu: or "
            "rtu_over_tcp: of its own",
            child->key);
    struct node at_key = *child->value;
    at_key.at = child->key_at;
    device->bus = own ? load_link(loader, &at_key, child->key, &fields->link, true)
                      : find_bus(loader, tree_find(loader->root, "buses"), fields->bus);
    return device->bus < 0 ? -1 : 0;
}

static int set_unit(struct site_loader *loader, const struct device_fields *fields,
                    struct device *device)
{
    int64_t unit_id = DEFAULT_UNIT_ID;
    device->unit_id = DEFAULT_UNIT_ID;
    if (!fields->unit)
        return 0;
    if (field_read_int(&loader->reader, fields->unit, "unit", &unit_id) < 0)
        return -1;
    if (unit_id < 1 || unit_id > 255)
        return diagnostics_error(loader->reader.diagnostics, &fields->unit->at,
                                 "unit: %lld is outside 1 to 255%s", (long long)unit_id,
                                 unit_id == 0 ? " (0 is the broadcast address: nobody answers)"
                                              : "");
    device->unit_id = (int)unit_id;
    return 0;
}

// Ids become parts of an MQTT topic. `issued` is what the connection's communication config
// says, or NULL.
static int read_id(struct site_loader *loader, const struct child *child,
                   const struct node *node, const char *name, const char *issued,
                   const char **ret_id)
{
    *ret_id = issued;
    if (!node && issued)
        return 0;
    if (!node)
        return diagnostics_error(loader->reader.diagnostics, &child->key_at,
                                 "device '%s' is published (cloud:) and needs %s", child->key,
                                 name);
    for (const char *c = node->text; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("_-.", *c))
            continue;
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "%s: '%s' is no id: letters, digits, '_', '-' and '.'", name,
                                 node->text);
    }
    *ret_id = node->text;
    return 0;
}

static int set_cloud(struct site_loader *loader, const struct child *child,
                     const struct device_fields *fields, struct device *device)
{
    device->cloud = loader->default_cloud;
    if (!fields->cloud && device->cloud == NO_INDEX)
        return 0;
    if (fields->cloud)
        device->cloud = find_cloud(loader, fields->cloud);
    if (device->cloud < 0)
        return -1;
    const struct cloud_settings *cloud = &loader->clouds[device->cloud];
    if (!cloud->host)
        return -1; // it has findings of its own
    int result = read_id(loader, child, fields->hardware_id, "hardware_id", cloud->hardware_id,
                         &device->hardware_id);
    if (read_id(loader, child, fields->channel_id, "channel_id", cloud->channel_id,
                &device->channel_id) < 0)
        result = -1;
    return result;
}

static const struct map *find_cached(const struct site_loader *loader, const char *path,
                                     bool *ret_found)
{
    *ret_found = false;
    for (size_t i = 0; i < loader->map_count; i++) {
        if (strcmp(loader->maps[i].path, path) != 0)
            continue;
        *ret_found = true;
        return loader->maps[i].map;
    }
    return NULL;
}

static int load_own_map(struct site_loader *loader, const char *path, const struct child *child,
                        const struct device_fields *fields, const struct map **ret_map)
{
    struct map_overrides overrides = {
        .parameters = fields->parameters,
        .modbus = fields->modbus,
        .every = fields->every,
        .folders = &loader->folders,
        .for_site = &child->key_at,
    };
    return config_load_map(loader->reader.arena, path, &overrides, loader->reader.diagnostics,
                           ret_map);
}

static int set_map(struct site_loader *loader, const struct child *child,
                   const struct device_fields *fields, struct device *device)
{
    const char *path =
        config_find_map(loader->reader.arena, fields->map->text, &loader->folders);
    bool is_cached = false;
    if (!path)
        return diagnostics_error(
            loader->reader.diagnostics, &fields->map->at,
            "map: there is no '%s' in the folders of maps: %s, mappings: "
            "of this site, and the library%s",
            fields->map->text, loader->folder,
            config_suggest_map(loader->reader.arena, fields->map->text, &loader->folders));
    if (fields->parameters || fields->modbus || fields->every)
        return load_own_map(loader, path, child, fields, &device->map);
    device->map = find_cached(loader, path, &is_cached);
    if (is_cached)
        return device->map ? 0 : -1;
    int result = load_own_map(loader, path, child, fields, &device->map);
    loader->maps[loader->map_count++] =
        (struct cached_map){path, result == 0 ? device->map : NULL};
    return result;
}

// Two devices that would answer to the same address with the same map are one written twice.
static int check_twins(struct site_loader *loader, const struct device *device)
{
    for (size_t i = 0; i < loader->device_count; i++) {
        const struct device *other = &loader->devices[i];
        if (other->bus == device->bus && other->unit_id == device->unit_id &&
            strcmp(other->map->path, device->map->path) == 0)
            return diagnostics_error(loader->reader.diagnostics, &device->at,
                                     "device '%s' has the same bus, unit %d and map as '%s' "
                                     "(line %d)",
                                     device->name, device->unit_id, other->name,
                                     other->at.line);
        if (other->cloud == device->cloud && device->cloud != NO_INDEX &&
            strcmp(other->hardware_id, device->hardware_id) == 0 &&
            strcmp(other->channel_id, device->channel_id) == 0)
            return diagnostics_error(loader->reader.diagnostics, &device->at,
                                     "device '%s' has the same hardware_id and channel_id as "
                                     "'%s' (line %d): both would be one device in the cloud",
                                     device->name, other->name, other->at.line);
    }
    return 0;
}

static int load_device(struct site_loader *loader, const struct child *child,
                       struct device *device)
{
    struct device_fields fields = {0};
    struct layers layers = {{child->value}};
    *device = (struct device){.name = child->key, .at = child->key_at};
    if (check_label(&loader->reader, child->key, &child->key_at) < 0 ||
        fields_read(&loader->reader, &table_device, &layers, &fields) < 0)
        return -1;
    int result = set_bus(loader, child, &fields, device);
    if (set_unit(loader, &fields, device) < 0)
        result = -1;
    if (set_cloud(loader, child, &fields, device) < 0)
        result = -1;
    if (set_map(loader, child, &fields, device) < 0 || result < 0)
        return -1;
    device->modbus = device->map->modbus;
    device->digest =
        digest_device(device, child->value,
                      device->cloud == NO_INDEX ? NULL : &loader->clouds[device->cloud]);
    return check_twins(loader, device);
}

void load_devices(struct site_loader *loader, const struct node *node)
{
    struct reader *reader = &loader->reader;
    if (!node || fields_expect_mapping(reader, node, "devices") < 0)
        return;
    if (node->count > MAX_DEVICES) {
        (void)diagnostics_error(reader->diagnostics, &node->at, "more than %d devices",
                                MAX_DEVICES);
        return;
    }
    loader->devices = ARENA_NEW_ARRAY(reader->arena, node->count, struct device);
    loader->maps = ARENA_NEW_ARRAY(reader->arena, node->count, struct cached_map);
    for (size_t i = 0; i < node->count; i++) {
        if (load_device(loader, &node->children[i], &loader->devices[loader->device_count]) ==
            0)
            loader->device_count++;
    }
}
