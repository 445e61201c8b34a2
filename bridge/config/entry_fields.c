// SPDX-License-Identifier: MIT
// The keys of an entry: data.
#include "base/mem.h"
#include "config/load.h"

const struct word type_words[] = {
    {"bool", TYPE_BOOL},
    {"u16", TYPE_U16},
    {"i16", TYPE_I16},
    {"u32", TYPE_U32},
    {"i32", TYPE_I32},
    {"u64", TYPE_U64},
    {"i64", TYPE_I64},
    {"f32", TYPE_F32},
    {"f64", TYPE_F64},
    {"bcd16", TYPE_BCD16},
    {"string", TYPE_STRING},
    {"uuid", TYPE_UUID},
    {"ipv4", TYPE_IPV4},
    {"event_list", TYPE_EVENT_LIST},
    {0},
};

static const struct word orders[] = {{"big", ORDER_BIG}, {"little", ORDER_LITTLE}, {0}};
static const struct word accesses[] = {
    {"r", ACCESS_READ}, {"rw", ACCESS_READ_WRITE}, {"w", ACCESS_WRITE}, {0}};
static const struct word write_functions[] = {
    {"single", WRITE_SINGLE}, {"multiple", WRITE_MULTIPLE}, {0}};
static const struct word publishes[] = {{"string", PUBLISH_STRING},
                                        {"integer", PUBLISH_INTEGER},
                                        {"float", PUBLISH_FLOAT},
                                        {"boolean", PUBLISH_BOOLEAN},
                                        {0}};
static const struct word moments[] = {{"connect", EVERY_CONNECT}, {0}};

