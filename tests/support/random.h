// SPDX-License-Identifier: MIT
// Repeatable random numbers: the same seed gives the same test.
#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

// xorshift64*; the state must not be 0.
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DULL;
}

// 0 .. limit - 1.
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((random_next(state) >> 32) % limit);
}

static inline void random_bytes(uint64_t *state, uint8_t *ret_bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ret_bytes[i] = (uint8_t)(random_next(state) >> 32);
}

#endif
