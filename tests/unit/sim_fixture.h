// SPDX-License-Identifier: MIT
// A small electrolyser, as a loaded map is: what the tests of the simulator are about. Every
// test program that includes it gets its own copy.
#ifndef UNIT_SIM_FIXTURE_H
#define UNIT_SIM_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "base/mem.h"
#include "model/simulation.h"
#include "registers/formula.h"
#include "support/plain_point.h"

enum fixture_point {
    RUN,
    PRODUCTION_RATE,
    REBOOT,
    CONFIG_BEGIN,
    CONFIG_COMMIT,
    DEFAULT_RATE,
    STATE,
    IN_PROGRESS,
    LAST_RESULT,
    INVALID_HOLDING,
    STACK_CURRENT,
    LAMP,
    DOOR,
    POWER_SF,
    POWER,
    MODE,
    SERIAL,
    WARNINGS,
    FAULT_BITS,
    APART,
    BMS_SOC,
    POWER_KW,
    STATE_VIEW,
    FIXTURE_POINTS,
};

#define FIXTURE_POINT(a_key, a_table, an_address, a_type, some_words, an_access)               \
    {                                                                                          \
        PLAIN_POINT, .key = (a_key), .section = SECTION_TELEMETRY, .source = SOURCE_WORDS,     \
                     .table = (a_table), .address = (an_address), .word_count = (some_words),  \
                     .access = (an_access), .type = (a_type),                                  \
                     .decimals = DECIMALS_SHORTEST_FLOAT, .every_ms = 1000                     \
    }

// Lives as long as the program, for rules that outlive the function that makes them.
static const int fixture_indexes[FIXTURE_POINTS] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22};

#define FIXTURE_WRITTEN(a_point) .written = &fixture_indexes[a_point], .written_count = 1

static const struct label fixture_states[] = {
    {0, 0, "halted"}, {1, 1, "maintenance"}, {2, 2, "idle"}, {3, 3, "steady"}};
static const struct labels fixture_state_labels = {.rows = fixture_states, .count = 4};
static const struct label fixture_modes[] = {{1, 1, "battery_first"}, {0, 0, "load_first"}};
static const struct labels fixture_mode_labels = {.rows = fixture_modes, .count = 2};

// Filled in by fixture_map, because tests of one program may change it.
static struct point fixture_points[FIXTURE_POINTS];
static struct map fixture_map_copy;
static struct modbus_settings fixture_modbus;
static struct arena *fixture_arena;

static const struct alert fixture_alerts[] = {
    {.key = "overheated", .kind = ALERT_BIT, .from = FAULT_BITS, .bit = 5}};

static const struct value fixture_serials[] = {
    {.kind = VALUE_TEXT, .text = {"EL4*", 4}},
};
static const struct identify fixture_identify[] = {
    {.point = SERIAL, .values = fixture_serials, .value_count = 1}};

