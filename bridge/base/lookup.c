// SPDX-License-Identifier: MIT
#include "base/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>

#include "base/mdns.h"

static int look_up(const char *host, int flags, struct addresses *ret_addresses)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0)
        return code;
    struct addresses addresses = {.count = 0};
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        if (addresses.count < LOOKUP_MAX_ADDRESSES &&
            getnameinfo(at->ai_addr, at->ai_addrlen, addresses.texts[addresses.count],
                        LOOKUP_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0)
            addresses.count++;
    }
    freeaddrinfo(found);
    *ret_addresses = addresses;
    return addresses.count ? 0 : EAI_NONAME;
}

bool lookup_numeric(const char *host, struct addresses *ret_addresses)
{
    return look_up(host, AI_NUMERICHOST, ret_addresses) == 0;
}

static bool ask_neighbours(const char *host, int stop_descriptor,
                           struct addresses *ret_addresses)
{
    struct in_addr address;
    if (!mdns_look_up(host, stop_descriptor, &address))
        return false;
    ret_addresses->count = 1;
    return inet_ntop(AF_INET, &address, ret_addresses->texts[0], LOOKUP_ADDRESS_SIZE) != NULL;
}

int lookup_name(const char *host, int stop_descriptor, struct addresses *ret_addresses,
                struct error *err)
{
    int code = look_up(host, AI_ADDRCONFIG, ret_addresses);
    if (code == EAI_ADDRFAMILY || code == EAI_NONAME)
        code = look_up(host, 0, ret_addresses); // only loopback is up: no family is configured
    int number = errno;                         // of EAI_SYSTEM
    if (code == 0 ||
        (mdns_is_local(host) && ask_neighbours(host, stop_descriptor, ret_addresses)))
        return 0;
    if (mdns_is_local(host))
        return error_set(err, ERROR_FAILED,
                         "no host of the local network answers to this name; is it switched on "
                         "and in the same network?");
    return error_set(err, ERROR_FAILED,
                     "cannot find the address of this name (%s); check the name and the DNS "
                     "settings",
                     code == EAI_SYSTEM ? error_reason(number) : gai_strerror(code));
}
