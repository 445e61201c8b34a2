// SPDX-License-Identifier: MIT
// web: of a site, the local page that modbridge-web serves.
#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "config/endpoint.h"
#include "config/load_site.h"

struct web_fields {
    const struct node *listen;
    const char *token_file;
    bool commands;
};

static const struct field web_rows[] = {
    {.name = "listen",
     .kind = FIELD_FORMULA,
     FIELD_AT(web_fields, listen),
     .required = true,
     .shape = "ADDRESS:PORT",
     .help = "where modbridge-web serves the local page"},
    {.name = "token_file",
     .kind = FIELD_TEXT,
     FIELD_AT(web_fields, token_file),
     .shape = "path",
     .help = "file that holds the token which everybody must give, and nothing else; only its "
             "owner may read it; required unless listen is this machine alone"},
    {.name = "commands",
     .kind = FIELD_BOOL,
     FIELD_AT(web_fields, commands),
     .initial = "false",
     .help = "whether commands may be sent from the page"},
};

const struct field_table table_web = {
    .name = "web", .rows = web_rows, .count = ARRAY_LENGTH(web_rows)};

bool load_is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

bool load_is_this_machine(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

// As IPv6 sees it: 192.168.1.2 is ::ffff:192.168.1.2 (RFC 4291, 2.5.5.2).
static struct in6_addr as_ipv6(const char *host)
{
    struct in6_addr six = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    if (inet_pton(AF_INET, host, &six.s6_addr[12]) != 1)
        (void)inet_pton(AF_INET6, host, &six);
    return six;
}

// Whether who listens at `a` gets what is sent to `b`: 0.0.0.0 is every address of IPv4, ::
// every one there is.
static bool covers(const struct in6_addr *a, const struct in6_addr *b)
{
    static const uint8_t nothing[4];
    bool is_every_ipv4 = IN6_IS_ADDR_V4MAPPED(a) && memcmp(&a->s6_addr[12], nothing, 4) == 0;
    return IN6_IS_ADDR_UNSPECIFIED(a) || (is_every_ipv4 && IN6_IS_ADDR_V4MAPPED(b)) ||
           IN6_ARE_ADDR_EQUAL(a, b);
}

bool load_is_same_place(const char *host, uint16_t port, const char *other, uint16_t other_port)
{
    struct in6_addr a = as_ipv6(host);
    struct in6_addr b = as_ipv6(other);
    return port == other_port && (covers(&a, &b) || covers(&b, &a));
}

static int check_listen(struct site_loader *loader, const struct node *listen,
                        const struct web_settings *web)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (!load_is_address(web->host))
        return diagnostics_error(diagnostics, &listen->at,
                                 "listen: '%s' is a name; write an address of this machine: "
                                 "127.0.0.1 for itself alone, 0.0.0.0 for every network",
                                 web->host);
    if (!load_is_this_machine(web->host) && !web->token_path)
        return diagnostics_error(diagnostics, &listen->at,
                                 "listen: %s can be reached over the network: give token_file, "
                                 "or listen at 127.0.0.1",
                                 web->host);
    return 0;
}

void load_web(struct site_loader *loader, const struct node *node)
{
    struct web_fields fields = {0};
    struct layers layers = {{node}};
    struct web_settings *web = &loader->site.web;
    struct error err;
    if (!node || fields_read(&loader->reader, &table_web, &layers, &fields) < 0)
        return;
    if (config_parse_endpoint(loader->reader.arena, fields.listen->text, 0, &web->host,
                              &web->port, &err) < 0) {
        (void)diagnostics_error(loader->reader.diagnostics, &fields.listen->at, "listen: %s",
                                err.text);
        return;
    }
    web->listen = fields.listen->text;
    web->token_path = fields.token_file ? load_site_path(loader, fields.token_file) : NULL;
    web->allows_commands = fields.commands;
    (void)check_listen(loader, fields.listen, web);
}
