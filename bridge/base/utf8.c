// SPDX-License-Identifier: MIT
#include "base/utf8.h"

#include <stddef.h>
#include <string.h>

// The length a character says of itself in its first byte (RFC 3629, section 3).
static size_t character_length(unsigned char first)
{
    if (first >= 0xF0)
        return 4;
    if (first >= 0xE0)
        return 3;
    return first >= 0xC0 ? 2 : 1;
}

void utf8_mend_end(char *text)
{
    size_t length = strlen(text);
    for (size_t back = 1; back <= 4 && back <= length; back++) {
        unsigned char byte = (unsigned char)text[length - back];
        if ((byte & 0xC0) == 0x80)
            continue; // not the first byte of a character
        if (character_length(byte) > back)
            text[length - back] = '\0';
        return;
    }
}
