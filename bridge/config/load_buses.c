// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "config/digest.h"
#include "config/endpoint.h"
#include "config/load_site.h"

enum { MODBUS_PORT = 502, DEFAULT_BAUD = 9600 };

static const struct word bauds[] = {{"1200", 1200},
                                    {"2400", 2400},
                                    {"4800", 4800},
                                    {"9600", 9600},
                                    {"19200", 19200},
                                    {"38400", 38400},
                                    {"57600", 57600},
                                    {"115200", 115200},
                                    {"230400", 230400},
                                    {"460800", 460800},
                                    {0}};
static const struct word parities[] = {
    {"none", PARITY_NONE}, {"even", PARITY_EVEN}, {"odd", PARITY_ODD}, {0}};
static const struct word rs485s[] = {
    {"off", RS485_OFF}, {"on", RS485_ON}, {"kernel", RS485_KERNEL}, {"rts", RS485_RTS}, {0}};

// clang-format off
static const struct field bus_rows[] = {
    {.name = "tcp", .kind = FIELD_FORMULA, FIELD_AT(link_fields, tcp), .shape = "HOST or HOST:PORT",
     .help = "Modbus TCP, port 502 unless given"},
    {.name = "rtu", .kind = FIELD_TEXT, FIELD_AT(link_fields, rtu), .help = "serial port, best under /dev/serial/by-id"},
    {.name = "rtu_over_tcp", .kind = FIELD_FORMULA, FIELD_AT(link_fields, rtu_over_tcp), .shape = "HOST:PORT",
     .help = "RTU frames through a serial server"},
    {.name = "baud", .kind = FIELD_WORD, FIELD_AT(link_fields, baud), .words = bauds, .initial = "9600", .help = "speed of the serial line"},
    {.name = "parity", .kind = FIELD_WORD, FIELD_AT(link_fields, parity), .words = parities, .initial = "none", .help = "parity of the serial line"},
    {.name = "stop_bits", .kind = FIELD_INT, FIELD_AT(link_fields, stop_bits), .min = 1, .max = 2, .initial = "1", .help = "stop bits of the serial line"},
    {.name = "rs485", .kind = FIELD_WORD, FIELD_AT(link_fields, rs485), .words = rs485s, .initial = "off",
     .help = "who switches the direction: the adapter (off), the driver (kernel), we with RTS (rts), or the driver, else RTS (on)"},
    {.name = "share", .kind = FIELD_NODE, FIELD_AT(link_fields, share), .table = &table_share, .shape = "{listen, write}",
     .help = "other masters reach the bus through modbridge"},
};
// clang-format on

const struct field_table table_bus = {
    .name = "a bus",
    .help = "a serial port or a TCP endpoint",
    .rows = bus_rows,
    .count = ARRAY_LENGTH(bus_rows),
};

int check_label(const struct reader *reader, const char *name, const struct position *at)
{
    bool good = name[0] && strlen(name) <= 64;
    for (const char *c = name; *c; c++)
        good = good && (isalnum((unsigned char)*c) || strchr("_-.", *c));
    if (good)
        return 0;
    return diagnostics_error(
        reader->diagnostics, at,
        "'%s' cannot be a name: letters, digits, '_', '-' and '.', at most "
        "64 characters",
        name);
}

static struct bus_settings *add_bus(struct site_loader *loader)
{
    return &loader->buses[loader->bus_count++];
}

static bool same_place(const struct bus_settings *a, const struct bus_settings *b)
{
    if (a->transport == TRANSPORT_RTU || b->transport == TRANSPORT_RTU)
        return a->transport == b->transport && strcmp(a->path, b->path) == 0;
    return a->port == b->port && a->host && b->host && strcmp(a->host, b->host) == 0;
}

static int find_place(const struct site_loader *loader, const struct bus_settings *bus)
{
    for (size_t i = 0; i < loader->bus_count; i++) {
        if (same_place(&loader->buses[i], bus))
            return (int)i;
    }
    return NO_INDEX;
}

static int read_endpoint(struct site_loader *loader, const struct node *node,
                         uint16_t default_port, struct bus_settings *bus)
{
    struct error err;
    if (config_parse_endpoint(loader->reader.arena, node->text, default_port, &bus->host,
                              &bus->port, &err) == 0)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &node->at, "%s", err.text);
}

