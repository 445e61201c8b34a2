// SPDX-License-Identifier: MIT
#include "cloud/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool post(struct event_queue *queue, const struct uplink_event *event)
{
    int64_t by_ms = event->kind == UPLINK_ACKED ? event->by_ms : MAILBOX_AT_ONCE;
    return mailbox_post_by(queue->to_main, event, by_ms);
}

bool event_try(struct event_queue *queue, const struct uplink_event *event)
{
    return queue->count == 0 && post(queue, event);
}

void event_post(struct event_queue *queue, const struct uplink_event *event)
{
    if (event_try(queue, event))
        return;
    if (queue->count == queue->room) {
        queue->room = queue->room ? queue->room * 2 : 16;
        queue->waiting = mem_resize(queue->waiting, queue->room, sizeof *queue->waiting);
    }
    queue->waiting[queue->count++] = *event;
}

bool event_flush(struct event_queue *queue)
{
    size_t posted = 0;
    while (posted < queue->count && post(queue, &queue->waiting[posted]))
        posted++;
    queue->count -= posted;
    if (posted && queue->count)
        memmove(queue->waiting, queue->waiting + posted, queue->count * sizeof *queue->waiting);
    return queue->count == 0;
}

void event_done(struct event_queue *queue)
{
    free(queue->waiting);
    *queue = (struct event_queue){0};
}
