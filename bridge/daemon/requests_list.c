// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/requests_state.h"

const struct device *requests_device(const struct requests *requests, uint16_t device)
{
    return &requests->site->devices[device];
}

struct recent_instant requests_now(void)
{
    return (struct recent_instant){clock_monotonic_ms(), clock_wall_ms()};
}

struct open_request *requests_add(struct requests *requests, uint16_t device, bool is_local,
                                  const char *id)
{
    struct open_request *open = mem_new(1, sizeof *open);
    open->serial = ++requests->serial;
    open->device = device;
    open->received = requests_now();
    open->is_local = is_local;
    (is_local ? journal_local_key : journal_key)(requests_device(requests, device), open->key);
    (void)snprintf(open->id, sizeof open->id, "%s", id);
    struct open_request **link = &requests->first;
    while (*link)
        link = &(*link)->next;
    *link = open;
    return open;
}

static void open_free(struct open_request *open)
{
    job_request_free(open->job);
    free(open->request);
    free(open->refusal);
    interrupted_free(open->interrupted);
    free(open->undone);
    free(open);
}

void requests_drop(struct requests *requests, struct open_request *open)
{
    struct open_request **link = &requests->first;
    while (*link != open)
        link = &(*link)->next;
    *link = open->next;
    open_free(open);
}

struct open_request *requests_first_of(const struct requests *requests, uint16_t device)
{
    struct open_request *open = requests->first;
    while (open && open->device != device)
        open = open->next;
    return open;
}

size_t requests_count_of(const struct requests *requests, uint16_t device, enum phase phase)
{
    size_t count = 0;
    for (const struct open_request *open = requests->first; open; open = open->next)
        count += open->device == device && open->phase == phase;
    return count;
}

struct open_request *requests_find_serial(const struct requests *requests, uint64_t serial)
{
    struct open_request *open = requests->first;
    while (open && open->serial != serial)
        open = open->next;
    return open;
}

struct open_request *requests_find_ticket(const struct requests *requests, enum phase phase,
                                          uint64_t first, uint64_t last)
{
    struct open_request *open = requests->first;
    while (open && (open->phase != phase || open->ticket < first || open->ticket > last))
        open = open->next;
    return open;
}
