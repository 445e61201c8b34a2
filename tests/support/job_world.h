// SPDX-License-Identifier: MIT
// A device in memory, a map of it, and a bus without wires: drives a job with virtual time and
// keeps a record of every frame. Include it after cmocka.h.
#ifndef SUPPORT_JOB_WORLD_H
#define SUPPORT_JOB_WORLD_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bus/job.h"
#include "registers/codec.h"

enum world_point {
    RUN,
    RATE,
    RATE_MIN,
    RATE_MAX,
    RATE_MAX_HALF,
    STATE,
    STATE_VIEW,
    MODE,
    SLOT,
    PAIR_A,
    PAIR_B,
    FAR_ONE,
    WORN,
    REBOOT,
    LAMP,
    LAMP_2,
    POWER_SF,
    POWER,
    SCALED,
    NAME,
    CONFIG_BEGIN,
    CONFIG_COMMIT,
    IN_PROGRESS,
    OVER_MODBUS,
    LAST_RESULT,
    INVALID_HOLDING,
    DEFAULT_RATE,
    DRYER_ONLINE,
    DRYER_LEVEL,
    WORLD_POINTS,
};

enum {
    WORLD_UNIT = 7,
    ANSWER_MS = 5, // what a transaction takes
    TIMEOUT_MS = 1000,
    MAX_FRAMES = 4000,
    ANY = -1,
    FOR_EVER = 1000000,
};

// What the device does to some requests instead of granting them.
struct rule {
    bool is_write;
    int address;       // or ANY
    int skip;          // so many matching requests are granted first
    int times;         // then so many are treated thus
    bool is_executed;  // a write takes effect all the same
    bool is_unsent;    // the frame never left
    enum fault fault;  // what the bus sees
    uint8_t exception; // with FAULT_EXCEPTION
};

// A register that changes by itself.
struct change {
    int64_t at_ms;
    enum table table;
    uint16_t address;
    uint16_t word;
};

struct frame_record {
    int64_t at_ms;
    struct request request;
    bool is_write;
};

struct world {
    struct arena *arena;
    struct map map;
    struct modbus_settings modbus;
    struct plan_request planning;
    struct command command;
    struct argument arguments[4];
    struct result_field results[4];
    struct image *image;
    uint16_t *tables[TABLE_COUNT];

    struct rule rules[8];
    size_t rule_count;
    struct change changes[8];
    size_t change_count;
    void (*on_write)(struct world *world, uint16_t address, uint16_t word);

    int64_t now_ms;
    int stop_at; // event STOP at this call of job_step; 0: never
    int calls;
    int fault_at; // the so-manieth request meets `fault` (executed or not); 0: never
    enum fault fault;
    bool is_executed;
    int forget_at; // the so-manieth request finds a new connection: nothing is known any more
    struct frame_record frames[MAX_FRAMES];
    int frame_count;
    int reconnects;
    char logs[400];
    int64_t waited_ms;
    struct job_result *result;
    int holds_begun; // frames that said they begin a hold; what the last of them said
    int64_t hold_for_ms;
    struct request hold_frame;
    char story[4000]; // writes and notes in their order: "[1]200=1 [1 2!]201=0 []"
    int refuses_note; // the so-manieth note cannot be kept; 0: none
    int forgets_note; // ... is never answered
    int note_count;
    int64_t note_ms; // what a note takes
};

static const struct label world_states[] = {
    {0, 0, "halted"}, {2, 2, "idle"}, {3, 3, "steady"}, {4, 4, "standby"}};
static const struct labels world_state_labels = {.rows = world_states, .count = 4};
static const struct label world_modes[] = {{0, 0, "battery_first"}, {1, 1, "load_first"}};
static const struct labels world_mode_labels = {.rows = world_modes, .count = 2};

