// SPDX-License-Identifier: MIT
#include "registers/codec_text.h"

#include <ctype.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "registers/codec_describe.h"
#include "registers/codec_order.h"
#include "registers/codec_type.h"

enum { UUID_LENGTH = 36, IPV4_SIZE = 16, MAX_TEXT_BYTES = 2 * MAX_POINT_WORDS };

static const char replacement[] = "\xEF\xBF\xBD"; // U+FFFD

// `size` bytes of the space, or NULL when there are no more.
static char *take(struct codec_space *space, size_t size, size_t alignment)
{
    size_t start = (space->used + alignment - 1) & ~(alignment - 1);
    if (start > sizeof space->bytes || size > sizeof space->bytes - start)
        return NULL;
    space->used = start + size;
    return space->bytes + start;
}

// The first byte of a character says its length and what its second byte may be (RFC 3629,
// section 4).
static const struct lead {
    unsigned char first, last;
    unsigned char length;
    unsigned char second_low, second_high;
} leads[] = {
    {0x20, 0x7E, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

// Length of the printable character at the start, or 0 when there is none.
static size_t character_length(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    for (size_t i = 0; i < ARRAY_LENGTH(leads); i++) {
        const struct lead *lead = &leads[i];
        if (at[0] < lead->first || at[0] > lead->last)
            continue;
        if (lead->length > length)
            return 0;
        if (lead->length > 1 && (at[1] < lead->second_low || at[1] > lead->second_high))
            return 0;
        if (at[0] == 0xC2 && at[1] < 0xA0)
            return 0; // the control characters U+0080 to U+009F
        for (size_t j = 2; j < lead->length; j++) {
            if ((at[j] & 0xC0) != 0x80)
                return 0;
        }
        return lead->length;
    }
    return 0;
}

bool codec_text_is_clean(const char *bytes, size_t length)
{
    while (length) {
        size_t character = character_length(bytes, length);
        if (!character)
            return false;
        bytes += character;
        length -= character;
    }
    return true;
}

static bool is_filler(char c)
{
    return c == ' ' || c == '\xFF';
}

size_t codec_text_trim(const char *bytes, size_t length, const char **ret_start)
{
    while (length && is_filler(bytes[length - 1]))
        length--;
    while (length && is_filler(*bytes)) {
        bytes++;
        length--;
    }
    *ret_start = bytes;
    return length;
}

static void to_bytes(const struct point *point, const uint16_t *words, size_t count,
                     char *ret_bytes)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t word = order_word(point, words[i]);
        ret_bytes[2 * i] = (char)(word >> 8);
        ret_bytes[2 * i + 1] = (char)(word & 0xFF);
    }
}

static void from_bytes(const struct point *point, const char *bytes, size_t count,
                       uint16_t *ret_words)
{
    for (size_t i = 0; i < count; i++) {
        unsigned high = (unsigned char)bytes[2 * i];
        unsigned low = (unsigned char)bytes[2 * i + 1];
        ret_words[i] = order_word(point, (uint16_t)(high << 8 | low));
    }
}

// Copies a text, with U+FFFD for every byte that is no part of a printable character.
static struct value clean(const char *bytes, size_t length, struct codec_space *space)
{
    size_t start = space->used;
    for (size_t at = 0; at < length;) {
        size_t good = character_length(bytes + at, length - at);
        size_t size = good ? good : sizeof replacement - 1;
        char *room = take(space, size, 1);
        if (!room) {
            space->used = start;
            return value_unknown();
        }
        memcpy(room, good ? bytes + at : replacement, size);
        at += good ? good : 1;
    }
    return value_text_bytes(space->bytes + start, space->used - start);
}

struct value decode_string(const struct point *point, const uint16_t *words,
                           struct codec_space *space)
{
    char bytes[MAX_TEXT_BYTES];
    to_bytes(point, words, point->word_count, bytes);
    const char *start = NULL;
    size_t length =
        codec_text_trim(bytes, strnlen(bytes, (size_t)point->word_count * 2), &start);
    return length ? clean(start, length, space) : value_absent();
}

static int error_unclean(const struct point *point, struct error *err)
{
    return error_set(err, ERROR_FAILED,
                     "%s: the text has bytes that are no printable UTF-8 characters",
                     point->key);
}

int encode_string(const struct point *point, const struct value *raw, uint16_t *ret_words,
                  struct error *err)
{
    char given[DESCRIPTION_SIZE];
    size_t room = (size_t)point->word_count * 2;
    codec_describe(raw, NULL, given);
    if (raw->kind != VALUE_TEXT)
        return error_set(err, ERROR_FAILED, "%s: %s is not a text", point->key, given);
    if (!codec_text_is_clean(raw->text.bytes, raw->text.length))
        return error_unclean(point, err);
    if (raw->text.length > room)
        return error_set(err, ERROR_FAILED,
                         "%s: %s has %zu bytes, more than the %zu it can hold", point->key,
                         given, raw->text.length, room);
    char bytes[MAX_TEXT_BYTES] = {0};
    memcpy(bytes, raw->text.bytes, raw->text.length);
    from_bytes(point, bytes, point->word_count, ret_words);
    return 0;
}

