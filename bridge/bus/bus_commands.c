// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/bus_state.h"
#include "bus/execute.h"
#include "bus/written.h"

enum { STOP_HOLDS_MS = 1000 }; // for the ends of holds when the program stops

static struct job_result *refuse(const struct job_request *request, const char *text)
{
    struct job_result *result = mem_new(1, sizeof *result);
    result->serial = request->serial;
    result->device = request->device;
    result->outcome = JOB_ERROR;
    (void)snprintf(result->message, sizeof result->message, "%s; nothing was written", text);
    return result;
}

static void post_result(struct bus *bus, struct job_result *result)
{
    struct message message = {.kind = MESSAGE_JOB_DONE, .result = result};
    bus_post(bus, &message);
}

static void turn_away(struct bus *bus, struct job_request *request, const char *text)
{
    post_result(bus, refuse(request, text));
    job_request_free(request);
}

static void report_job_log(void *context, const struct job_request *request, const char *text)
{
    struct message message = {
        .kind = MESSAGE_JOB_LOG,
        .log = {.serial = request->serial, .device = request->device},
    };
    (void)snprintf(message.log.text, sizeof message.log.text, "%s", text);
    bus_post(context, &message);
}

static void report_note(void *context, const struct job_request *request,
                        const struct job_action *action)
{
    struct message message = {
        .kind = MESSAGE_JOB_NOTE,
        .note = {request->serial, request->device, action->note, *action->tries},
    };
    bus_post(context, &message);
}

// Tells main of each entry that wears out by a write.
static void report_wear(void *context, struct unit *unit, const struct request *request,
                        uint8_t model)
{
    const struct device *device = unit->device;
    for (int i = 0; i < (int)device->map->point_count; i++) {
        if (!device->map->points[i].wear ||
            !written_touches(device->map, device->unit_id, request, model, i))
            continue;
        struct message message = {.kind = MESSAGE_WEAR, .wear = {unit->index, i}};
        bus_post(context, &message);
    }
}

static void report_write(void *context, struct unit *unit, const struct job_request *request,
                         const struct job_action *action)
{
    struct bus *bus = context;
    report_wear(bus, unit, &action->request, action->model);
    keep_note_write(&bus->keep, unit, request, action, clock_monotonic_ms());
}

void bus_note_write(struct bus *bus, struct unit *unit, const struct request *request,
                    uint8_t model)
{
    report_wear(bus, unit, request, model);
    keep_overwrite(&bus->keep, unit, request, model, clock_monotonic_ms());
}

// The running job of a unit has ended, or cannot begin.
static void finish_job(struct bus *bus, struct job_queue *queue, struct unit *unit,
                       struct job_result *result)
{
    int64_t now_ms = clock_monotonic_ms();
    if (job_request_of(queue->running.job)->ends_hold) {
        keep_take_result(&bus->keep, unit, result, now_ms);
    } else {
        keep_settle(&bus->keep, unit, result, now_ms);
        post_result(bus, result);
    }
    jobs_finish(&bus->jobs, queue, now_ms);
}

// A command may not begin on a device that is known to be another one. Silence is for the
// command itself to meet and to explain.
static bool may_begin(struct bus *bus, struct job_queue *queue, struct unit *unit)
{
    char text[200];
    char refusal[300];
    if (queue->running.has_begun)
        return true;
    if (line_rests_until_ms(&bus->line) > clock_monotonic_ms()) {
        queue->running.ready_ms = line_rests_until_ms(&bus->line);
        return false;
    }
    queue->running.has_begun = true;
    if (bus_identify(bus, unit, text, sizeof text) || text[0] == '\0')
        return true;
    (void)snprintf(refusal, sizeof refusal, "this is not the device of the map: %s", text);
    finish_job(bus, queue, unit, refuse(job_request_of(queue->running.job), refusal));
    return false;
}

void bus_advance_job(struct bus *bus)
{
    struct unit *unit = NULL;
    struct job_queue *queue = jobs_ready(&bus->jobs, clock_monotonic_ms(), &unit);
    if (!queue || !may_begin(bus, queue, unit))
        return;
    struct execute_report report = {
        .context = bus, .log = report_job_log, .wrote = report_write, .note = report_note};
    enum fault fault = FAULT_STOPPED; // stands for "no transaction was made"
    bool done = execute_step(&bus->line, unit, &queue->running, &report, &fault);
    if (fault != FAULT_STOPPED)
        bus_settle(bus, unit, line_fault_of_unit(fault, &queue->running.answer), "");
    if (done)
        finish_job(bus, queue, unit, job_take_result(queue->running.job));
}

static bool hold_identify(void *context, struct unit *unit, char *ret_text, size_t size)
{
    return bus_identify(context, unit, ret_text, size);
}

static void hold_settle(void *context, struct unit *unit, enum fault fault)
{
    if (fault != FAULT_STOPPED)
        bus_settle(context, unit, fault, "");
}

static void hold_change(void *context, const struct hold_change *change)
{
    struct message message = {.kind = MESSAGE_HOLD, .hold = *change};
    bus_post(context, &message);
}

void bus_take_job(struct bus *bus, struct job_request *request)
{
    if (bus->stopping)
        turn_away(bus, request, "stopped");
    else if (!jobs_add(&bus->jobs, request, clock_monotonic_ms()))
        turn_away(bus, request, "busy: 16 commands wait for this device already");
}

void bus_stop_jobs(struct bus *bus)
{
    int64_t now_ms = clock_monotonic_ms();
    line_hurry(&bus->line);
    keep_stop(&bus->keep, now_ms, STOP_HOLDS_MS);
    jobs_stop(&bus->jobs, now_ms, STOP_HOLDS_MS);
    for (struct job_request *waiting = jobs_take_waiting(&bus->jobs); waiting;
         waiting = jobs_take_waiting(&bus->jobs))
        turn_away(bus, waiting, "stopped");
}

void bus_keep_holds(struct bus *bus)
{
    struct keep_owner owner = {
        .context = bus,
        .jobs = &bus->jobs,
        .identify = hold_identify,
        .settle = hold_settle,
        .wrote = report_wear,
        .change = hold_change,
    };
    keep_init(&bus->keep, &bus->line, &owner);
}