static int read_place(struct site_loader *loader, const struct node *node,
                      const struct link_fields *fields, struct bus_settings *bus)
{
    int places = (fields->tcp != NULL) + (fields->rtu != NULL) + (fields->rtu_over_tcp != NULL);
    if (places != 1)
        return diagnostics_error(
            loader->reader.diagnostics, &bus->at,
            "'%s' needs exactly one of tcp, rtu and rtu_over_tcp: where it "
            "is connected",
            bus->name);
    if (fields->rtu) {
        bus->transport = TRANSPORT_RTU;
        bus->path = fields->rtu;
        if (fields->rtu[0] == '/')
            return 0;
        return diagnostics_error(loader->reader.diagnostics, &tree_find(node, "rtu")->at,
                                 "rtu: '%s' is no path of a serial port such as "
                                 "/dev/serial/by-id/...",
                                 fields->rtu);
    }
    bus->transport = fields->tcp ? TRANSPORT_TCP : TRANSPORT_RTU_OVER_TCP;
    return fields->tcp ? read_endpoint(loader, fields->tcp, MODBUS_PORT, bus)
                       : read_endpoint(loader, fields->rtu_over_tcp, 0, bus);
}

// Serial settings of a network bus would be ignored: somebody expects more.
static int check_serial_keys(struct site_loader *loader, const struct node *node,
                             const struct bus_settings *bus)
{
    static const char *const keys[] = {"baud", "parity", "stop_bits", "rs485"};
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct position at = tree_key_at(node, keys[i]);
        bool is_line = i == 0 && bus->transport == TRANSPORT_RTU_OVER_TCP;
        if (!tree_find(node, keys[i]) || bus->transport == TRANSPORT_RTU || is_line)
            continue;
        return diagnostics_error(
            loader->reader.diagnostics, &at,
            "%s: a bus over the network has no serial port of ours: set it "
            "in the serial server",
            keys[i]);
    }
    return 0;
}

int load_link(struct site_loader *loader, const struct node *node, const char *name,
              const struct link_fields *fields, bool shared)
{
    struct bus_settings bus = {
        .name = name,
        .at = node->at,
        .baud = fields->baud ? fields->baud : DEFAULT_BAUD,
        .parity = (enum parity)fields->parity,
        .stop_bits = fields->stop_bits ? fields->stop_bits : 1,
        .rs485 = (enum rs485)fields->rs485,
        .digest = digest_tree(0, node),
    };
    if (read_place(loader, node, fields, &bus) < 0 || check_serial_keys(loader, node, &bus) < 0)
        return -1;
    if (fields->share && load_share(loader, fields->share, &bus.share) < 0)
        return -1;
    int other = find_place(loader, &bus);
    if (other != NO_INDEX && shared && loader->buses[other].transport == bus.transport)
        return other;
    if (other != NO_INDEX)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "'%s' is the same port as '%s' (line %d): one master at a "
                                 "time; put the devices on one bus",
                                 name, loader->buses[other].name, loader->buses[other].at.line);
    *add_bus(loader) = bus;
    return (int)loader->bus_count - 1;
}

void load_buses(struct site_loader *loader, const struct node *node, size_t device_count)
{
    struct reader *reader = &loader->reader;
    size_t count = node && node->kind == NODE_MAPPING ? node->count : 0;
    if (node)
        (void)fields_expect_mapping(reader, node, "buses");
    if (count > MAX_BUSES) {
        (void)diagnostics_error(reader->diagnostics, &node->at, "more than %d buses",
                                MAX_BUSES);
        count = 0;
    }
    loader->buses = ARENA_NEW_ARRAY(reader->arena, count + device_count, struct bus_settings);
    for (size_t i = 0; i < count; i++) {
        const struct child *child = &node->children[i];
        struct link_fields fields = {0};
        struct layers layers = {{child->value}};
        if (check_label(reader, child->key, &child->key_at) < 0 ||
            fields_read(reader, &table_bus, &layers, &fields) < 0)
            continue;
        struct node at_key = *child->value;
        at_key.at = child->key_at;
        (void)load_link(loader, &at_key, child->key, &fields, false);
    }
}
