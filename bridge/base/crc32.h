// SPDX-License-Identifier: MIT
// CRC-32 as in Ethernet and zlib (polynomial 0x04C11DB7, reflected: 0xEDB88320). Pure, any
// thread. Source: ISO/IEC 3309; RFC 1952, section 8.
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

// The checksum of bytes that follow others with checksum `before`; 0 for the first ones.
uint32_t crc32_add(uint32_t before, const void *bytes, size_t length);

#endif