static inline void fixture_fill_points(void)
{
    static const struct point rows[FIXTURE_POINTS] = {
        [RUN] = FIXTURE_POINT("run", TABLE_HOLDING, 1000, TYPE_BOOL, 1, ACCESS_READ_WRITE),
        [PRODUCTION_RATE] = FIXTURE_POINT("production_rate", TABLE_HOLDING, 1002, TYPE_F32, 2,
                                          ACCESS_READ_WRITE),
        [REBOOT] = FIXTURE_POINT("reboot", TABLE_HOLDING, 4, TYPE_BOOL, 1, ACCESS_WRITE),
        [CONFIG_BEGIN] =
            FIXTURE_POINT("config_begin", TABLE_HOLDING, 4000, TYPE_BOOL, 1, ACCESS_WRITE),
        [CONFIG_COMMIT] =
            FIXTURE_POINT("config_commit", TABLE_HOLDING, 4001, TYPE_BOOL, 1, ACCESS_WRITE),
        [DEFAULT_RATE] =
            FIXTURE_POINT("default_rate", TABLE_HOLDING, 4396, TYPE_F32, 2, ACCESS_READ_WRITE),
        [STATE] = FIXTURE_POINT("state", TABLE_INPUT, 1200, TYPE_U16, 1, ACCESS_READ),
        [IN_PROGRESS] =
            FIXTURE_POINT("config_in_progress", TABLE_INPUT, 4000, TYPE_BOOL, 1, ACCESS_READ),
        [LAST_RESULT] =
            FIXTURE_POINT("config_last_result", TABLE_INPUT, 4002, TYPE_I32, 2, ACCESS_READ),
        [INVALID_HOLDING] = FIXTURE_POINT("config_invalid_holding", TABLE_INPUT, 4004, TYPE_U16,
                                          1, ACCESS_READ),
        [STACK_CURRENT] =
            FIXTURE_POINT("stack_current", TABLE_INPUT, 7508, TYPE_F32, 2, ACCESS_READ),
        [LAMP] = FIXTURE_POINT("lamp", TABLE_COIL, 5, TYPE_BOOL, 1, ACCESS_READ_WRITE),
        [DOOR] = FIXTURE_POINT("door", TABLE_DISCRETE, 10, TYPE_BOOL, 1, ACCESS_READ),
        [POWER_SF] = FIXTURE_POINT("power_sf", TABLE_INPUT, 101, TYPE_I16, 1, ACCESS_READ),
        [POWER] = FIXTURE_POINT("power", TABLE_INPUT, 100, TYPE_I16, 1, ACCESS_READ),
        [MODE] = FIXTURE_POINT("mode", TABLE_HOLDING, 141, TYPE_U16, 1, ACCESS_READ_WRITE),
        [SERIAL] = FIXTURE_POINT("serial", TABLE_INPUT, 0, TYPE_STRING, 4, ACCESS_READ),
        [WARNINGS] =
            FIXTURE_POINT("warnings", TABLE_INPUT, 768, TYPE_EVENT_LIST, 33, ACCESS_READ),
        [FAULT_BITS] = FIXTURE_POINT("fault_bits", TABLE_INPUT, 555, TYPE_U16, 1, ACCESS_READ),
        [APART] = FIXTURE_POINT("apart", TABLE_INPUT, 622, TYPE_I32, 2, ACCESS_READ),
        [BMS_SOC] = FIXTURE_POINT("bms_soc", TABLE_INPUT, 843, TYPE_U16, 1, ACCESS_READ),
        [POWER_KW] = FIXTURE_POINT("power_kw", TABLE_INPUT, 0, TYPE_F64, 0, ACCESS_READ),
        [STATE_VIEW] = FIXTURE_POINT("state_code", TABLE_INPUT, 0, TYPE_U16, 1, ACCESS_READ),
    };
    memcpy(fixture_points, rows, sizeof fixture_points);
    struct point *points = fixture_points;
    points[PRODUCTION_RATE].unit = "%";
    points[STATE].labels = &fixture_state_labels;
    points[STACK_CURRENT].unit = "A";
    points[POWER].sf = POWER_SF;
    points[POWER].unit = "W";
    points[MODE].bit_low = 0;
    points[MODE].bit_high = 1;
    points[MODE].labels = &fixture_mode_labels;
    points[APART].parts[0] = 622;
    points[APART].parts[1] = 690;
    points[APART].part_count = 2;
    points[BMS_SOC].unit_id = 225;
    points[BMS_SOC].has_range = true;
    points[BMS_SOC].range_high = 100;
    points[POWER_KW].source = SOURCE_FORMULA;
    points[STATE_VIEW].source = SOURCE_VIEW;
    points[STATE_VIEW].from = STATE;
}

static inline int fixture_find(void *context, const char *name, struct symbol *ret_symbol,
                               struct error *err)
{
    (void)err;
    const struct map *map = context;
    int index = map_find_point(map, name);
    *ret_symbol = (struct symbol){.kind = SYMBOL_NONE};
    if (index == NO_INDEX)
        return 0;
    const struct point *point = &map->points[index];
    ret_symbol->kind = SYMBOL_POINT;
    ret_symbol->index = index;
    ret_symbol->labels = point->labels;
    ret_symbol->type = point->labels              ? FORMULA_TEXT
                       : point->type == TYPE_BOOL ? FORMULA_BOOLEAN
                                                  : FORMULA_NUMBER;
    return 0;
}

static inline const char *fixture_suggest(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static inline void fixture_match(void *context, const char *pattern,
                                 void (*each)(void *each_context, const struct symbol *symbol),
                                 void *each_context)
{
    (void)context;
    (void)pattern;
    (void)each;
    (void)each_context;
}

// Parses a formula over the fixture's entries; fails the test when it is wrong.
static inline const struct formula *fixture_formula(const char *text)
{
    struct formula_names names = {.context = &fixture_map_copy,
                                  .find = fixture_find,
                                  .suggest = fixture_suggest,
                                  .match = fixture_match};
    const struct formula *formula = NULL;
    size_t offset = 0;
    struct error err = {0};
    if (formula_parse(fixture_arena, text, &names, FORMULA_ANY, &formula, &offset, &err))
        fail_msg("%s: %s", text, err.text);
    return formula;
}

static inline void fixture_done(void)
{
    arena_free(fixture_arena);
    fixture_arena = NULL;
}

// A fresh map. fixture_done frees it, or the next call.
static inline const struct map *fixture_map(void)
{
    fixture_done();
    fixture_arena = arena_new();
    fixture_fill_points();
    fixture_modbus = (struct modbus_settings){.max_registers = 125,
                                              .max_bits = 2000,
                                              .timeout_ms = 1000,
                                              .every_ms = 1000,
                                              .verify_within_ms = 2000};
    fixture_map_copy = (struct map){
        .name = "electrolyser",
        .vendor = "Acme",
        .model = "EL 4.1 electrolyser with a long name",
        .modbus = fixture_modbus,
        .points = fixture_points,
        .point_count = FIXTURE_POINTS,
        .alerts = fixture_alerts,
        .alert_count = ARRAY_LENGTH(fixture_alerts),
        .identify = fixture_identify,
        .identify_count = ARRAY_LENGTH(fixture_identify),
    };
    fixture_points[POWER_KW].formula = fixture_formula("power / 1000");
    return &fixture_map_copy;
}

#endif
