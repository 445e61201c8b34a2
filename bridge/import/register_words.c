// SPDX-License-Identifier: MIT
#include "import/register_words.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "config/ucum.h"

static const struct register_type types[] = {
    {"u16", "uint16 word unsigned16 uint", "u16", NULL, 1, false},
    {"i16", "int16 s16 sint16 short signed16 int sunssf", "i16", NULL, 1, false},
    {"u32", "uint32 dword unsigned32 acc32", "u32", NULL, 2, false},
    {"i32", "int32 s32 sint32 long signed32", "i32", NULL, 2, false},
    {"u64", "uint64 unsigned64 acc64", "u64", NULL, 4, false},
    {"i64", "int64 s64 sint64 signed64", "i64", NULL, 4, false},
    {"f32", "float32 float real", "f32", NULL, 2, false},
    {"f64", "float64 double", "f64", NULL, 4, false},
    {"enum16", "enum", "u16", NULL, 1, false},
    {"enum32", "", "u32", NULL, 2, false},
    {"bitfield16", "bits16 bitfield bitmap16 bitmap", "u16", NULL, 1, true},
    {"bitfield32", "bits32 bitmap32", "u32", NULL, 2, true},
    {"bitfield64", "bits64 bitmap64", "u64", NULL, 4, true},
    {"u8lo", "low_byte", "u16", "0..7", 1, false},
    {"u8hi", "high_byte", "u16", "8..15", 1, false},
    {"bcd16", "bcd", "bcd16", NULL, 1, false},
    {"bool", "boolean bit", "bool", NULL, 1, false},
    {"string", "str ascii text char", "string", NULL, 0, false},
    {"ipv4", "ipaddr", "ipv4", NULL, 2, false},
    {"uuid", "", "uuid", NULL, 8, false},
    {"event_list", "", "event_list", NULL, 0, false},
};

static const struct register_table tables[] = {
    {"holding", "holding_register hr fc03 fc3 4x", TABLE_HOLDING},
    {"input", "input_register ir fc04 fc4 3x", TABLE_INPUT},
    {"coil", "coils fc01 fc1 0x", TABLE_COIL},
    {"discrete", "discrete_input di fc02 fc2 1x", TABLE_DISCRETE},
};

static const struct register_access accesses[] = {
    {"r", "ro read read_only", true, false, NULL},
    {"rw", "r/w read/write read_write wr", true, true, "rw"},
    {"w", "wo write write_only", false, true, "w"},
};

// Whether the name is one of those in a list with spaces between them.
static bool is_one_of(const char *names, const char *name)
{
    size_t length = strlen(name);
    while (*names) {
        size_t end = strcspn(names, " ");
        if (end == length && strncasecmp(names, name, length) == 0)
            return true;
        names += end + (names[end] == ' ');
    }
    return false;
}

// How each of the tables above begins.
struct named {
    const char *name;
    const char *aliases;
};

// Index of a table's row; `count` when there is none.
static size_t find_row(const void *rows, size_t count, size_t size, const char *name,
                       struct suggestion *suggestion)
{
    for (size_t i = 0; i < count; i++) {
        struct named row;
        memcpy(&row, (const char *)rows + i * size, sizeof row);
        if (strcasecmp(row.name, name) == 0 || is_one_of(row.aliases, name))
            return i;
        suggest_candidate(suggestion, row.name);
    }
    return count;
}

const struct register_type *register_type_find(const char *name, struct suggestion *suggestion)
{
    size_t row = find_row(types, ARRAY_LENGTH(types), sizeof types[0], name, suggestion);
    return row < ARRAY_LENGTH(types) ? &types[row] : NULL;
}

const struct register_table *register_table_find(const char *name,
                                                 struct suggestion *suggestion)
{
    size_t row = find_row(tables, ARRAY_LENGTH(tables), sizeof tables[0], name, suggestion);
    return row < ARRAY_LENGTH(tables) ? &tables[row] : NULL;
}

const struct register_access *register_access_find(const char *name,
                                                   struct suggestion *suggestion)
{
    size_t row =
        find_row(accesses, ARRAY_LENGTH(accesses), sizeof accesses[0], name, suggestion);
    return row < ARRAY_LENGTH(accesses) ? &accesses[row] : NULL;
}

const struct register_type *register_type_of_size(int words)
{
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (types[i].words == words && words <= 2)
            return &types[i];
    }
    return NULL;
}

const char *register_unit(const char *unit)
{
    const char *ucum = ucum_meant(unit);
    return ucum ? ucum : unit;
}
