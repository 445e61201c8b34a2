// SPDX-License-Identifier: MIT
// A kind of device: its entries, alerts and commands, in the order of the file. Const after
// load, any thread; owned by the arena of its configuration generation.
#ifndef MODEL_MAP_H
#define MODEL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/command.h"
#include "model/point.h"
#include "model/sunspec.h"

struct simulation;

enum {
    GAP_AUTO = -1,
    DEFAULT_ANSWER_TIMEOUT_MS = 1000, // of a device whose map says nothing
};

// A range of addresses of one table.
struct span {
    enum table table;
    uint16_t address;
    uint16_t count;
    uint8_t model; // as of a point
};

// What a unit was found to refuse, although the map asks for it.
enum refusal_kind {
    REFUSAL_RANGE,  // these addresses, in whatever request
    REFUSAL_LENGTH, // a request for so many at once
    REFUSAL_BORDER, // a request that reads on from one address into the next
    REFUSAL_KIND_COUNT,
};

struct refusal {
    enum refusal_kind kind;
    int unit_id;       // or NO_INDEX: the device's
    struct span span;  // what is refused; asked again now and then
    uint16_t split;    // of a length: so many are granted; of a border: the address behind it
    uint8_t exception; // what it answered
    bool optional;     // entries that are not fitted: no news to anybody, and not kept
};

// How a family of devices wants to be talked to (modbus: of a map, overridden by the site).
struct modbus_settings {
    enum order word_order;
    enum order byte_order;
    int address_base;   // what the map's addresses count from: 0 (zero_based) or 1; modicon: 2
    int max_registers;  // per request, 1..125
    int max_bits;       // per request, 1..2000
    int merge_gap;      // unlisted registers a request may span, or GAP_AUTO
    int64_t min_gap_ms; // pause between two requests to this device
    int64_t connect_delay_ms; // pause after connecting
    int64_t timeout_ms;       // ceiling of one answer's wait
    int64_t every_ms;         // default period of telemetry
    int64_t verify_within_ms; // until a write must read back
    enum write_function write_function;
    const struct span *blocks; // exact requests the firmware wants
    size_t block_count;
    const struct span *unreadable; // never inside a request
    size_t unreadable_count;
    const uint16_t *sunspec; // PDU addresses where the chain of SunSpec models may begin
    size_t sunspec_count;
};

enum alert_kind { ALERT_BIT, ALERT_CODE, ALERT_OTHERWISE, ALERT_CONDITION };

struct alert {
    const char *key;
    struct position at;
    enum alert_kind kind;
    int from;          // index of the entry whose bit or code it is; NO_INDEX for a condition
    int bit;           // ALERT_BIT: 0.. of the whole value
    int64_t code;      // ALERT_CODE: a code of an event_list, or the value of a number
    int64_t code_high; // ALERT_CODE: end of a range, else equal to code
    const struct formula *when; // ALERT_CONDITION; beside a source: only while true
    enum severity severity;
    const char *display_name;
    const char *description;
    const char *const *troubleshooting;
    size_t troubleshooting_count;
};

struct identify {
    int point;                  // index of the entry that is compared
    const struct value *values; // any of these; texts may hold * as "anything"
    size_t value_count;
};

struct map {
    const char *name; // file name without folder and ending
    const char *path;
    const char *vendor;
    const char *model;
    const char *description;
    const char *category;
    const char *const *sources;
    size_t source_count;
    const char *const *implements;
    size_t implements_count;
    struct position implements_at;
    struct modbus_settings modbus;
    const struct sunspec_model *models; // that its addresses and formulas name
    size_t model_count;
    const struct identify *identify;
    size_t identify_count;
    const struct point *points;
    size_t point_count;
    const struct alert *alerts;
    size_t alert_count;
    const struct command *commands;
    size_t command_count;
    const struct simulation *simulation; // model/simulation.h; NULL: none
    uint64_t digest; // differs when what the file says, with those it extends, does
};

// Index of the entry with this key, or NO_INDEX.
int map_find_point(const struct map *map, const char *key);

// Says that the map has no entry with this key, and which one may have been meant. Returns -1.
int map_refuse_key(const struct map *map, const char *key, enum error_code code,
                   struct error *err);

// The command with this key, or NULL.
const struct command *map_find_command(const struct map *map, const char *key);

// The entry whose words an entry is made of: itself, or the one named by from:. NULL when it is
// computed.
const struct point *map_words_of(const struct map *map, const struct point *point);

// Index of an entry of this map.
int map_index(const struct map *map, const struct point *point);

#endif
