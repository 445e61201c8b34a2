// SPDX-License-Identifier: MIT
#include "registers/apart.h"

void apart_store(struct apart *apart, uint16_t *word, uint16_t now_holds, uint64_t request,
                 int64_t now_ms)
{
    if (apart->read_ms == APART_NEVER || *word != now_holds)
        apart->since = request;
    *word = now_holds;
    apart->read = request;
    apart->read_ms = now_ms;
}

int64_t apart_time(const struct apart *aparts, size_t count)
{
    int64_t oldest_ms = aparts[0].read_ms;
    uint64_t from = aparts[0].since;
    uint64_t to = aparts[0].read;
    for (size_t i = 1; i < count; i++) {
        oldest_ms = aparts[i].read_ms < oldest_ms ? aparts[i].read_ms : oldest_ms;
        from = aparts[i].since > from ? aparts[i].since : from;
        to = aparts[i].read < to ? aparts[i].read : to;
    }
    return from <= to ? oldest_ms : APART_NEVER;
}