#define WORLD_POINT(a_key, a_table, an_address, a_type, words, an_access)                      \
    .key = (a_key), .source = SOURCE_WORDS, .table = (a_table), .unit_id = NO_INDEX,           \
    .address = (an_address), .word_count = (words), .access = (an_access), .from = NO_INDEX,   \
    .type = (a_type), .bit_low = NO_INDEX, .bit_high = NO_INDEX, .scale = {1, 0},              \
    .sf = NO_INDEX, .decimals = DECIMALS_SHORTEST_FLOAT, .every_ms = EVERY_NEED
#define RW ACCESS_READ_WRITE

static struct point world_points[WORLD_POINTS];

static inline void world_fill_points(void)
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
static inline struct symbol world_symbol(const struct world *world, int index)
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

static inline int world_find(void *context, const char *name, struct symbol *ret_symbol,
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

static inline const char *world_suggest(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static inline const struct formula *world_formula(struct world *world, const char *text)
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

static inline struct world *world_new(void)
{
    struct world *world = mem_new(1, sizeof *world);
    world_fill_points();
    world->arena = arena_new();
    world->now_ms = 1000;
    world->modbus = (struct modbus_settings){
        .max_registers = 125,
        .max_bits = 2000,
        .timeout_ms = TIMEOUT_MS,
        .verify_within_ms = 2000,
    };
    world->map =
        (struct map){.name = "world", .points = world_points, .point_count = WORLD_POINTS};
    world->command = (struct command){
        .key = "act",
        .arguments = world->arguments,
        .results = world->results,
        .timeout_ms = 30000,
        .set_point = NO_INDEX,
    };
    for (int i = 0; i < TABLE_COUNT; i++)
        world->tables[i] = mem_new(65536, sizeof(uint16_t));
    world_points[RATE_MAX_HALF].formula = world_formula(world, "rate_max / 2");
    world_points[SCALED].scale_formula = world_formula(world, "if(state == idle, 10, 1)");
    world_points[DRYER_LEVEL].when = world_formula(world, "dryer_online");
    world->planning = (struct plan_request){.map = &world->map, .modbus = &world->modbus};
    world->image = image_new(&world->map, &world->modbus);
    return world;
}

static inline void world_free(struct world *world)
{
    job_result_free(world->result);
    image_free(world->image);
    for (int i = 0; i < TABLE_COUNT; i++)
        free(world->tables[i]);
    arena_free(world->arena);
    free(world);
}

// Puts a value into the device.
static inline void world_hold(struct world *world, int index, double value)
{
    const struct point *point = &world->map.points[index];
    bool whole = value == (double)(int64_t)value;
    struct value number = whole ? value_integer((int64_t)value) : value_real(value, -1);
    struct error err = {0};
    uint16_t *words = &world->tables[point->table][point->address];
    if (point->type == TYPE_BOOL)
        number = value_boolean(value != 0);
    if (codec_encode_raw(point, &number, words, &err) != 0)
        fail_msg("%s", err.text);
}

// What the device holds.
static inline double world_held(const struct world *world, int index)
{
    const struct point *point = &world->map.points[index];
    struct codec_space space = {0};
    struct value raw =
        codec_decode_raw(point, &world->tables[point->table][point->address], &space);
    return raw.kind == VALUE_BOOLEAN ? raw.boolean : value_number(&raw);
}

static inline struct step world_write(struct world *world, const char *text)
{
    struct assignment *writes = ARENA_NEW_ARRAY(world->arena, 8, struct assignment);
    char *rest = arena_text(world->arena, text);
    size_t count = 0;
    for (char *part = strsep(&rest, ";"); part; part = strsep(&rest, ";")) {
        char *value = strstr(part, " := ");
        assert_non_null(value);
        *value = '\0';
        part += strspn(part, " ");
        writes[count].point = map_find_point(&world->map, part);
        assert_int_not_equal(writes[count].point, NO_INDEX);
        writes[count++].value = world_formula(world, value + 4);
    }
    return (struct step){
        .kind = STEP_WRITE, .writes = writes, .write_count = count, .verify = true};
}

static inline const struct text_template *world_text(struct world *world, const char *text)
{
    if (!text)
        return NULL;
    struct text_piece *pieces = ARENA_NEW_ARRAY(world->arena, 9, struct text_piece);
    struct text_template *template = ARENA_NEW(world->arena, struct text_template);
    char *rest = arena_text(world->arena, text);
    size_t count = 0;
    while (rest) {
        char *literal = strsep(&rest, "{");
        pieces[count++] = (struct text_piece){.text = literal};
        char *inside = rest ? strsep(&rest, "}") : NULL;
        if (inside)
            pieces[count++] = (struct text_piece){.formula = world_formula(world, inside)};
    }
    *template = (struct text_template){pieces, count};
    return template;
}

static inline struct step world_require(struct world *world, const char *condition,
                                        const char *otherwise)
{
    return (struct step){.kind = STEP_REQUIRE,
                         .condition = world_formula(world, condition),
                         .otherwise = world_text(world, otherwise)};
}

static inline struct step world_expect(struct world *world, const char *condition,
                                       int64_t within_ms)
{
    return (struct step){.kind = STEP_EXPECT,
                         .condition = world_formula(world, condition),
                         .within_ms = within_ms};
}

static inline struct step world_wait(int64_t duration_ms)
{
    return (struct step){.kind = STEP_WAIT, .duration_ms = duration_ms};
}

static inline struct step world_log(struct world *world, const char *text)
{
    return (struct step){.kind = STEP_LOG, .text = world_text(world, text)};
}

static inline struct step *world_steps(struct world *world, const struct step *steps,
                                       size_t count)
{
    struct step *copy = ARENA_NEW_ARRAY(world->arena, count, struct step);
    if (count)
        memcpy(copy, steps, count * sizeof *steps);
    return copy;
}

#define STEPS(...)                                                                             \
    (const struct step[]){__VA_ARGS__},                                                        \
        sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)

static inline void world_command(struct world *world, const struct step *steps, size_t count)
{
    world->command.steps = world_steps(world, steps, count);
    world->command.step_count = count;
}

static inline struct step world_try(struct world *world, const struct step *steps, size_t count,
                                    const struct step *on_failure, size_t on_failure_count)
{
    return (struct step){
        .kind = STEP_TRY,
        .steps = world_steps(world, steps, count),
        .step_count = count,
        .on_failure = world_steps(world, on_failure, on_failure_count),
        .on_failure_count = on_failure_count,
    };
}

static inline void world_argument(struct world *world, const char *key, enum argument_type type)
{
    world->arguments[world->command.argument_count++] =
        (struct argument){.key = key, .type = type, .target = NO_INDEX};
}

static inline void world_result(struct world *world, const char *key)
{
    world->results[world->command.result_count++] =
        (struct result_field){key, world_formula(world, key)};
}

static inline void world_rule(struct world *world, struct rule rule)
{
    world->rules[world->rule_count++] = rule;
}

static inline void world_change(struct world *world, int64_t at_ms, int index, uint16_t word)
{
    const struct point *point = &world->map.points[index];
    world->changes[world->change_count++] =
        (struct change){at_ms, point->table, point->address, word};
}

static inline void world_apply_changes(struct world *world)
{
    for (size_t i = 0; i < world->change_count; i++) {
        struct change *change = &world->changes[i];
        if (change->at_ms > world->now_ms)
            continue;
        world->tables[change->table][change->address] = change->word;
        *change = world->changes[--world->change_count];
        i--;
    }
}

static inline void world_tell(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void world_tell(struct world *world, const char *format, ...)
{
    va_list args;
    size_t used = strlen(world->story);
    va_start(args, format);
    (void)vsnprintf(world->story + used, sizeof world->story - used, format, args);
    va_end(args);
}

static inline void world_execute(struct world *world, const struct request *request)
{
    world_tell(world, "%u=%u ", request->address, request->words[0]);
    bool bits = request->function == FUNCTION_WRITE_SINGLE_COIL ||
                request->function == FUNCTION_WRITE_MULTIPLE_COILS;
    for (uint16_t i = 0; i < request->count; i++) {
        uint16_t word = request->words[i];
        if (bits)
            word = (request->words[i / 16] >> (i % 16)) & 1;
        uint16_t address = (uint16_t)(request->address + i);
        world->tables[bits ? TABLE_COIL : TABLE_HOLDING][address] = word;
        if (world->on_write)
            world->on_write(world, address, word);
    }
}

static inline void world_read(const struct world *world, const struct request *request,
                              struct answer *ret_answer)
{
    static const enum table tables[] = {TABLE_COIL, TABLE_COIL, TABLE_DISCRETE, TABLE_HOLDING,
                                        TABLE_INPUT};
    enum table table = tables[request->function];
    ret_answer->count = request->count;
    for (uint16_t i = 0; i < request->count; i++) {
        uint16_t word = world->tables[table][request->address + i];
        if (table_is_bits(table))
            ret_answer->words[i / 16] |= (uint16_t)(word << (i % 16));
        else
            ret_answer->words[i] = word;
    }
}

static inline struct rule *world_find_rule(struct world *world, const struct request *request,
                                           bool is_write)
{
    for (size_t i = 0; i < world->rule_count; i++) {
        struct rule *rule = &world->rules[i];
        bool inside =
            rule->address == ANY || (rule->address >= request->address &&
                                     rule->address < request->address + request->count);
        if (rule->is_write != is_write || !inside || rule->times == 0)
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        rule->times--;
        return rule;
    }
    return NULL;
}

// The device and the line: one request, what came of it, and the time it took.
static inline struct job_event
world_transact(struct world *world, const struct job_action *action, struct answer *answer)
{
    const struct request *request = &action->request;
    struct rule own = {
        .fault = world->fault, .is_executed = world->is_executed, .exception = 4};
    assert_true(world->frame_count < MAX_FRAMES);
    world->frames[world->frame_count++] =
        (struct frame_record){world->now_ms, *request, action->is_write};
    assert_int_equal(request->unit_id, WORLD_UNIT);
    assert_true(pdu_is_valid_request(request));
    assert_int_equal(action->is_write, pdu_find_function(request->function)->is_write);
    *answer = (struct answer){0};
    if (world->forget_at == world->frame_count)
        image_forget(world->image);
    struct rule *rule = world_find_rule(world, request, action->is_write);
    if (!rule && world->fault_at == world->frame_count)
        rule = &own;
    enum fault fault = rule ? rule->fault : FAULT_NONE;
    world->now_ms += fault == FAULT_TIMEOUT ? TIMEOUT_MS : ANSWER_MS;
    world_apply_changes(world);
    if (action->is_write && (!rule || rule->is_executed))
        world_execute(world, request);
    else if (!action->is_write && !rule)
        world_read(world, request, answer);
    if (fault == FAULT_EXCEPTION)
        answer->exception = rule->exception;
    return (struct job_event){.kind = JOB_EVENT_ANSWER,
                              .fault = fault,
                              .answer = answer,
                              .is_unsent = rule && rule->is_unsent};
}

static inline struct job_request *world_request(const struct world *world,
                                                const struct value *arguments)
{
    struct job_request *request = mem_new(1, sizeof *request);
    request->serial = 99;
    request->device = 3;
    request->command = &world->command;
    request->argument_count = world->command.argument_count;
    for (size_t i = 0; i < request->argument_count; i++)
        request->arguments[i] = arguments[i];
    return request;
}

// Keeps a note, and tells the tries in it, ! for those whose on_failure has begun.
static inline struct job_event world_note(struct world *world, const struct job_action *action)
{
    world->note_count++;
    world_tell(world, "[");
    for (size_t i = 0; i < action->tries->count; i++)
        world_tell(world, "%s%u%s", i ? " " : "", action->tries->tries[i].ordinal,
                   action->tries->tries[i].has_failed ? "!" : "");
    world_tell(world, "]");
    assert_true(action->until_ms > world->now_ms);
    world->now_ms += world->note_ms;
    if (world->note_count != world->forgets_note)
        return (struct job_event){.kind = JOB_EVENT_NOTED,
                                  .note = action->note,
                                  .is_noted = world->note_count != world->refuses_note};
    world->now_ms = action->until_ms;
    return (struct job_event){.kind = JOB_EVENT_TIME};
}

// Does what the job asks for. False when it is done.
static inline bool world_serve(struct world *world, const struct job_action *action,
                               struct job_event *ret_event, struct answer *answer)
{
    *ret_event = (struct job_event){.kind = JOB_EVENT_TIME};
    switch (action->kind) {
    case JOB_SEND:
        if (action->hold) {
            world->holds_begun++;
            world->hold_for_ms = action->hold_for_ms;
            world->hold_frame = action->request;
        }
        *ret_event = world_transact(world, action, answer);
        return true;
    case JOB_WAIT:
        assert_true(action->until_ms > world->now_ms);
        if (world->calls + 1 == world->stop_at) {
            world->now_ms++; // the stop comes in the middle
            return true;
        }
        world->waited_ms += action->until_ms - world->now_ms;
        world->now_ms = action->until_ms;
        world_apply_changes(world);
        return true;
    case JOB_RECONNECT:
        world->reconnects++;
        return true;
    case JOB_LOG:
        strncat(world->logs, action->text, sizeof world->logs - strlen(world->logs) - 2);
        strcat(world->logs, "|");
        return true;
    case JOB_NOTE:
        *ret_event = world_note(world, action);
        return true;
    case JOB_DONE:
        break;
    }
    return false;
}

// Runs a request to its end; the result is the world's. Takes ownership of the request.
static inline const struct job_result *world_run_request(struct world *world,
                                                         struct job_request *request)
{
    struct job *job =
        job_new(&world->planning, WORLD_UNIT, world->image, request, world->now_ms);
    struct job_event event = {.kind = JOB_EVENT_TIME};
    struct answer answer = {0};
    struct job_action action = {0};
    do {
        if (++world->calls == world->stop_at)
            event = (struct job_event){.kind = JOB_EVENT_STOP};
        assert_true(world->calls < MAX_FRAMES);
        action = job_step(job, world->now_ms, 1709214306999, &event);
    } while (world_serve(world, &action, &event, &answer));
    world->result = job_take_result(job);
    assert_non_null(world->result);
    assert_int_equal(world->result->serial, 99);
    assert_int_equal(world->result->device, 3);
    job_free(job);
    return world->result;
}

// Runs the command to its end.
static inline const struct job_result *world_run(struct world *world,
                                                 const struct value *arguments)
{
    return world_run_request(world, world_request(world, arguments));
}

// Write frames that covered an address (ANY: all).
static inline int world_writes(const struct world *world, int address)
{
    int count = 0;
    for (int i = 0; i < world->frame_count; i++) {
        const struct request *request = &world->frames[i].request;
        bool inside = address == ANY || (address >= request->address &&
                                         address < request->address + request->count);
        count += world->frames[i].is_write && inside;
    }
    return count;
}

static inline const struct request *world_last_write(const struct world *world)
{
    for (int i = world->frame_count - 1; i >= 0; i--) {
        if (world->frames[i].is_write)
            return &world->frames[i].request;
    }
    fail_msg("nothing was written");
    return NULL;
}

static inline void assert_completed(const struct world *world)
{
    assert_string_equal(world->result->message, "");
    assert_int_equal(world->result->outcome, JOB_COMPLETED);
}

static inline void assert_failed(const struct world *world, const char *message)
{
    assert_string_equal(world->result->message, message);
    assert_int_equal(world->result->outcome, JOB_ERROR);
}

#endif
