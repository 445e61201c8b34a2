// SPDX-License-Identifier: MIT
#include "bus/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void jobs_init(struct jobs *jobs, struct line *line)
{
    jobs->line = line;
    jobs->first = (struct job_source){0};
    jobs->queues = mem_new(line->unit_count, sizeof *jobs->queues);
}

void jobs_done(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->line->unit_count; i++) {
        struct job_queue *queue = &jobs->queues[i];
        job_free(queue->running.job);
        for (size_t k = 0; k < queue->count; k++)
            job_request_free(queue->waiting[k]);
    }
    free(jobs->queues);
}

static struct job_request *take_first(struct job_queue *queue)
{
    struct job_request *first = queue->waiting[0];
    queue->count--;
    memmove(&queue->waiting[0], &queue->waiting[1], queue->count * sizeof queue->waiting[0]);
    return first;
}

static void start_next(struct jobs *jobs, struct job_queue *queue, int64_t now_ms)
{
    if (queue->running.job)
        return;
    struct unit *unit = &jobs->line->units[queue - jobs->queues];
    struct job_request *request = NULL;
    if (jobs->first.take)
        request = jobs->first.take(jobs->first.context, unit, now_ms);
    if (!request && queue->count)
        request = take_first(queue);
    if (!request)
        return;
    queue->running = (struct running_job){
        .job = job_new(&unit->planning, unit->device->unit_id, unit->image, request, now_ms),
        .started_ms = now_ms,
        .ready_ms = now_ms,
        .event = {.kind = JOB_EVENT_TIME},
    };
}

bool jobs_add(struct jobs *jobs, struct job_request *request, int64_t now_ms)
{
    struct unit *unit = line_unit(jobs->line, request->device);
    struct job_queue *queue = &jobs->queues[unit - jobs->line->units];
    if (queue->count == ARRAY_LENGTH(queue->waiting))
        return false;
    queue->waiting[queue->count++] = request;
    start_next(jobs, queue, now_ms);
    return true;
}

static struct job_queue *find_first(const struct jobs *jobs)
{
    struct job_queue *first = NULL;
    for (size_t i = 0; i < jobs->line->unit_count; i++) {
        struct job_queue *queue = &jobs->queues[i];
        if (!queue->running.job || queue->running.ready_ms == INT64_MAX)
            continue;
        if (!first || queue->running.ready_ms < first->running.ready_ms)
            first = queue;
    }
    return first;
}

const struct job_queue *jobs_first(const struct jobs *jobs)
{
    return find_first(jobs);
}

struct job_queue *jobs_ready(struct jobs *jobs, int64_t now_ms, struct unit **ret_unit)
{
    struct job_queue *first = find_first(jobs);
    if (!first || first->running.ready_ms > now_ms)
        return NULL;
    *ret_unit = &jobs->line->units[first - jobs->queues];
    return first;
}

void jobs_finish(struct jobs *jobs, struct job_queue *queue, int64_t now_ms)
{
    job_free(queue->running.job);
    queue->running = (struct running_job){0};
    start_next(jobs, queue, now_ms);
}

void jobs_wake(struct jobs *jobs, const struct unit *unit, int64_t now_ms)
{
    start_next(jobs, &jobs->queues[unit - jobs->line->units], now_ms);
}

void running_take_noted(struct running_job *running, uint32_t note, bool is_noted,
                        int64_t now_ms)
{
    if (!running->job || running->has_pending || running->note == 0 || running->note != note)
        return;
    running->note = 0;
    if (running->event.kind != JOB_EVENT_STOP)
        running->event.kind = JOB_EVENT_NOTED;
    running->event.note = note;
    running->event.is_noted = is_noted;
    running->ready_ms = now_ms;
}

void jobs_take_noted(struct jobs *jobs, const struct job_noted *noted, int64_t now_ms)
{
    const struct unit *unit = line_unit(jobs->line, noted->device);
    struct running_job *running = &jobs->queues[unit - jobs->line->units].running;
    if (running->job && job_request_of(running->job)->serial == noted->serial)
        running_take_noted(running, noted->number, noted->is_kept, now_ms);
}

void jobs_stop(struct jobs *jobs, int64_t now_ms, int64_t rest_ms)
{
    for (size_t i = 0; i < jobs->line->unit_count; i++) {
        struct running_job *running = &jobs->queues[i].running;
        if (!running->job)
            continue;
        if (job_request_of(running->job)->ends_hold) {
            job_limit(running->job, now_ms + rest_ms);
            continue;
        }
        running->event.kind = JOB_EVENT_STOP; // an answer that came meanwhile still counts
        running->ready_ms = now_ms;
    }
}

struct job_request *jobs_take_waiting(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->line->unit_count; i++) {
        if (jobs->queues[i].count)
            return take_first(&jobs->queues[i]);
    }
    return NULL;
}

bool jobs_is_running(const struct jobs *jobs, const struct unit *unit)
{
    return jobs->queues[unit - jobs->line->units].running.job != NULL;
}

bool jobs_is_waiting(const struct jobs *jobs, const struct unit *unit)
{
    const struct running_job *running = &jobs->queues[unit - jobs->line->units].running;
    return running->job && running->is_waiting;
}

bool jobs_any(const struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->line->unit_count; i++) {
        if (jobs->queues[i].running.job)
            return true;
    }
    return false;
}
