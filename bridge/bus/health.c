// SPDX-License-Identifier: MIT
#include "bus/health.h"

enum {
    TIMEOUTS_UNTIL_OFFLINE = 2,
    FAILURES_UNTIL_OFFLINE = 3,
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

static void plan_probe(struct health *health, const struct health_event *event, int64_t now_ms)
{
    int64_t longest = event->others_live ? LONGEST_BACKOFF_MS : LONGEST_ALONE_MS;
    int64_t doubled = health->backoff_ms ? health->backoff_ms * 2 : FIRST_BACKOFF_MS;
    health->backoff_ms = doubled < longest ? doubled : longest;
    health->retry_at_ms =
        now_ms + (int64_t)((double)health->backoff_ms * (0.75 + 0.25 * event->chance));
}

// A unit that never answered, or whose link is gone, is not given a second chance to be slow.
static bool is_final(const struct health *health, const struct health_event *event)
{
    if (health->state != HEALTH_ONLINE || event->fault == FAULT_IDENTITY ||
        (event->fault == FAULT_LINK && !event->link_works))
        return true;
    return health->failures >= FAILURES_UNTIL_OFFLINE ||
           (health->failures >= TIMEOUTS_UNTIL_OFFLINE && event->waited_long);
}

bool health_note(struct health *health, const struct health_event *event, int64_t now_ms)
{
    if (event->fault == FAULT_STOPPED)
        return false;
    health->is_unlinked = false;
    health->is_untried = false;
    if (event->fault == FAULT_NONE || event->fault == FAULT_EXCEPTION) {
        health->failures = 0;
        health->backoff_ms = 0;
        health->fault = FAULT_NONE;
        return set_state(health, HEALTH_ONLINE, now_ms);
    }
    health->failures++;
    if (!is_final(health, event))
        return false;
    // The link was blamed; now it is there, and the unit still is not.
    bool is_news = health->fault == FAULT_LINK && event->fault != FAULT_LINK;
    health->fault = event->fault;
    plan_probe(health, event, now_ms);
    return set_state(health, HEALTH_OFFLINE, now_ms) || is_news;
}

bool health_lose_link(struct health *health, int64_t now_ms)
{
    if (health->state == HEALTH_OFFLINE && !health->is_untried)
        return false;
    health->is_unlinked = true;
    health->is_untried = false;
    health->fault = FAULT_LINK;
    return set_state(health, HEALTH_OFFLINE, now_ms);
}

void health_link_back(struct health *health)
{
    // It may have come back before, and broken again before this unit was asked.
    health->is_untried = health->is_untried || health->is_unlinked;
    health->is_unlinked = false;
}

bool health_is_dead(const struct health *health)
{
    return health->state == HEALTH_OFFLINE && !health->is_untried;
}

bool health_may_ask(const struct health *health, int64_t now_ms)
{
    return !health_is_dead(health) || now_ms >= health->retry_at_ms;
}

void probing_note(struct probing *probing, int64_t began_ms, int64_t ended_ms)
{
    probing->next_ms = began_ms + (ended_ms - began_ms) * DEAD_SHARE;
}

int64_t probing_from_ms(const struct probing *probing, bool others_live)
{
    return others_live ? probing->next_ms : 0;
}
