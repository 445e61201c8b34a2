// SPDX-License-Identifier: MIT
#include "config/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"

enum { MAX_HOST = 253 }; // RFC 1035, section 2.3.4

static bool is_name(const char *host)
{
    size_t length = strlen(host);
    if (length == 0 || length > MAX_HOST || host[0] == '-' || host[0] == '.')
        return false;
    for (const char *at = host; *at; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '.' && *at != '_')
            return false;
    }
    return true;
}

// Digits and dots only: it must then be a whole IPv4 address, since libraries take "127.1" or
// "0x7f.1" for addresses nobody meant.
static bool is_numeric(const char *host)
{
    return host[strspn(host, "0123456789.")] == '\0';
}

static int check_host(const char *host, bool in_brackets, struct error *err)
{
    struct in6_addr address;
    if (in_brackets)
        return inet_pton(AF_INET6, host, &address) == 1
                   ? 0
                   : error_set(err, ERROR_CONFIG, "'%s' is not an IPv6 address", host);
    if (is_numeric(host))
        return inet_pton(AF_INET, host, &address) == 1
                   ? 0
                   : error_set(err, ERROR_CONFIG,
                               "'%s' is not an IPv4 address: four numbers from 0 to 255, such "
                               "as 192.168.1.61",
                               host);
    if (!is_name(host))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is no host: an address such as 192.168.1.61, a name, or an IPv6 "
                         "address in brackets",
                         host);
    return 0;
}

static int parse_port(const char *text, uint16_t default_port, uint16_t *ret_port,
                      struct error *err)
{
    int64_t port = default_port;
    if (!text && default_port == 0)
        return error_set(err, ERROR_CONFIG, "the port is missing: write HOST:PORT");
    if (text && (!num_parse_int(text, &port) || port < 1 || port > 65535))
        return error_set(err, ERROR_CONFIG, "'%s' is not a port: a number from 1 to 65535",
                         text);
    *ret_port = (uint16_t)port;
    return 0;
}

int config_parse_endpoint(struct arena *arena, const char *text, uint16_t default_port,
                          const char **ret_host, uint16_t *ret_port, struct error *err)
{
    bool in_brackets = text[0] == '[';
    const char *host = in_brackets ? text + 1 : text;
    size_t length = strcspn(host, in_brackets ? "]" : ":");
    const char *rest = host + length;
    if (in_brackets && *rest++ != ']')
        return error_set(err, ERROR_CONFIG, "'%s': the bracket is not closed", text);
    if (*rest && *rest != ':')
        return error_set(err, ERROR_CONFIG, "'%s': ':PORT' is expected behind the bracket",
                         text);
    if (!in_brackets && *rest && strchr(rest + 1, ':'))
        return error_set(err, ERROR_CONFIG, "'%s': write an IPv6 address in brackets", text);
    char *copy = arena_copy(arena, host, length);
    uint16_t port = 0;
    if (check_host(copy, in_brackets, err) != 0 ||
        parse_port(*rest ? rest + 1 : NULL, default_port, &port, err) != 0)
        return -1;
    *ret_host = copy;
    *ret_port = port;
    return 0;
}
