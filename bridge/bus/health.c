// SPDX-License-Identifier: MIT
#include "bus/health.h"

enum {
    FAILURES_UNTIL_OFFLINE = 2,
    FIRST_BACKOFF_MS = 1000,
    LONGEST_BACKOFF_MS = 60 * 1000,
    LONGEST_ALONE_MS = 5 * 1000, // nobody else is kept waiting: notice its return soon
    DEAD_SHARE = 20,             // dead units together get 1/20 of the bus's time
};

void health_init(struct health *health, int64_t now_ms)
{
    *health = (struct health){.state = HEALTH_UNKNOWN, .changed_at_ms = now_ms};
}

static bool set_state(struct health *health, enum unit_health state, int64_t now_ms)
{
    if (health->state == state)
        return false;
    health->state = state;
    health->changed_at_ms = now_ms;
    return true;
}

static void plan_probe(struct health *health, const struct health_line *line, int64_t now_ms,
                       double chance)
{
    int64_t longest = line->others_live ? LONGEST_BACKOFF_MS : LONGEST_ALONE_MS;
    int64_t doubled = health->backoff_ms ? health->backoff_ms * 2 : FIRST_BACKOFF_MS;
    health->backoff_ms = doubled < longest ? doubled : longest;
    int64_t pause = (int64_t)((double)health->backoff_ms * (0.75 + 0.25 * chance));
    int64_t share = line->others_live ? line->cost_ms * line->dead_units * DEAD_SHARE : 0;
    health->retry_at_ms = now_ms + (pause > share ? pause : share);
}

bool health_note(struct health *health, enum fault fault, const struct health_line *line,
                 int64_t now_ms, double chance)
{
    if (fault == FAULT_STOPPED)
        return false;
    if (fault == FAULT_NONE || fault == FAULT_EXCEPTION) {
        health->failures = 0;
        health->backoff_ms = 0;
        health->fault = FAULT_NONE;
        return set_state(health, HEALTH_ONLINE, now_ms);
    }
    health->failures++;
    // A unit that never answered, or whose link is gone, is not given a second chance to be
    // slow.
    bool is_final = health->failures >= FAILURES_UNTIL_OFFLINE || fault == FAULT_LINK ||
                    fault == FAULT_IDENTITY || health->state != HEALTH_ONLINE;
    if (!is_final)
        return false;
    health->fault = fault;
    plan_probe(health, line, now_ms, chance);
    return set_state(health, HEALTH_OFFLINE, now_ms);
}

bool health_may_ask(const struct health *health, int64_t now_ms)
{
    return health->state != HEALTH_OFFLINE || now_ms >= health->retry_at_ms;
}
