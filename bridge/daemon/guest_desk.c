// SPDX-License-Identifier: MIT
#include "daemon/guest_desk.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "daemon/daemon_state.h"
#include "daemon/guest_json.h"
#include "daemon/wording.h"

int guest_desk_init(struct guest_desk *desk)
{
    *desk = (struct guest_desk){
        .answers = mailbox_new(sizeof(struct guest *), 0, CONTROL_MAX_CLIENTS)};
    return desk->answers ? 0 : -1;
}

void guest_desk_done(struct guest_desk *desk)
{
    struct guest *guest = NULL;
    while (desk->answers && mailbox_take(desk->answers, &guest))
        free(guest);
    mailbox_free(desk->answers);
}

static struct guest_visit *find_visit(struct guest_desk *desk, uint64_t number)
{
    for (size_t i = 0; i < ARRAY_LENGTH(desk->visits); i++) {
        if (desk->visits[i].is_open && desk->visits[i].number == number)
            return &desk->visits[i];
    }
    return NULL;
}

static struct guest_visit *find_place(struct guest_desk *desk)
{
    for (size_t i = 0; i < ARRAY_LENGTH(desk->visits); i++) {
        if (!desk->visits[i].is_open)
            return &desk->visits[i];
    }
    return NULL;
}

static void answer(struct daemon *daemon, const struct guest *guest, int64_t now_ms)
{
    struct guest_visit *visit = find_visit(&daemon->desk, guest->ticket);
    if (!visit)
        return;
    visit->is_open = false;
    char *json = guest_result_json(guest);
    // What the line was used for has waited for its turn there.
    if (guest->end == GUEST_ASKED)
        control_hasten(daemon->control, visit->ticket);
    control_answer(daemon->control, visit->ticket, json, now_ms);
    free(json);
}

// A bus that takes nothing now is told at the next turn.
static void withdraw(struct daemon *daemon, struct guest_visit *visit)
{
    struct guest_desk *desk = &daemon->desk;
    visit->is_withdrawn =
        !daemon->buses[visit->bus] ||
        bus_post_withdrawal(daemon->buses[visit->bus], desk->answers, visit->number);
}

void guest_desk_turn(struct daemon *daemon, int64_t now_ms)
{
    struct guest_desk *desk = &daemon->desk;
    struct guest *guest = NULL;
    while (mailbox_take(desk->answers, &guest)) {
        answer(daemon, guest, now_ms);
        free(guest);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(desk->visits); i++) {
        struct guest_visit *visit = &desk->visits[i];
        if (visit->is_open && !visit->is_withdrawn &&
            !control_is_awaited(daemon->control, visit->ticket))
            withdraw(daemon, visit);
    }
}

void guest_desk_leave(struct daemon *daemon, uint16_t bus)
{
    struct guest_desk *desk = &daemon->desk;
    int64_t now_ms = clock_monotonic_ms();
    guest_desk_turn(daemon, now_ms); // what it has answered
    for (size_t i = 0; i < ARRAY_LENGTH(desk->visits); i++) {
        struct guest_visit *visit = &desk->visits[i];
        if (!visit->is_open || visit->bus != bus)
            continue;
        visit->is_open = false;
        control_refuse(daemon->control, visit->ticket,
                       "the bus ends, because the site has changed; ask again", now_ms);
    }
}

static int take(struct daemon *daemon, const json_t *root, struct control_ticket ticket,
                int64_t now_ms, struct error *err)
{
    struct guest_desk *desk = &daemon->desk;
    struct guest_visit *visit = find_place(desk);
    struct guest read;
    uint16_t bus = 0;
    if (guest_read_request(root, daemon->site, &bus, &read, err) != 0)
        return -1;
    if (!visit)
        return error_set(err, ERROR_FAILED, "busy: too many ask the equipment already");
    struct guest *guest = mem_new(1, sizeof *guest);
    *guest = read;
    guest->ticket = ++desk->number;
    guest->answers = desk->answers;
    guest->until_ms = now_ms + GUEST_PATIENCE_MS;
    *visit = (struct guest_visit){
        .is_open = true, .bus = bus, .number = guest->ticket, .ticket = ticket};
    if (daemon->buses[bus] && bus_post_guest(daemon->buses[bus], guest))
        return 0;
    visit->is_open = false;
    free(guest);
    return error_set(err, ERROR_FAILED, "busy: bus %s takes nothing at the moment",
                     daemon->site->buses[bus].name);
}

void transact_take_request(void *context, const struct control_request *request,
                           struct control_ticket ticket)
{
    struct daemon *daemon = context;
    struct error err;
    int64_t now_ms = clock_monotonic_ms();
    if (take(daemon, request->root, ticket, now_ms, &err) != 0)
        control_refuse(daemon->control, ticket, err.text, now_ms);
}

// Who is there, by which map: two maps of one name may say different things.
static json_t *units_json(const struct site *site, size_t bus)
{
    json_t *units = json_new_list();
    char digest[24];
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        if (device->bus != (int)bus)
            continue;
        json_t *row = json_new_object();
        (void)snprintf(digest, sizeof digest, "%016llx",
                       (unsigned long long)device->map->digest);
        json_put_text(row, "device", device->name);
        json_put(row, "unit", json_integer(device->unit_id));
        json_put_text(row, "map", device->map->name);
        json_put_text(row, "map_digest", digest);
        json_add(units, row);
    }
    return units;
}

static json_t *bus_json(const struct site *site, size_t index)
{
    const struct bus_settings *bus = &site->buses[index];
    json_t *row = json_new_object();
    char place[300];
    wording_place(bus, place, sizeof place);
    json_put_text(row, "name", bus->name);
    json_put_text(row, "place", place);
    json_put_text(row, "transport", wording_transport(bus->transport));
    if (bus->transport == TRANSPORT_RTU) {
        json_put_text(row, "path", bus->path);
        json_put(row, "baud", json_integer(bus->baud));
        json_put_text(row, "parity", parity_names[bus->parity]);
        json_put(row, "stop_bits", json_integer(bus->stop_bits));
    } else {
        json_put_text(row, "host", bus->host);
        json_put(row, "port", json_integer(bus->port));
    }
    json_put(row, "units", units_json(site, index));
    return row;
}

void buses_take_request(void *context, const struct control_request *request,
                        struct control_ticket ticket)
{
    struct daemon *daemon = context;
    json_t *buses = json_new_list();
    (void)request;
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (daemon->site->buses[i].name[0]) // else the place is empty
            json_add(buses, bus_json(daemon->site, i));
    }
    json_t *result = json_new_object();
    json_put(result, "buses", buses);
    char *json = json_print(result);
    control_answer(daemon->control, ticket, json, clock_monotonic_ms());
    free(json);
}
