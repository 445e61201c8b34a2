// SPDX-License-Identifier: MIT
#include "bus/hold_end.h"

#include <string.h>

#include "base/mem.h"
#include "bus/job_frame.h"
#include "registers/formula.h"

static struct value no_entry(void *context, int index, bool raw)
{
    (void)context;
    (void)index;
    (void)raw;
    return value_unknown();
}

static struct value take_argument(void *context, int index)
{
    const struct job_request *request = context;
    return request->arguments[index];
}

struct hold_end *hold_end_empty(uint64_t serial, uint16_t device)
{
    struct arena *arena = arena_new();
    struct hold_end *end = ARENA_NEW(arena, struct hold_end);
    *end =
        (struct hold_end){.arena = arena, .serial = serial, .device = device, .verify = true};
    return end;
}

// A copy whose text lives in the arena.
static struct value copy_value(struct arena *arena, const struct value *value)
{
    struct value copy = *value;
    if (copy.kind == VALUE_TEXT)
        copy.text.bytes = arena_copy(arena, copy.text.bytes, copy.text.length);
    return copy;
}

bool hold_end_add(struct hold_end *end, int point, const struct value *value)
{
    if (end->count == ARRAY_LENGTH(end->entries))
        return false;
    end->entries[end->count++] = (struct hold_entry){point, copy_value(end->arena, value)};
    return true;
}

struct hold_end *hold_end_new(const struct job_request *request, const struct step *step)
{
    struct job_request asked = *request;
    struct formula_inputs inputs = {
        .context = &asked, .point = no_entry, .argument = take_argument};
    struct hold_end *end = hold_end_empty(request->serial, request->device);
    end->step = step;
    end->verify = step->verify;
    for (size_t i = 0; i < step->hold_then_count; i++) {
        struct formula_space space = {0};
        struct value value = formula_evaluate(step->hold_then[i].value, &inputs, &space);
        (void)hold_end_add(end, step->hold_then[i].point, &value);
    }
    return end;
}

struct job_request *hold_end_request(const struct map *map, const struct hold_end *end,
                                     int64_t timeout_ms)
{
    struct arena *arena = arena_new();
    struct command *command = ARENA_NEW(arena, struct command);
    struct assignment *writes = ARENA_NEW_ARRAY(arena, end->count, struct assignment);
    struct step *steps = ARENA_NEW_ARRAY(arena, end->count, struct step);
    for (size_t i = 0; i < end->count; i++) {
        struct value value = copy_value(arena, &end->entries[i].value);
        writes[i] = (struct assignment){end->entries[i].point, formula_constant(arena, &value)};
        steps[i] = (struct step){
            .kind = STEP_WRITE, .writes = &writes[i], .write_count = 1, .verify = end->verify};
    }
    struct write_frame frame;
    struct error err;
    *command = (struct command){.key = "then", .steps = steps, .step_count = end->count};
    if (end->count > 0 && write_frame_lay_out(map, writes, end->count, &frame, &err) == 0) {
        steps[0].write_count = end->count;
        command->step_count = 1;
    }
    command->timeout_ms = timeout_ms;
    command->set_point = NO_INDEX;
    struct job_request *request = mem_new(1, sizeof *request);
    *request = (struct job_request){
        .serial = end->serial,
        .device = end->device,
        .command = command,
        .ends_hold = true,
        .arena = arena,
    };
    return request;
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static void walk(const struct step *steps, size_t count,
                 void (*each)(void *context, const struct step *step), void *context)
{
    for (size_t i = 0; i < count; i++) {
        if (steps[i].hold_every_ms > 0)
            each(context, &steps[i]);
        walk(steps[i].steps, steps[i].step_count, each, context);
        walk(steps[i].on_failure, steps[i].on_failure_count, each, context);
    }
}

void hold_each_step(const struct command *command,
                    void (*each)(void *context, const struct step *step), void *context)
{
    walk(command->steps, command->step_count, each, context);
}
