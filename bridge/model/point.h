// SPDX-License-Identifier: MIT
// One entry of a map: a register value, a view of another entry's words, or a computed value.
// Data of a map's generation: const after load, any thread.
#ifndef MODEL_POINT_H
#define MODEL_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/position.h"
#include "model/value.h"

struct formula; // registers/formula.h

// The four tables of the Modbus data model (Modbus Application Protocol V1.1b3, section 4.3).
enum table {
    TABLE_COIL,     // read FC 1, written FC 5 and 15
    TABLE_DISCRETE, // read FC 2
    TABLE_HOLDING,  // read FC 3, written FC 6 and 16
    TABLE_INPUT,    // read FC 4
    TABLE_COUNT,
};

// "coil", "discrete", "holding", "input": the words of a map.
extern const char *const table_names[TABLE_COUNT];

// Whether the table holds single bits (coils and discrete inputs) instead of registers.
bool table_is_bits(enum table table);

enum point_type {
    TYPE_BOOL,
    TYPE_U16,
    TYPE_I16,
    TYPE_U32,
    TYPE_I32,
    TYPE_U64,
    TYPE_I64,
    TYPE_F32,
    TYPE_F64,
    TYPE_BCD16,
    TYPE_STRING,
    TYPE_UUID,
    TYPE_IPV4,
    TYPE_EVENT_LIST,
    TYPE_COUNT,
};

enum section {
    SECTION_REGISTERS, // read for other entries' sake or written; not published
    SECTION_TELEMETRY,
    SECTION_PROPERTIES,
    SECTION_COUNT,
};

enum source {
    SOURCE_WORDS,   // an address
    SOURCE_VIEW,    // from: another entry's words
    SOURCE_FORMULA, // value: alone
};

enum order { ORDER_BIG, ORDER_LITTLE };

enum access { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_READ_WRITE = 3 };

enum write_function { WRITE_AUTO, WRITE_SINGLE, WRITE_MULTIPLE };

enum publish { PUBLISH_AUTO, PUBLISH_STRING, PUBLISH_INTEGER, PUBLISH_FLOAT, PUBLISH_BOOLEAN };

enum {
    EVERY_CONNECT = -1, // once per connection
    EVERY_NEED = -2,    // only when a command reads it
    MAX_INVALID = 4,    // "no value" patterns of one entry
    MAX_POINT_WORDS = 125,
    MAX_PARTS = 4, // words that lie apart
    NO_INDEX = -1,
};

// A code, or a range of codes, and its label.
struct label {
    int64_t low;
    int64_t high;
    const char *text;
};

struct labels {
    const struct label *rows; // in the order of the map
    size_t count;
    const char *otherwise; // the label of codes without one, or NULL: they are not published
    bool is_boolean;       // all labels are true or false: the entry is boolean
};

struct point {
    const char *key;
    const char *display_name; // NULL: made from the key
    const char *description;
    const char *unit; // UCUM; NULL: none
    struct position at;
    enum section section;
    enum source source;

    // SOURCE_WORDS
    enum table table;
    int unit_id;   // 0..255, or NO_INDEX: the device's
    uint8_t model; // 1..: addresses count from the id word of this SunSpec model of the map
                   // (map->models[model - 1]); SUNSPEC_NONE: PDU addresses
    uint16_t address;
    uint16_t parts[MAX_PARTS]; // addresses of words that lie apart, in order of the map
    uint8_t part_count;        // 0: the words follow each other from `address`
    uint16_t word_count;       // registers, or 1 for a bit
    enum access access;
    enum write_function write_function;

    // SOURCE_VIEW: index of the entry with the words (never itself a view); else NO_INDEX
    int from;

    // How the words become a value (not for SOURCE_FORMULA)
    enum point_type type;
    enum order word_order;
    enum order byte_order;
    uint64_t invalid[MAX_INVALID]; // bit patterns of the whole value
    uint8_t invalid_count;
    int8_t bit_low; // bits: a..b, or NO_INDEX
    int8_t bit_high;
    struct decimal scale; // 1 unless given
    struct decimal offset;
    const struct formula *scale_formula; // scale given as a formula over entries; else NULL
    int sf; // index of the entry with the power of ten, or NO_INDEX

    const struct formula *formula; // value:, of a computed entry or instead of scale and offset

    // What is published
    bool has_range;
    double range_low;
    double range_high;
    const struct labels *labels; // enum:, or NULL
    int decimals;                // 0.., or DECIMALS_*: what scale and type imply
    enum publish publish;        // resolved: never PUBLISH_AUTO after load

    // When it is read
    int64_t
        every_ms; // effective period, 0 (as often as the bus allows), EVERY_CONNECT, EVERY_NEED
    const struct formula *when;
    bool optional;
    bool alone;
    bool wear;
    bool hold;
};

#endif
