// SPDX-License-Identifier: MIT
#include "daemon/doors.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "door/door.h"
#include "model/message.h"

enum { QUIET_MS = 10 * 60 * 1000 }; // without a refusal, the next one is news

struct open_door {
    struct door *door; // NULL: none
    bool is_closed;
    struct share_status status;
    int64_t refused_ms; // when it last had refused something; 0: never
};

void doors_init(struct doors *doors, struct mailbox *from_buses)
{
    *doors = (struct doors){.from_buses = from_buses};
}

void doors_done(struct doors *doors)
{
    for (size_t i = 0; i < doors->count; i++)
        door_free(doors->items[i].door);
    free(doors->items);
}

// ---- called by the doors' threads

static bool ask(void *context, struct guest *guest)
{
    return bus_post_guest(context, guest);
}

static void withdraw(void *context, const struct mailbox *answers, uint64_t ticket)
{
    (void)bus_post_withdrawal(context, answers, ticket);
}

static void report(void *context, const struct share_status *status)
{
    struct message message = {.kind = MESSAGE_SHARE, .bus = status->bus, .share = *status};
    mailbox_post_reading(context, &message);
}

// ----

static void make_room(struct doors *doors, uint16_t place)
{
    if (place < doors->count)
        return;
    size_t count = (size_t)place + 1;
    doors->items = mem_resize(doors->items, count, sizeof *doors->items);
    for (size_t i = doors->count; i < count; i++)
        doors->items[i] = (struct open_door){0};
    doors->count = count;
}

void doors_open(struct doors *doors, uint16_t place, const struct bus_settings *settings,
                struct bus *bus)
{
    struct error err;
    const struct door_owner owner = {.bus = bus,
                                     .ask = ask,
                                     .withdraw = withdraw,
                                     .main = doors->from_buses,
                                     .report = report};
    if (!settings->share)
        return;
    make_room(doors, place);
    struct open_door *item = &doors->items[place];
    *item = (struct open_door){.status = {.bus = place}};
    item->door = door_start(settings, place, &owner, &err);
    if (item->door)
        log_line(LOG_LEVEL_INFO, settings->name, "shared with other masters at %s, port %u",
                 settings->share->host, settings->share->port);
    else
        log_line(LOG_LEVEL_ERROR, settings->name, "not shared with other masters: %s",
                 err.text);
}

void doors_close(struct doors *doors, uint16_t place)
{
    if (place >= doors->count || !doors->items[place].door || doors->items[place].is_closed)
        return;
    door_stop(doors->items[place].door);
    doors->items[place].is_closed = true;
}

void doors_forget(struct doors *doors, uint16_t place)
{
    if (place >= doors->count)
        return;
    door_free(doors->items[place].door);
    doors->items[place] = (struct open_door){0};
}

static uint64_t refusals(const struct share_status *status)
{
    return status->counts[SHARE_TURNED_AWAY] + status->counts[SHARE_REFUSED_FUNCTION] +
           status->counts[SHARE_REFUSED_ADDRESS];
}

void doors_take(struct doors *doors, const struct share_status *status,
                const struct bus_settings *settings, int64_t now_ms)
{
    if (status->bus >= doors->count || !doors->items[status->bus].door)
        return; // a last word of one that was closed
    struct open_door *item = &doors->items[status->bus];
    bool has_refused = refusals(status) > refusals(&item->status);
    bool is_news = !item->refused_ms || now_ms - item->refused_ms >= QUIET_MS;
    item->status = *status;
    if (!has_refused)
        return;
    item->refused_ms = now_ms;
    if (is_news)
        log_line(LOG_LEVEL_WARNING, settings->name,
                 "other masters ask for what is not shared with them, or are too many; "
                 "'modbridge status' counts it");
}

const struct share_status *doors_status(const struct doors *doors, size_t place)
{
    bool is_open =
        place < doors->count && doors->items[place].door && !doors->items[place].is_closed;
    return is_open ? &doors->items[place].status : NULL;
}
