// SPDX-License-Identifier: MIT
// FNV-1a, 64 bits: to tell texts and forms apart, not against an enemy. Its values are kept on
// disk (notes, command records), so they never change. Pure, any thread.
// Source: Fowler, Noll, Vo: the FNV non-cryptographic hash algorithm (IETF draft-eastlake-fnv).
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START 0xCBF29CE484222325ULL

// The hash of what `hash` stands for (HASH_START: nothing) followed by `length` bytes.
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length);

// The same for a text without its NUL.
uint64_t hash_text(uint64_t hash, const char *text);

#endif
