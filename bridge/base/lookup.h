// SPDX-License-Identifier: MIT
// From a host's name to its addresses.
#ifndef BASE_LOOKUP_H
#define BASE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
    LOOKUP_MAX_ADDRESSES = 8,
    LOOKUP_ADDRESS_SIZE = 64, // "fe80::1%eth0" and the like, with the NUL
};

// Addresses as numeric texts, best first.
struct addresses {
    char texts[LOOKUP_MAX_ADDRESSES][LOOKUP_ADDRESS_SIZE];
    size_t count;
};

// Whether the host is an address already, which is then the result. Never blocks. Any thread.
bool lookup_numeric(const char *host, struct addresses *ret_addresses);

// Asks the system's resolver, and for a name under .local that it does not know the hosts of
// the local network (multicast DNS). Blocks as long as the resolver does, half a minute when
// the DNS servers are dead: not for a thread that must answer anybody. The multicast part ends
// when `stop_descriptor` becomes readable. ERROR_FAILED with the reason for an operator.
int lookup_name(const char *host, int stop_descriptor, struct addresses *ret_addresses,
                struct error *err);

#endif
