// SPDX-License-Identifier: MIT
#include "bus/snapshot.h"

#include <stdio.h>

#include "base/clock.h"

static void fill_link(const struct snapshot_of *of, struct bus_status *ret_status)
{
    const struct line *line = of->line;
    const struct link_counters *counters = link_counters(line->link);
    ret_status->link_is_open = link_is_open(line->link);
    ret_status->link_since_ms = ret_status->link_is_open ? line->opened_ms : of->link_since_ms;
    ret_status->link_opened = line->link_serial;
    (void)snprintf(ret_status->link_text, sizeof ret_status->link_text, "%s",
                   ret_status->link_is_open || line->why.code == ERROR_NONE ? ""
                                                                            : line->why.text);
    ret_status->counters = (struct bus_counters){
        .requests = counters->requests,
        .answers = counters->answers,
        .exceptions = counters->exceptions,
        .timeouts = counters->timeouts,
        .garbled = counters->garbled,
        .foreign = counters->foreign,
        .unsolicited_bytes = counters->unsolicited_bytes,
    };
}

static void fill_commands(const struct job_queue *queue, struct unit_status *ret_status)
{
    ret_status->commands_waiting = queue->count;
    if (!queue->running.job)
        return;
    ret_status->command_since_ms = queue->running.started_ms;
    (void)snprintf(ret_status->command, sizeof ret_status->command, "%s",
                   job_request_of(queue->running.job)->command->key);
}

static void add_refusal(const struct refused_item *item, struct unit_refusal *shown,
                        size_t room, size_t *count)
{
    if (*count < room)
        shown[*count] = (struct unit_refusal){item->refusal, item->since_ms};
    ++*count;
}

static void fill_refusals(const struct unit *unit, struct unit_status *ret_status)
{
    for (size_t i = 0; i < unit->refused.count; i++) {
        const struct refused_item *item = &unit->refused.items[i];
        if (item->refusal.optional)
            continue;
        if (item->refusal.kind == REFUSAL_RANGE)
            add_refusal(item, ret_status->holes, MAX_STATUS_HOLES, &ret_status->hole_count);
        else
            add_refusal(item, ret_status->limits, MAX_STATUS_LIMITS, &ret_status->limit_count);
    }
}

static void fill_holds(const struct hold *hold, struct unit_status *ret_status)
{
    size_t count = 0;
    for (; hold; hold = hold->next, count++) {
        if (count >= MAX_STATUS_HOLDS)
            continue;
        struct unit_hold *shown = &ret_status->holds[count];
        *shown = (struct unit_hold){
            .until_ms = hold->is_over ? 0 : hold->until_ms,
            .every_ms = hold->is_over ? 0 : hold->every_ms,
            .is_failing = hold->is_failing,
        };
        (void)snprintf(shown->text, sizeof shown->text, "%s", hold->values);
    }
    ret_status->hold_count = count;
}

// Puts a request among those that missed most, the worst first.
static void add_missed(const struct agenda_entry *entry, struct unit_status *ret_status)
{
    const struct block *block = entry->block;
    size_t shown = ret_status->missed_count++;
    if (shown >= MAX_STATUS_MISSED)
        shown = MAX_STATUS_MISSED - 1;
    if (shown + 1 == MAX_STATUS_MISSED && ret_status->missed[shown].missed >= entry->missed)
        return;
    for (; shown > 0 && ret_status->missed[shown - 1].missed < entry->missed; shown--)
        ret_status->missed[shown] = ret_status->missed[shown - 1];
    ret_status->missed[shown] = (struct unit_missed){
        .table = block->table,
        .address = block->address,
        .count = block->count,
        .model = block->model,
        .every_ms = block->every_ms,
        .missed = entry->missed,
    };
}

static void fill_missed(const struct agenda_unit *unit, struct unit_status *ret_status)
{
    ret_status->counters.missed = unit->missed;
    for (size_t i = 0; i < unit->count; i++) {
        if (unit->entries[i].missed > 0)
            add_missed(&unit->entries[i], ret_status);
    }
}

static void fill_unit(const struct snapshot_of *of, size_t index, int64_t now_ms,
                      struct unit_status *ret_status)
{
    const struct unit *unit = &of->line->units[index];
    *ret_status = (struct unit_status){
        .device = unit->index,
        .unit_id = unit->device->unit_id,
        .health = unit->health.state,
        .health_since_ms = unit->health.changed_at_ms,
        .health_fault = unit->health.fault,
        .next_probe_ms = unit->health.state == HEALTH_OFFLINE ? unit->health.retry_at_ms : 0,
    };
    record_report(&unit->record, now_ms, ret_status);
    fill_missed(&of->agenda->units[index], ret_status);
    fill_holds(of->holds->lists[index], ret_status);
    fill_refusals(unit, ret_status);
    fill_commands(&of->jobs->queues[index], ret_status);
}

void snapshot_fill(const struct snapshot_of *of, struct bus_status *ret_status)
{
    int64_t now_us = clock_monotonic_us();
    ret_status->at_ms = now_us / 1000;
    fill_link(of, ret_status);
    ret_status->utilisation = busy_share(&of->line->busy, now_us);
    ret_status->dead_share = busy_share(&of->line->dead, now_us);
    if (ret_status->unit_count > of->line->unit_count)
        ret_status->unit_count = of->line->unit_count;
    for (size_t i = 0; i < ret_status->unit_count; i++)
        fill_unit(of, i, ret_status->at_ms, &ret_status->units[i]);
}
