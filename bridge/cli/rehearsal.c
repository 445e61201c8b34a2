// SPDX-License-Identifier: MIT
#include "cli/rehearsal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/job.h"
#include "bus/models.h"
#include "bus/poll.h"
#include "model/simulation.h"
#include "registers/needs.h"
#include "registers/sunspec.h"
#include "sim/device.h"

// One run: the clock only moves when somebody waits.
struct stage {
    struct rehearsal *rehearsal;
    struct target *target;
    struct sim_device *device;
    int64_t now_ms;
};

// The answer to a request, which is written down with it.
static enum fault ask(struct stage *stage, const struct request *request,
                      struct answer *ret_answer)
{
    uint8_t pdu[MAX_PDU];
    uint8_t said[MAX_PDU];
    const char *problem = NULL;
    size_t length = pdu_build_request(request, pdu);
    size_t answered =
        sim_device_answer(stage->device, request->unit_id, pdu, length, stage->now_ms, said);
    struct rehearsal *rehearsal = stage->rehearsal;
    if (answered == 0 || !pdu_parse_response(request, said, answered, ret_answer, &problem))
        return FAULT_TIMEOUT;
    if (rehearsal->count < REHEARSAL_MOST) {
        const struct bus_settings *bus =
            &stage->target->site->buses[stage->target->device->bus];
        struct rehearsed_frame *frame = &rehearsal->frames[rehearsal->count++];
        frame->request = *request;
        frame->answer = *ret_answer;
        frame->length =
            frame_build_request(bus->transport == TRANSPORT_TCP ? FRAMING_TCP : FRAMING_RTU,
                                (uint16_t)rehearsal->count, request, frame->bytes);
    }
    return ret_answer->exception ? FAULT_EXCEPTION : FAULT_NONE;
}

// Before a command
// ---------------------------------------------------------------------------------

static void walk_models(struct stage *stage)
{
    const struct target *target = stage->target;
    const struct modbus_settings *modbus = &target->device->modbus;
    struct sunspec_walk walk;
    struct sunspec_places places;
    if (modbus->sunspec_count == 0)
        return;
    sunspec_begin(&walk, modbus->sunspec, modbus->sunspec_count);
    while (walk.state == SUNSPEC_READ) {
        struct answer answer;
        struct request request = {.unit_id = (uint8_t)target->device->unit_id,
                                  .function = pdu_read_function(TABLE_HOLDING),
                                  .address = walk.address,
                                  .count = SUNSPEC_READ_COUNT};
        enum fault fault = ask(stage, &request, &answer);
        if (fault == FAULT_NONE)
            sunspec_take(&walk, answer.words);
        else
            sunspec_refuse(&walk, fault == FAULT_EXCEPTION ? answer.exception
                                                           : EXCEPTION_ILLEGAL_ADDRESS);
    }
    if (walk.state != SUNSPEC_DONE)
        return;
    sunspec_find(&walk.chain, target->device->map->models, target->device->map->model_count,
                 &places);
    image_set_models(target->unit->image, &places);
}

// What `identify` is compared with.
static void read_identity(struct stage *stage)
{
    const struct map *map = stage->target->device->map;
    const struct unit *unit = stage->target->unit;
    struct arena *arena = arena_new();
    struct needs needs;
    needs_init(&needs, map);
    for (size_t i = 0; i < map->identify_count; i++)
        needs_add(&needs, map->identify[i].point);
    needs_close(&needs);
    const struct plan *plan = block_plan_for(arena, &unit->planning, needs.points, needs.count);
    for (size_t i = 0; i < plan->block_count; i++) {
        struct answer answer;
        struct request request = poll_request(unit, &plan->blocks[i]);
        if (image_place(unit->image, &plan->blocks[i], &request.address, &request.count))
            (void)ask(stage, &request, &answer);
    }
    needs_done(&needs);
    arena_free(arena);
}

// The command
// --------------------------------------------------------------------------------------

static void send(struct stage *stage, const struct job_action *action, struct answer *answer,
                 struct job_event *ret_event)
{
    struct request request = action->request;
    enum fault fault = FAULT_IDENTITY;
    *answer = (struct answer){0};
    if (models_resolve(stage->target->unit, action->model, &request))
        fault = ask(stage, &request, answer);
    *ret_event = (struct job_event){
        .kind = JOB_EVENT_ANSWER, .fault = fault, .answer = answer, .is_unsent = false};
}

static struct job_result *run_job(struct stage *stage, struct job_request *request)
{
    const struct target *target = stage->target;
    struct job *job = job_new(&target->unit->planning, target->device->unit_id,
                              target->unit->image, request, stage->now_ms);
    struct job_event event = {.kind = JOB_EVENT_TIME};
    struct answer answer;
    struct job_action action = {.kind = JOB_WAIT};
    while (action.kind != JOB_DONE) {
        action = job_step(job, stage->now_ms, clock_wall_ms(), &event);
        event = (struct job_event){.kind = JOB_EVENT_TIME};
        if (action.kind == JOB_SEND)
            send(stage, &action, &answer, &event);
        else if (action.kind == JOB_WAIT && action.until_ms > stage->now_ms)
            stage->now_ms = action.until_ms;
        else if (action.kind == JOB_NOTE)
            event = (struct job_event){
                .kind = JOB_EVENT_NOTED, .note = action.note, .is_noted = true};
        sim_device_step(stage->device, stage->now_ms);
    }
    struct job_result *result = job_take_result(job);
    job_free(job);
    return result;
}

// The map without what its simulated device does by itself.
static struct map *make_map(struct arena *arena, const struct map *map)
{
    struct map *plain = ARENA_NEW(arena, struct map);
    *plain = *map;
    if (map->simulation) {
        struct simulation *simulation = ARENA_NEW(arena, struct simulation);
        *simulation = *map->simulation;
        simulation->rule_count = 0;
        simulation->noise_count = 0;
        plain->simulation = simulation;
    }
    return plain;
}

int rehearsal_run(struct rehearsal *rehearsal, struct target *target, struct job_request *job,
                  struct error *err)
{
    struct stage stage = {
        .rehearsal = rehearsal, .target = target, .now_ms = clock_monotonic_ms()};
    struct sim_device_settings settings = {
        .map = make_map(target->arena, target->device->map),
        .modbus = &target->device->modbus,
        .unit_id = NO_INDEX,
        .seed = 1,
    };
    *rehearsal =
        (struct rehearsal){.frames = mem_new(REHEARSAL_MOST, sizeof *rehearsal->frames)};
    if (sim_device_new(&settings, stage.now_ms, &stage.device, err) != 0) {
        job_request_free(job);
        return -1;
    }
    walk_models(&stage);
    read_identity(&stage);
    rehearsal->result = run_job(&stage, job);
    sim_device_free(stage.device);
    return 0;
}

void rehearsal_done(struct rehearsal *rehearsal)
{
    free(rehearsal->frames);
    job_result_free(rehearsal->result);
}
