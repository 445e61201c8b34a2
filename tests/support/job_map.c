// SPDX-License-Identifier: MIT
// The map of the device in memory, and formulas over it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"
#include "support/plain_point.h"

static const struct label world_states[] = {
    {0, 0, "halted"}, {2, 2, "idle"}, {3, 3, "steady"}, {4, 4, "standby"}};
static const struct labels world_state_labels = {.rows = world_states, .count = 4};
static const struct label world_modes[] = {{0, 0, "battery_first"}, {1, 1, "load_first"}};
static const struct labels world_mode_labels = {.rows = world_modes, .count = 2};

#define WORLD_POINT(a_key, a_table, an_address, a_type, words, an_access)                      \
    PLAIN_POINT, .key = (a_key), .source = SOURCE_WORDS, .table = (a_table),                   \
                 .address = (an_address), .word_count = (words), .access = (an_access),        \
                 .type = (a_type), .decimals = DECIMALS_SHORTEST_FLOAT, .every_ms = EVERY_NEED
#define RW ACCESS_READ_WRITE

struct point world_points[WORLD_POINTS];

void world_fill_points(void)
{
    static const struct point rows[WORLD_POINTS] = {
        [RUN] = {WORLD_POINT("run", TABLE_HOLDING, 1000, TYPE_BOOL, 1, RW)},
        [RATE] = {WORLD_POINT("production_rate", TABLE_HOLDING, 1002, TYPE_F32, 2, RW),
                  .unit = "%"},
        [RATE_MIN] = {WORLD_POINT("rate_min", TABLE_HOLDING, 1100, TYPE_U16, 1, ACCESS_READ)},
        [RATE_MAX] = {WORLD_POINT("rate_max", TABLE_HOLDING, 1105, TYPE_U16, 1, ACCESS_READ)},
        [RATE_MAX_HALF] = {.key = "rate_max_half",
                           .source = SOURCE_FORMULA,
                           .from = NO_INDEX,
                           .sf = NO_INDEX,
                           .bit_low = NO_INDEX,
                           .bit_high = NO_INDEX,
                           .scale = {1, 0},
                           .decimals = DECIMALS_SHORTEST,
                           .every_ms = EVERY_NEED},
        [STATE] = {WORLD_POINT("state", TABLE_INPUT, 1200, TYPE_U16, 1, ACCESS_READ)},
        [STATE_VIEW] = {WORLD_POINT("status", TABLE_INPUT, 1200, TYPE_U16, 1, ACCESS_READ)},
        [MODE] = {WORLD_POINT("mode", TABLE_HOLDING, 141, TYPE_U16, 1, RW)},
        [SLOT] = {WORLD_POINT("slot", TABLE_HOLDING, 141, TYPE_U16, 1, RW)},
        [PAIR_A] = {WORLD_POINT("pair_a", TABLE_HOLDING, 200, TYPE_U16, 1, RW)},
        [PAIR_B] = {WORLD_POINT("pair_b", TABLE_HOLDING, 201, TYPE_U16, 1, RW), .unit = "V"},
        [FAR_ONE] = {WORLD_POINT("far", TABLE_HOLDING, 900, TYPE_U16, 1, RW)},
        [WORN] = {WORLD_POINT("worn", TABLE_HOLDING, 300, TYPE_U16, 1, RW), .wear = true},
        [REBOOT] = {WORLD_POINT("reboot", TABLE_HOLDING, 4, TYPE_BOOL, 1, ACCESS_WRITE)},
        [LAMP] = {WORLD_POINT("lamp", TABLE_COIL, 10, TYPE_BOOL, 1, RW)},
        [LAMP_2] = {WORLD_POINT("lamp_2", TABLE_COIL, 11, TYPE_BOOL, 1, RW)},
        [POWER_SF] = {WORLD_POINT("power_sf", TABLE_HOLDING, 400, TYPE_I16, 1, ACCESS_READ)},
        [POWER] = {WORLD_POINT("power", TABLE_HOLDING, 402, TYPE_I16, 1, RW), .unit = "W"},
        [SCALED] = {WORLD_POINT("scaled", TABLE_HOLDING, 404, TYPE_U16, 1, RW), .unit = "A"},
        [NAME] = {WORLD_POINT("name", TABLE_HOLDING, 500, TYPE_STRING, 4, RW)},
        [CONFIG_BEGIN] = {WORLD_POINT("config_begin", TABLE_HOLDING, 4000, TYPE_BOOL, 1,
                                      ACCESS_WRITE)},
        [CONFIG_COMMIT] = {WORLD_POINT("config_commit", TABLE_HOLDING, 4001, TYPE_BOOL, 1,
                                       ACCESS_WRITE)},
        [IN_PROGRESS] = {WORLD_POINT("config_in_progress", TABLE_INPUT, 4000, TYPE_BOOL, 1,
                                     ACCESS_READ)},
        [OVER_MODBUS] = {WORLD_POINT("config_over_modbus", TABLE_INPUT, 4001, TYPE_BOOL, 1,
                                     ACCESS_READ)},
        [LAST_RESULT] = {WORLD_POINT("config_last_result", TABLE_INPUT, 4002, TYPE_I32, 2,
                                     ACCESS_READ)},
        [INVALID_HOLDING] = {WORLD_POINT("config_invalid_holding", TABLE_INPUT, 4004, TYPE_U16,
                                         1, ACCESS_READ)},
        [DEFAULT_RATE] = {WORLD_POINT("default_rate", TABLE_HOLDING, 4396, TYPE_F32, 2, RW),
                          .unit = "%"},
        [DRYER_ONLINE] = {WORLD_POINT("dryer_online", TABLE_INPUT, 6104, TYPE_BOOL, 1,
                                      ACCESS_READ)},
        [DRYER_LEVEL] = {WORLD_POINT("dryer_level", TABLE_INPUT, 6002, TYPE_U16, 1,
                                     ACCESS_READ)},
    };
    memcpy(world_points, rows, sizeof rows);
    world_points[STATE].labels = &world_state_labels;
    world_points[STATE].every_ms = 1000; // the only entry that is polled
    world_points[STATE_VIEW].source = SOURCE_VIEW;
    world_points[STATE_VIEW].from = STATE;
    world_points[MODE].bit_low = 0;
    world_points[MODE].bit_high = 1;
    world_points[MODE].labels = &world_mode_labels;
    world_points[SLOT].bit_low = 4;
    world_points[SLOT].bit_high = 7;
    world_points[PAIR_B].scale = (struct decimal){1, -1};
    world_points[PAIR_B].decimals = 1;
    world_points[POWER].sf = POWER_SF;
}

