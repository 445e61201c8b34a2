// SPDX-License-Identifier: MIT
// Any bytes are an answer from the local network: an address for the name asked for, or none.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char query[DNS_MAX_QUERY];
    struct in_addr address;
    char name[300];
    uint16_t id = size < 2 ? 0 : (uint16_t)(data[0] << 8 | data[1]);
    (void)dns_find_address(data, size, "gateway.local", id, &address);
    size_t length = size < sizeof name ? size : sizeof name - 1;
    memcpy(name, data, length);
    name[length] = '\0';
    // Our own question is no answer to itself.
    size_t written = dns_write_query(name, id, query);
    if (written > DNS_MAX_QUERY || dns_find_address(query, written, name, id, &address))
        abort();
    return 0;
}
