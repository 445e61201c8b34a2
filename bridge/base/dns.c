// SPDX-License-Identifier: MIT
#include "base/dns.h"

#include <string.h>
#include <strings.h>

enum {
    HEADER_SIZE = 12,
    MAX_NAME = 254, // 253 and its NUL
    MAX_PART = 63,
    MAX_RECORDS = 64, // of one message that are looked at
    MAX_JUMPS = 16,   // of a compressed name
    TYPE_A = 1,
    CLASS_IN = 1,
    CLASS_MASK = 0x7FFF, // the bit above means "flush what you know" in multicast answers
    FLAG_ANSWER = 0x8000,
    MASK_FAILED = 0x780F, // opcode and response code
};

struct reader {
    const unsigned char *message;
    size_t length;
    size_t at;
};

// Six numbers of 16 bits: HEADER_SIZE bytes.
struct header {
    unsigned id;
    unsigned flags;
    unsigned questions;
    unsigned answers;
    unsigned authorities;
    unsigned additional;
};

static void put_number(unsigned char *at, unsigned number)
{
    at[0] = (unsigned char)(number >> 8 & 0xFF);
    at[1] = (unsigned char)(number & 0xFF);
}

size_t dns_write_query(const char *name, uint16_t id, unsigned char ret_query[DNS_MAX_QUERY])
{
    memset(ret_query, 0, HEADER_SIZE);
    put_number(ret_query, id);
    put_number(ret_query + 4, 1); // one question
    if (strlen(name) >= MAX_NAME)
        return 0;
    size_t at = HEADER_SIZE;
    for (const char *part = name; *part;) {
        size_t length = strcspn(part, ".");
        if (length == 0 || length > MAX_PART)
            return 0;
        ret_query[at++] = (unsigned char)length;
        memcpy(ret_query + at, part, length);
        at += length;
        part += length + (part[length] == '.');
    }
    ret_query[at++] = 0;
    put_number(ret_query + at, TYPE_A);
    put_number(ret_query + at + 2, CLASS_IN);
    return at == HEADER_SIZE + 1 ? 0 : at + 4;
}

static bool take_number(struct reader *reader, unsigned *ret_number)
{
    if (reader->length - reader->at < 2)
        return false;
    const unsigned char *at = reader->message + reader->at;
    *ret_number = (unsigned)at[0] << 8 | at[1];
    reader->at += 2;
    return true;
}

static bool skip(struct reader *reader, size_t count)
{
    if (reader->length - reader->at < count)
        return false;
    reader->at += count;
    return true;
}

// Appends the part at `at` to a name of `length` bytes; its new length, or 0 when it is too
// long or cut off.
static size_t add_part(const struct reader *reader, size_t at, char name[MAX_NAME],
                       size_t length)
{
    size_t count = reader->message[at];
    size_t dot = length ? 1 : 0;
    if (count > MAX_PART || reader->length - at - 1 < count || length + dot + count >= MAX_NAME)
        return 0;
    if (dot)
        name[length] = '.';
    memcpy(name + length + dot, reader->message + at + 1, count);
    return length + dot + count;
}

// Reads a name, which may go on elsewhere in the message.
static bool take_name(struct reader *reader, char ret_name[MAX_NAME])
{
    size_t at = reader->at;
    size_t length = 0;
    int jumps = 0;
    while (at < reader->length && reader->message[at] != 0) {
        unsigned first = reader->message[at];
        if ((first & 0xC0) == 0xC0) {
            if (reader->length - at < 2 || jumps == MAX_JUMPS)
                return false;
            if (jumps++ == 0)
                reader->at = at + 2;
            at = (first & 0x3F) << 8 | reader->message[at + 1];
            continue;
        }
        length = add_part(reader, at, ret_name, length);
        if (length == 0)
            return false;
        at += 1 + first;
    }
    if (at >= reader->length)
        return false;
    if (jumps == 0)
        reader->at = at + 1;
    ret_name[length] = '\0';
    return true;
}

static bool is_same_name(const char *one, const char *name)
{
    size_t length = strlen(name);
    if (length && name[length - 1] == '.')
        length--;
    return strlen(one) == length && strncasecmp(one, name, length) == 0;
}

// Reads one record; true in *ret_found when it is the address looked for.
static bool take_record(struct reader *reader, const char *name, struct in_addr *ret_address,
                        bool *ret_found)
{
    char owner[MAX_NAME];
    unsigned type = 0;
    unsigned class = 0;
    unsigned size = 0;
    enum { TIME_TO_LIVE_SIZE = 4 };
    if (!take_name(reader, owner) || !take_number(reader, &type) ||
        !take_number(reader, &class) || !skip(reader, TIME_TO_LIVE_SIZE) ||
        !take_number(reader, &size) || reader->length - reader->at < size)
        return false;
    *ret_found = type == TYPE_A && (class & CLASS_MASK) == CLASS_IN &&
                 size == sizeof *ret_address && is_same_name(owner, name);
    if (*ret_found)
        memcpy(ret_address, reader->message + reader->at, sizeof *ret_address);
    return skip(reader, size);
}

static bool take_header(struct reader *reader, struct header *ret_header)
{
    return take_number(reader, &ret_header->id) && take_number(reader, &ret_header->flags) &&
           take_number(reader, &ret_header->questions) &&
           take_number(reader, &ret_header->answers) &&
           take_number(reader, &ret_header->authorities) &&
           take_number(reader, &ret_header->additional);
}

bool dns_find_address(const unsigned char *message, size_t length, const char *name,
                      uint16_t id, struct in_addr *ret_address)
{
    struct reader reader = {message, length, 0};
    struct header header;
    if (!take_header(&reader, &header) || header.id != id || !(header.flags & FLAG_ANSWER) ||
        (header.flags & MASK_FAILED))
        return false;
    char question[MAX_NAME];
    for (unsigned i = 0; i < header.questions; i++) {
        if (i == MAX_RECORDS || !take_name(&reader, question) || !skip(&reader, 4))
            return false;
    }
    unsigned count = header.answers + header.authorities + header.additional;
    for (unsigned i = 0; i < count && i < MAX_RECORDS; i++) {
        bool is_found = false;
        if (!take_record(&reader, name, ret_address, &is_found))
            return false;
        if (is_found)
            return true;
    }
    return false;
}