// The names of formulas: the entries of the map and the arguments of the command.
static struct symbol world_symbol(const struct world *world, int index)
{
    const struct point *point = &world->map.points[index];
    struct symbol symbol = {.kind = SYMBOL_POINT, .type = FORMULA_NUMBER, .index = index};
    if (point->labels) {
        symbol.type = FORMULA_TEXT;
        symbol.labels = point->labels;
    } else if (point->type == TYPE_BOOL && point->source != SOURCE_FORMULA) {
        symbol.type = FORMULA_BOOLEAN;
    } else if (point->type == TYPE_STRING) {
        symbol.type = FORMULA_TEXT;
    } else {
        symbol.is_integer = point->type != TYPE_F32 && point->scale.exponent >= 0;
    }
    return symbol;
}

static int world_find(void *context, const char *name, struct symbol *ret_symbol,
                      struct error *err)
{
    const struct world *world = context;
    (void)err;
    *ret_symbol = (struct symbol){.kind = SYMBOL_NONE};
    int point = map_find_point(&world->map, name);
    if (point != NO_INDEX)
        *ret_symbol = world_symbol(world, point);
    for (size_t i = 0; i < world->command.argument_count; i++) {
        if (strcmp(world->arguments[i].key, name) == 0)
            *ret_symbol = (struct symbol){
                .kind = SYMBOL_ARGUMENT,
                .type =
                    world->arguments[i].type == ARGUMENT_STRING ? FORMULA_TEXT : FORMULA_NUMBER,
                .index = (int)i,
            };
    }
    return 0;
}

static const char *world_suggest(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

const struct formula *world_formula(struct world *world, const char *text)
{
    struct formula_names names = {
        .context = world, .find = world_find, .suggest = world_suggest, .allow_now = true};
    const struct formula *formula = NULL;
    size_t offset = 0;
    struct error err = {0};
    if (formula_parse(world->arena, text, &names, FORMULA_ANY, &formula, &offset, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return formula;
}