static bool is_uuid_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

struct value decode_uuid(const struct point *point, const uint16_t *words,
                         struct codec_space *space)
{
    static const char digits[] = "0123456789ABCDEF";
    char bytes[16];
    char *text = take(space, UUID_LENGTH, 1);
    if (!text)
        return value_unknown();
    to_bytes(point, words, 8, bytes);
    size_t nibble = 0;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        if (is_uuid_dash(i)) {
            text[i] = '-';
            continue;
        }
        unsigned byte = (unsigned char)bytes[nibble / 2];
        text[i] = digits[nibble % 2 ? byte & 0xF : byte >> 4];
        nibble++;
    }
    return value_text_bytes(text, UUID_LENGTH);
}

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    if (isxdigit((unsigned char)c))
        return (c | 0x20) - 'a' + 10;
    return -1;
}

static bool parse_uuid(const struct value *raw, char ret_bytes[16])
{
    if (raw->kind != VALUE_TEXT || raw->text.length != UUID_LENGTH)
        return false;
    size_t nibble = 0;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        char c = raw->text.bytes[i];
        int digit = hex_digit(c);
        if (is_uuid_dash(i) ? c != '-' : digit < 0)
            return false;
        if (is_uuid_dash(i))
            continue;
        char *byte = &ret_bytes[nibble / 2];
        *byte = (char)(nibble % 2 ? *byte | digit : digit << 4);
        nibble++;
    }
    return true;
}

int encode_uuid(const struct point *point, const struct value *raw, uint16_t *ret_words,
                struct error *err)
{
    char bytes[16];
    if (!parse_uuid(raw, bytes)) {
        char given[DESCRIPTION_SIZE];
        codec_describe(raw, NULL, given);
        return error_set(err, ERROR_FAILED,
                         "%s: %s is not a UUID such as 01234567-89AB-CDEF-0123-456789ABCDEF",
                         point->key, given);
    }
    from_bytes(point, bytes, 8, ret_words);
    return 0;
}

struct value decode_ipv4(const struct point *point, const uint16_t *words,
                         struct codec_space *space)
{
    char bytes[4];
    char text[IPV4_SIZE];
    to_bytes(point, words, 2, bytes);
    int length =
        snprintf(text, sizeof text, "%d.%d.%d.%d", (unsigned char)bytes[0],
                 (unsigned char)bytes[1], (unsigned char)bytes[2], (unsigned char)bytes[3]);
    char *room = take(space, (size_t)length, 1);
    if (!room)
        return value_unknown();
    memcpy(room, text, (size_t)length);
    return value_text_bytes(room, (size_t)length);
}

// Four numbers 0..255 without leading zeros, which some programs take for octal.
static bool parse_ipv4(const struct value *raw, char ret_bytes[4])
{
    char text[IPV4_SIZE];
    if (raw->kind != VALUE_TEXT || raw->text.length >= sizeof text)
        return false;
    memcpy(text, raw->text.bytes, raw->text.length);
    text[raw->text.length] = '\0';
    if (strspn(text, "0123456789.") != raw->text.length)
        return false;
    char *rest = text;
    for (int i = 0; i < 4; i++) {
        char *part = strsep(&rest, ".");
        int64_t number = 0;
        if (!part || !num_parse_int(part, &number) || number > 255)
            return false;
        ret_bytes[i] = (char)number;
    }
    return rest == NULL;
}

int encode_ipv4(const struct point *point, const struct value *raw, uint16_t *ret_words,
                struct error *err)
{
    char bytes[4];
    if (!parse_ipv4(raw, bytes)) {
        char given[DESCRIPTION_SIZE];
        codec_describe(raw, NULL, given);
        return error_set(err, ERROR_FAILED, "%s: %s is not an address such as 192.168.1.20",
                         point->key, given);
    }
    from_bytes(point, bytes, 2, ret_words);
    return 0;
}

struct value decode_events(const struct point *point, const uint16_t *words,
                           struct codec_space *space)
{
    size_t count = order_word(point, words[0]);
    if (count >= point->word_count)
        return value_unknown(); // more events than registers: codes would be missing
    uint16_t *codes = (void *)take(space, count * sizeof *codes, alignof(uint16_t));
    if (!codes)
        return value_unknown();
    for (size_t i = 0; i < count; i++)
        codes[i] = order_word(point, words[1 + i]);
    return (struct value){.kind = VALUE_EVENTS, .events = {codes, count}};
}

// NOLINTNEXTLINE(readability-non-const-parameter): the signature of a row
int encode_events(const struct point *point, const struct value *raw, uint16_t *ret_words,
                  struct error *err)
{
    (void)raw;
    (void)ret_words;
    return error_set(err, ERROR_FAILED, "%s: a list of events cannot be written", point->key);
}
