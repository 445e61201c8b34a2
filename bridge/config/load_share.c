// SPDX-License-Identifier: MIT
// share: of a bus, where other masters reach it, and what they may write.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "config/endpoint.h"
#include "config/load_site.h"

struct share_fields {
    const struct node *listen;
    const struct node *write;
};

struct write_fields {
    int unit;
    struct codes coil;
    struct codes holding;
};

// clang-format off
static const struct field write_rows[] = {
    {.name = "unit", .kind = FIELD_INT, FIELD_AT(write_fields, unit), .required = true, .min = 0, .max = 255, .help = "unit id"},
    {.name = "holding", .kind = FIELD_CODES, FIELD_AT(write_fields, holding), .shape = "address or first..last",
     .help = "registers, as on the wire (from 0)"},
    {.name = "coil", .kind = FIELD_CODES, FIELD_AT(write_fields, coil), .shape = "address or first..last", .help = "coils, as on the wire (from 0)"},
};

const struct field_table table_share_write = {
    .name = "an item of write", .rows = write_rows, .count = ARRAY_LENGTH(write_rows)};

static const struct field share_rows[] = {
    {.name = "listen", .kind = FIELD_FORMULA, FIELD_AT(share_fields, listen), .required = true, .shape = "ADDRESS:PORT",
     .help = "where other masters reach the bus with Modbus TCP"},
    {.name = "write", .kind = FIELD_NODE, FIELD_AT(share_fields, write), .items = &table_share_write,
     .shape = "[{unit: 4, holding: 100..110}]", .help = "what they may write; without it they only read"},
};
// clang-format on

const struct field_table table_share = {
    .name = "share", .rows = share_rows, .count = ARRAY_LENGTH(share_rows)};

static int read_range(struct site_loader *loader, const struct node *node,
                      struct share_range *ret_range)
{
    struct write_fields fields = {0};
    struct layers layers = {{node}};
    if (fields_read(&loader->reader, &table_share_write, &layers, &fields) < 0)
        return -1;
    if (fields.coil.is_given == fields.holding.is_given)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "write: each item needs exactly one of holding and coil");
    const struct codes *codes = fields.coil.is_given ? &fields.coil : &fields.holding;
    if (codes->low < 0 || codes->high > UINT16_MAX)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "write: addresses are 0 to %d", UINT16_MAX);
    *ret_range = (struct share_range){
        .unit_id = (uint8_t)fields.unit,
        .table = fields.coil.is_given ? TABLE_COIL : TABLE_HOLDING,
        .first = (uint16_t)codes->low,
        .last = (uint16_t)codes->high,
    };
    return 0;
}

static int read_ranges(struct site_loader *loader, const struct node *node,
                       struct share_settings *share)
{
    if (!node)
        return 0;
    if (fields_expect_list(&loader->reader, node, "write") < 0)
        return -1;
    struct share_range *ranges =
        ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct share_range);
    for (size_t i = 0; i < node->count; i++) {
        if (read_range(loader, node->children[i].value, &ranges[i]) < 0)
            return -1;
    }
    share->ranges = ranges;
    share->range_count = node->count;
    return 0;
}

// `bus` has the port, or the local page (NULL).
static int error_taken(struct site_loader *loader, const struct node *listen,
                       const struct share_settings *share, const char *host, const char *bus)
{
    char who[120] = "the local page (web)";
    if (bus)
        (void)snprintf(who, sizeof who, "bus '%s'", bus);
    if (strcmp(host, share->host) == 0)
        return diagnostics_error(loader->reader.diagnostics, &listen->at,
                                 "listen: %s is %s at the same place", who,
                                 bus ? "shared" : "served");
    return diagnostics_error(loader->reader.diagnostics, &listen->at,
                             "listen: port %u is taken by %s: %s and %s are not apart; choose "
                             "another port",
                             share->port, who, host, share->host);
}

static int check_listen(struct site_loader *loader, const struct node *listen,
                        const struct share_settings *share)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (!load_is_address(share->host))
        return diagnostics_error(diagnostics, &listen->at,
                                 "listen: '%s' is a name; write an address of this machine: "
                                 "127.0.0.1 for itself alone, 0.0.0.0 for every network",
                                 share->host);
    for (size_t i = 0; i < loader->bus_count; i++) {
        const struct share_settings *other = loader->buses[i].share;
        if (other && load_is_same_place(share->host, share->port, other->host, other->port))
            return error_taken(loader, listen, share, other->host, loader->buses[i].name);
    }
    const struct web_settings *web = &loader->site.web;
    if (web->listen && load_is_address(web->host) &&
        load_is_same_place(share->host, share->port, web->host, web->port))
        return error_taken(loader, listen, share, web->host, NULL);
    if (!load_is_this_machine(share->host))
        diagnostics_warning(diagnostics, &listen->at,
                            "listen: %s can be reached over the network, and Modbus knows no "
                            "passwords: whoever reaches it reads all%s; keep it behind a "
                            "firewall, or listen at 127.0.0.1",
                            share->host,
                            share->range_count ? ", and writes what write allows" : "");
    return 0;
}

int load_share(struct site_loader *loader, const struct node *node,
               const struct share_settings **ret_share)
{
    struct share_fields fields = {0};
    struct layers layers = {{node}};
    struct share_settings *share = ARENA_NEW(loader->reader.arena, struct share_settings);
    struct error err;
    *share = (struct share_settings){0};
    if (fields_read(&loader->reader, &table_share, &layers, &fields) < 0)
        return -1;
    if (config_parse_endpoint(loader->reader.arena, fields.listen->text, 0, &share->host,
                              &share->port, &err) < 0)
        return diagnostics_error(loader->reader.diagnostics, &fields.listen->at, "listen: %s",
                                 err.text);
    if (read_ranges(loader, fields.write, share) < 0 ||
        check_listen(loader, fields.listen, share) < 0)
        return -1;
    *ret_share = share;
    return 0;
}