// clang-format off
static const struct field entry_rows[] = {
    {.name = "holding", .kind = FIELD_NODE, FIELD_AT(entry_fields, tables[TABLE_HOLDING]), .shape = "address, formula or list of them",
     .help = "address of a holding register; a list, low word first or as word_order says, when words lie apart"},
    {.name = "input", .kind = FIELD_NODE, FIELD_AT(entry_fields, tables[TABLE_INPUT]), .shape = "address, formula or list of them",
     .help = "address of an input register"},
    {.name = "coil", .kind = FIELD_NODE, FIELD_AT(entry_fields, tables[TABLE_COIL]), .shape = "address or formula",
     .help = "address of a coil"},
    {.name = "discrete", .kind = FIELD_NODE, FIELD_AT(entry_fields, tables[TABLE_DISCRETE]), .shape = "address or formula",
     .help = "address of a discrete input"},
    {.name = "from", .kind = FIELD_FORMULA, FIELD_AT(entry_fields, from), .shape = "name",
     .help = "another entry whose words this one is made of, in its own way"},
    {.name = "value", .kind = FIELD_FORMULA, FIELD_AT(entry_fields, value),
     .help = "formula: alone a computed entry; beside an address instead of scale and offset, with raw as the register's number"},
    {.name = "type", .kind = FIELD_WORD, FIELD_AT(entry_fields, type), .words = type_words,
     .help = "what the words are; bool for coils and discrete inputs"},
    {.name = "length", .kind = FIELD_INT, FIELD_AT(entry_fields, length), .min = 1, .max = MAX_POINT_WORDS,
     .help = "registers of a string or an event_list, its count word included"},
    {.name = "word_order", .kind = FIELD_WORD, FIELD_AT(entry_fields, word_order), .words = orders, .by_parameter = true,
     .help = "instead of the one under modbus"},
    {.name = "byte_order", .kind = FIELD_WORD, FIELD_AT(entry_fields, byte_order), .words = orders, .by_parameter = true,
     .help = "instead of the one under modbus"},
    {.name = "invalid", .kind = FIELD_NODE, FIELD_AT(entry_fields, invalid), .shape = "number or list of numbers",
     .help = "bit patterns of the whole value that mean 'no value'; [] for none; a view without has those of the entry it looks at"},
    {.name = "bits", .kind = FIELD_CODES, FIELD_AT(entry_fields, bits),
     .help = "the bits of the value that are meant: 0 is the lowest; 3 or 0..1"},
    {.name = "scale", .kind = FIELD_FORMULA, FIELD_AT(entry_fields, scale), .initial = "1",
     .help = "number or formula the register's number is multiplied by"},
    {.name = "sf", .kind = FIELD_FORMULA, FIELD_AT(entry_fields, sf), .shape = "name",
     .help = "entry with the power of ten the number is multiplied by (SunSpec scale factor)"},
    {.name = "offset", .kind = FIELD_DECIMAL, FIELD_AT(entry_fields, offset), .initial = "0",
     .help = "added after scale"},
    {.name = "range", .kind = FIELD_INTERVAL, FIELD_AT(entry_fields, range), .shape = "[low, high]",
     .help = "values outside are not published and not written"},
    {.name = "enum", .kind = FIELD_NODE, FIELD_AT(entry_fields, labels), .shape = "{code: label, a..b: label, otherwise: label}, or a list of texts on computed entries",
     .help = "labels of the codes; true and false make the entry boolean"},
    {.name = "decimals", .kind = FIELD_INT, FIELD_AT(entry_fields, decimals), .max = 15,
     .help = "digits after the point; default: what scale and type imply"},
    {.name = "publish", .kind = FIELD_WORD, FIELD_AT(entry_fields, publish), .words = publishes,
     .help = "published type, where it does not follow from type, scale and enum"},
    {.name = "every", .kind = FIELD_DURATION, FIELD_AT(entry_fields, every_ms), .words = moments, .max = 86400000,
     .help = "period; connect: once per connection; 0s: as often as the bus allows"},
    {.name = "when", .kind = FIELD_FORMULA, FIELD_AT(entry_fields, when),
     .help = "condition: not read, published or written while it is false or unknown"},
    {.name = "optional", .kind = FIELD_BOOL, FIELD_AT(entry_fields, optional), .initial = "false",
     .help = "a refusal of the equipment means 'not fitted'"},
    {.name = "alone", .kind = FIELD_BOOL, FIELD_AT(entry_fields, alone), .initial = "false",
     .help = "read in a request of its own"},
    {.name = "wear", .kind = FIELD_BOOL, FIELD_AT(entry_fields, wear), .initial = "false",
     .help = "kept in flash or EEPROM: compared before it is written, writes are counted"},
    {.name = "hold", .kind = FIELD_BOOL, FIELD_AT(entry_fields, hold), .initial = "false",
     .help = "the equipment forgets it unless it is written again and again"},
    {.name = "unit_id", .kind = FIELD_FORMULA, FIELD_AT(entry_fields, unit_id), .shape = "number, parameter or formula over parameters",
     .help = "unit id, where a device answers to several"},
    {.name = "access", .kind = FIELD_WORD, FIELD_AT(entry_fields, access), .words = accesses, .initial = "r",
     .help = "r, rw, or w for what cannot be read"},
    {.name = "write_function", .kind = FIELD_WORD, FIELD_AT(entry_fields, write_function), .words = write_functions, .by_parameter = true,
     .help = "single (functions 5 and 6) or multiple (15 and 16)"},
    {.name = "display_name", .kind = FIELD_TEXT, FIELD_AT(entry_fields, display_name), .help = "name for people; default: made from the key"},
    {.name = "description", .kind = FIELD_TEXT, FIELD_AT(entry_fields, description), .help = "what it is, for people"},
    {.name = "unit", .kind = FIELD_TEXT, FIELD_AT(entry_fields, unit), .help = "unit after scaling, in UCUM: W, Wh, V, Cel, %"},
    {.name = "repeat", .kind = FIELD_NODE, FIELD_AT(entry_fields, repeat), .shape = "{name: 1..4} or {name: [..]}",
     .help = "writes the entry out several times, {name} replaced in keys and texts"},
    {.name = "use", .kind = FIELD_NODE, FIELD_AT(entry_fields, use), .shape = "name or list of two names",
     .help = "presets whose keys this entry has too"},
};
// clang-format on

const struct field_table table_entry = {
    .name = "an entry",
    .help = "one value: a register, a view of another entry's words, or a computed value",
    .rows = entry_rows,
    .count = ARRAY_LENGTH(entry_rows),
};
