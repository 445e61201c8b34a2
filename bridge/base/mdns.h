// SPDX-License-Identifier: MIT
// Asks the hosts of the local networks for the address of a name under .local: a one-shot query
// of multicast DNS (RFC 6762, section 5.1), which needs no daemon
// (docs/decisions/0012-local-names.md).
#ifndef BASE_MDNS_H
#define BASE_MDNS_H

#include <netinet/in.h>
#include <stdbool.h>

// Whether the name is one that multicast DNS may be asked for: it ends in ".local".
bool mdns_is_local(const char *name);

// Asks on every IPv4 interface, up to three times in five seconds; blocks that long at most,
// and ends at once when `stop_descriptor` becomes readable. False when nobody answers.
bool mdns_look_up(const char *name, int stop_descriptor, struct in_addr *ret_address);

#endif
