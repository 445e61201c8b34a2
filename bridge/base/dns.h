// SPDX-License-Identifier: MIT
// DNS messages, as far as finding the IPv4 address of a name needs them (RFC 1035, section 4;
// RFC 6762, section 18). Pure.
#ifndef BASE_DNS_H
#define BASE_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_MAX_QUERY = 12 + 256 + 4, DNS_MAX_ANSWER = 9000 };

// Writes the question for a name's address. Its length, or 0 when the name is none: parts of 1
// to 63 bytes, 253 in all.
size_t dns_write_query(const char *name, uint16_t id, unsigned char ret_query[DNS_MAX_QUERY]);

// The address of the name in an answer to the question `id`. False when the message is another
// one, is damaged or does not say.
bool dns_find_address(const unsigned char *message, size_t length, const char *name,
                      uint16_t id, struct in_addr *ret_address);

#endif
