// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include <string.h>

#define FNV_PRIME 0x100000001B3ULL

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *next = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ next[i]) * FNV_PRIME;
    return hash;
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, strlen(text));
}
