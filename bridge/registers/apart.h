// SPDX-License-Identifier: MIT
// Words of one value that lie apart and came in different requests: whether they belong
// together. Of two requests the first may bring the high word of before a carry, the second the
// low word of after it. Pure; one owner.
#ifndef REGISTERS_APART_H
#define REGISTERS_APART_H

#include <stddef.h>
#include <stdint.h>

enum { APART_NEVER = -1 };

// One of the words.
struct apart {
    int64_t read_ms; // APART_NEVER: not yet, or it was refused
    uint64_t read;   // the number of the request that brought it last
    uint64_t since;  // ... and of the one from which on each has brought the same word
};

// Takes a word over that came at `now_ms` with request number `request` (they ascend).
void apart_store(struct apart *apart, uint16_t *word, uint16_t now_holds, uint64_t request,
                 int64_t now_ms);

// When the oldest of the words came; APART_NEVER when one is missing, or when there was no
// instant at which the equipment is known to have held all of them: each was read then, or was
// the same before and after.
int64_t apart_time(const struct apart *aparts, size_t count);

#endif
