// SPDX-License-Identifier: MIT
#include "cli/hosts.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"
#include "config/endpoint.h"

enum { LARGEST_NETWORK = 22, ADDRESS_BITS = 32, LAST_OCTET = 255 };

struct parser {
    struct arena *arena;
    uint16_t default_port;
    struct hosts *hosts;
    struct error *err;
};

static int add(struct parser *parser, const char *name, uint16_t port)
{
    struct hosts *hosts = parser->hosts;
    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->items[i].port == port && strcmp(hosts->items[i].name, name) == 0)
            return 0;
    }
    if (hosts->count == MAX_HOSTS)
        return error_set(parser->err, ERROR_USAGE, "more than %d hosts", MAX_HOSTS);
    hosts->items[hosts->count++] = (struct host){name, port};
    return 0;
}

static int add_number(struct parser *parser, uint32_t address, uint16_t port)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr in = {.s_addr = htonl(address)};
    (void)inet_ntop(AF_INET, &in, text, sizeof text);
    return add(parser, arena_text(parser->arena, text), port);
}

static int parse_one(const struct parser *parser, const char *text, const char **ret_name,
                     uint16_t *ret_port)
{
    int failed = config_parse_endpoint(parser->arena, text, parser->default_port, ret_name,
                                       ret_port, parser->err);
    if (failed)
        parser->err->code = ERROR_USAGE;
    return failed;
}

// The number of an IPv4 address; false for anything else.
static bool parse_address(const char *name, uint32_t *ret_address)
{
    struct in_addr in;
    if (inet_pton(AF_INET, name, &in) != 1)
        return false;
    *ret_address = ntohl(in.s_addr);
    return true;
}

// "192.168.1.0/28", "192.168.1.0/28:1502": `slash` is where its bits are told.
static int add_network(struct parser *parser, const char *text, const char *slash)
{
    const char *colon = strchr(slash, ':');
    size_t digits = colon ? (size_t)(colon - slash - 1) : strlen(slash + 1);
    const char *address_text =
        arena_printf(parser->arena, "%.*s%s", (int)(slash - text), text, colon ? colon : "");
    const char *bits_text = arena_copy(parser->arena, slash + 1, digits);
    const char *name = NULL;
    uint16_t port = 0;
    uint32_t address = 0;
    int64_t bits = 0;
    if (parse_one(parser, address_text, &name, &port) != 0)
        return -1;
    if (!parse_address(name, &address) || !num_parse_int(bits_text, &bits) ||
        bits < LARGEST_NETWORK || bits > ADDRESS_BITS)
        return error_set(parser->err, ERROR_USAGE,
                         "'%s' is no network: an IPv4 address and /%d to /%d, such as "
                         "192.168.1.0/24",
                         text, LARGEST_NETWORK, ADDRESS_BITS);
    uint32_t size = 1U << (ADDRESS_BITS - bits);
    uint32_t first = address & ~(size - 1);
    // The network itself and its broadcast address are no hosts (RFC 950, RFC 3021).
    uint32_t edge = size > 2;
    for (uint32_t i = edge; i < size - edge; i++) {
        if (add_number(parser, first + i, port) != 0)
            return -1;
    }
    return 0;
}

// "192.168.1.10-40": `dash` is where the last number of the range is told.
static int add_range(struct parser *parser, const char *text, const char *dash)
{
    const char *colon = strchr(dash, ':');
    size_t digits = colon ? (size_t)(colon - dash - 1) : strlen(dash + 1);
    const char *first_text =
        arena_printf(parser->arena, "%.*s%s", (int)(dash - text), text, colon ? colon : "");
    const char *last_text = arena_copy(parser->arena, dash + 1, digits);
    const char *name = NULL;
    uint16_t port = 0;
    uint32_t first = 0;
    int64_t last = 0;
    if (parse_one(parser, first_text, &name, &port) != 0)
        return -1;
    if (!parse_address(name, &first) || !num_parse_int(last_text, &last) ||
        last < (first & LAST_OCTET) || last > LAST_OCTET)
        return error_set(parser->err, ERROR_USAGE,
                         "'%s' is no range: the last number of an IPv4 address from a to b, "
                         "such as 192.168.1.10-40",
                         text);
    for (uint32_t address = first; (address & LAST_OCTET) <= last; address++) {
        if (add_number(parser, address, port) != 0)
            return -1;
        if ((address & LAST_OCTET) == LAST_OCTET)
            break;
    }
    return 0;
}

static int add_part(struct parser *parser, const char *text)
{
    const char *name = NULL;
    uint16_t port = 0;
    bool is_number = strspn(text, "0123456789.-/:") == strlen(text);
    const char *slash = strchr(text, '/');
    const char *dash = strchr(text, '-');
    if (!*text)
        return error_set(parser->err, ERROR_USAGE, "a host is missing between the commas");
    if (slash)
        return add_network(parser, text, slash);
    if (is_number && dash)
        return add_range(parser, text, dash);
    if (parse_one(parser, text, &name, &port) != 0)
        return -1;
    return add(parser, name, port);
}

int hosts_parse(struct arena *arena, const char *text, uint16_t default_port,
                struct hosts *ret_hosts, struct error *err)
{
    struct parser parser = {arena, default_port, ret_hosts, err};
    ret_hosts->count = 0;
    for (const char *at = text;;) {
        size_t length = strcspn(at, ",");
        if (add_part(&parser, arena_copy(arena, at, length)) != 0)
            return -1;
        if (at[length] == '\0')
            return 0;
        at += length + 1;
    }
}
