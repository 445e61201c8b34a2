// SPDX-License-Identifier: MIT
// The device, the line and the clock.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"
#include "registers/codec.h"

struct world *world_new(void)
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

void world_free(struct world *world)
{
    job_result_free(world->result);
    image_free(world->image);
    for (int i = 0; i < TABLE_COUNT; i++)
        free(world->tables[i]);
    arena_free(world->arena);
    free(world);
}

void world_hold(struct world *world, int index, double value)
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

double world_held(const struct world *world, int index)
{
    const struct point *point = &world->map.points[index];
    struct codec_space space = {0};
    struct value raw =
        codec_decode_raw(point, &world->tables[point->table][point->address], &space);
    return raw.kind == VALUE_BOOLEAN ? raw.boolean : value_number(&raw);
}

void world_rule(struct world *world, struct rule rule)
{
    world->rules[world->rule_count++] = rule;
}

void world_change(struct world *world, int64_t at_ms, int index, uint16_t word)
{
    const struct point *point = &world->map.points[index];
    world->changes[world->change_count++] =
        (struct change){at_ms, point->table, point->address, word};
}

static void world_apply_changes(struct world *world)
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

static void world_tell(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void world_tell(struct world *world, const char *format, ...)
{
    va_list args;
    size_t used = strlen(world->story);
    va_start(args, format);
    (void)vsnprintf(world->story + used, sizeof world->story - used, format, args);
    va_end(args);
}

static void world_execute(struct world *world, const struct request *request)
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

static void world_read(const struct world *world, const struct request *request,
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

static struct rule *world_find_rule(struct world *world, const struct request *request,
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
static struct job_event world_transact(struct world *world, const struct job_action *action,
                                       struct answer *answer)
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

struct job_request *world_request(const struct world *world, const struct value *arguments)
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
static struct job_event world_note(struct world *world, const struct job_action *action)
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

bool world_serve(struct world *world, const struct job_action *action,
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

const struct job_result *world_run_request(struct world *world, struct job_request *request)
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

const struct job_result *world_run(struct world *world, const struct value *arguments)
{
    return world_run_request(world, world_request(world, arguments));
}

int world_writes(const struct world *world, int address)
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

const struct request *world_last_write(const struct world *world)
{
    for (int i = world->frame_count - 1; i >= 0; i--) {
        if (world->frames[i].is_write)
            return &world->frames[i].request;
    }
    fail_msg("nothing was written");
    return NULL;
}

int world_set_up(void **state)
{
    *state = world_new();
    return 0;
}

int world_tear_down(void **state)
{
    world_free(*state);
    return 0;
}

void assert_completed(const struct world *world)
{
    assert_string_equal(world->result->message, "");
    assert_int_equal(world->result->outcome, JOB_COMPLETED);
}

void assert_failed(const struct world *world, const char *message)
{
    assert_string_equal(world->result->message, message);
    assert_int_equal(world->result->outcome, JOB_ERROR);
}
