// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/time_units.h"
#include "bus/bus_state.h"
#include "bus/written.h"
#include "registers/cached.h"

static void give_back(struct bus *bus, struct guest *guest, enum guest_end end,
                      enum fault fault)
{
    guest->end = end;
    guest->fault = fault;
    bus->guests.ended[end]++;
    if (!mailbox_post(guest->answers, &guest))
        free(guest); // its sender did not keep room, so it has given up
}

static void turn_away(struct bus *bus, struct guest *guest)
{
    (void)snprintf(guest->text, sizeof guest->text,
                   "%d requests of others wait for this bus already", MAX_GUESTS);
    give_back(bus, guest, GUEST_BUSY, FAULT_TIMEOUT);
}

// What a device was asked for by its plan is answered from that, while it is there and nothing
// was written since.
static bool is_cached(const struct bus *bus, struct guest *guest)
{
    const struct request *request = &guest->request;
    const struct pdu_function *function = pdu_find_function(request->function);
    struct cached_request wanted = {
        .unit_id = request->unit_id,
        .table = function->table,
        .address = request->address,
        .count = request->count,
        .after_ms = bus->line.written_ms,
        .now_ms = clock_monotonic_ms(),
    };
    if (!guest->may_be_cached || function->is_write || function->is_list || bus->stopping)
        return false;
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        const struct unit *unit = &bus->line.units[i];
        wanted.device_unit_id = unit->device->unit_id;
        if (unit->health.state != HEALTH_ONLINE || !line_has_id(unit, request->unit_id) ||
            !cached_read(unit->image, &wanted, guest->answer.words))
            continue;
        guest->answer.count = request->count;
        return true;
    }
    return false;
}

void bus_take_guest(struct bus *bus, struct guest *guest)
{
    if (is_cached(bus, guest)) {
        give_back(bus, guest, GUEST_CACHED, FAULT_NONE);
        return;
    }
    if (!guests_add(&bus->guests, guest))
        turn_away(bus, guest);
}

void bus_withdraw_guest(struct bus *bus, const struct mailbox *answers, uint64_t ticket)
{
    size_t index = guests_find(&bus->guests, answers, ticket);
    if (index < MAX_GUESTS)
        give_back(bus, guests_take(&bus->guests, index), GUEST_STOPPED, FAULT_STOPPED);
}

// ---- what is answered without the line

static void explain_link(const struct bus *bus, struct guest *guest)
{
    (void)snprintf(guest->text, sizeof guest->text, "%s", bus->line.why.text);
}

static bool others_live(const struct bus *bus)
{
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        if (bus->line.units[i].health.state == HEALTH_ONLINE)
            return true;
    }
    return false;
}

// Whether a unit is known to be silent and is looked after by its probes. One that answers as
// another device than the map's is there for guests.
static bool is_silent(const struct unit *unit)
{
    return unit && unit->probe && health_is_dead(&unit->health) &&
           unit->health.fault != FAULT_IDENTITY;
}

static int64_t next_probe_ms(const struct bus *bus, const struct unit *unit)
{
    int64_t from_ms = probing_from_ms(&bus->turn.probing, others_live(bus));
    return from_ms > unit->health.retry_at_ms ? from_ms : unit->health.retry_at_ms;
}

static void explain_silence(const struct bus *bus, const struct unit *unit, struct guest *guest,
                            int64_t now_ms)
{
    char since[32];
    char next[32];
    num_format_duration(since, sizeof since, now_ms - unit->health.changed_at_ms);
    num_format_duration(next, sizeof next, next_probe_ms(bus, unit) - now_ms);
    (void)snprintf(guest->text, sizeof guest->text,
                   "unit %u is offline for %s and is not asked before its next probe, in %s",
                   guest->request.unit_id, since, next);
}

// Answers a guest that need not, or cannot, have the line. False: it waits.
static bool dismiss(struct bus *bus, struct guest *guest, int64_t now_ms)
{
    const struct unit *unit = line_unit_of_id(&bus->line, guest->request.unit_id);
    if (bus->stopping) {
        give_back(bus, guest, GUEST_STOPPED, FAULT_STOPPED);
    } else if (!link_is_open(bus->line.link) && bus->line.why.code != ERROR_NONE) {
        explain_link(bus, guest);
        give_back(bus, guest, GUEST_LINK, FAULT_LINK);
    } else if (is_silent(unit) && next_probe_ms(bus, unit) > now_ms) {
        explain_silence(bus, unit, guest, now_ms);
        give_back(bus, guest, GUEST_AWAY, FAULT_TIMEOUT);
    } else if (guest->until_ms <= now_ms) {
        (void)snprintf(guest->text, sizeof guest->text, "the bus had no time for it");
        give_back(bus, guest, GUEST_BUSY, FAULT_TIMEOUT);
    } else {
        return false;
    }
    return true;
}

static void dismiss_some(struct bus *bus, int64_t now_ms)
{
    for (size_t i = 0; i < bus->guests.count;) {
        struct guest *guest = guests_take(&bus->guests, i);
        if (dismiss(bus, guest, now_ms))
            continue;
        guests_put_back(&bus->guests, i, guest);
        i++;
    }
}

// ---- those that wait for the line

static bool is_in_command(const struct bus *bus, uint8_t unit_id)
{
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        const struct running_job *running = &bus->jobs.queues[i].running;
        if (running->job && !running->is_waiting && line_has_id(&bus->line.units[i], unit_id))
            return true;
    }
    return false;
}

static int64_t from_ms(void *context, const struct guest *guest)
{
    struct bus *bus = context;
    const struct unit *unit = line_unit_of_id(&bus->line, guest->request.unit_id);
    if (is_silent(unit) || is_in_command(bus, guest->request.unit_id))
        return INT64_MAX;
    int64_t free_us = unit ? unit->free_us : bus->line.stranger.free_us;
    int64_t late_us = line_late_until_us(&bus->line, &guest->request);
    return (late_us > free_us ? late_us : free_us) / US_PER_MS + (late_us > free_us);
}

static struct guests_asking asking_of(struct bus *bus)
{
    return (struct guests_asking){.context = bus, .from_ms = from_ms};
}

// What it is expected to take when this unit id was not asked by a guest before.
static int64_t fresh_cost_ms(const struct bus *bus, const struct unit *unit)
{
    if (unit && unit->health.state == HEALTH_ONLINE)
        return unit->response.mean_us / US_PER_MS;
    return unit ? unit->device->modbus.timeout_ms
                : bus->line.stranger.device->modbus.timeout_ms;
}

void bus_look_at_guests(struct bus *bus)
{
    struct turn *turn = &bus->turn;
    struct guests *guests = &bus->guests;
    int64_t now_ms = clock_monotonic_ms();
    struct guests_asking asking = asking_of(bus);
    dismiss_some(bus, now_ms);
    size_t next = guests_next(guests, &asking, now_ms, &turn->guest_ms);
    if (next == MAX_GUESTS)
        return;
    uint8_t unit_id = guests->waiting[next]->request.unit_id;
    const struct unit *unit = line_unit_of_id(&bus->line, unit_id);
    turn->guest_rest_ms = guests->rest_until_ms;
    turn->guest_cost_ms = guests_cost_ms(guests, unit_id, fresh_cost_ms(bus, unit));
}

// ---- asking

// A write at an address that counts from `model` was not refused.
static void note_write(struct bus *bus, struct unit *unit, const struct request *request,
                       uint8_t model)
{
    struct span span = {
        .table = pdu_find_function(request->function)->table,
        .address = request->address,
        .count = request->count,
        .model = model,
    };
    bus_note_write(bus, unit, request, model);
    agenda_hasten(&bus->agenda, (uint16_t)(unit - bus->line.units), &span,
                  clock_monotonic_ms());
}

// The same for each SunSpec model whose registers it meets.
static void note_write_in_models(struct bus *bus, struct unit *unit,
                                 const struct request *request)
{
    const struct sunspec_places *places = image_models(unit->image);
    int64_t end = (int64_t)request->address + request->count;
    for (uint16_t i = 0; places && i < places->count; i++) {
        const struct sunspec_place *place = &places->items[i];
        int64_t model_end = (int64_t)place->address + SUNSPEC_HEADER_WORDS + place->length;
        int64_t low = request->address > place->address ? request->address : place->address;
        int64_t high = end < model_end ? end : model_end;
        if (place->length == 0 || low >= high)
            continue;
        struct request part = *request;
        part.address = (uint16_t)(low - place->address);
        part.count = (uint16_t)(high - low);
        note_write(bus, unit, &part, (uint8_t)(i + 1));
    }
}

static void take_write(struct bus *bus, struct guest *guest)
{
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        struct unit *unit = &bus->line.units[i];
        if (!line_has_id(unit, guest->request.unit_id))
            continue;
        note_write(bus, unit, &guest->request, SUNSPEC_NONE);
        note_write_in_models(bus, unit, &guest->request);
    }
}

void bus_serve_guest(struct bus *bus)
{
    int64_t ready_ms = 0;
    int64_t began_ms = clock_monotonic_ms();
    struct guests_asking asking = asking_of(bus);
    size_t next = guests_next(&bus->guests, &asking, began_ms, &ready_ms);
    assert(next < MAX_GUESTS);
    struct guest *guest = guests_take(&bus->guests, next);
    const struct request *request = &guest->request;
    struct unit *unit = line_unit_of_id(&bus->line, request->unit_id);
    enum fault fault = line_ask(&bus->line, unit, request, guest->timeout_ms, &guest->answer);
    const struct link_note *note = link_last_note(bus->line.link);
    int64_t ended_ms = clock_monotonic_ms();
    guests_note(&bus->guests, request->unit_id, began_ms, ended_ms);
    busy_add(&bus->guest_time, began_ms * US_PER_MS, ended_ms * US_PER_MS);
    guest->was_sent = bus->line.was_sent;
    guest->response_us = note->response_us;
    (void)snprintf(guest->text, sizeof guest->text, "%s", note->text);
    if (pdu_find_function(request->function)->is_write &&
        !written_is_void(guest->was_sent, fault, &guest->answer))
        take_write(bus, guest);
    give_back(bus, guest, fault == FAULT_STOPPED ? GUEST_STOPPED : GUEST_ASKED, fault);
}

void bus_describe_guests(const struct bus *bus, struct bus_status *ret_status)
{
    static const enum guest_end ends[GUEST_COUNTS] = {
        [GUESTS_ASKED] = GUEST_ASKED, [GUESTS_CACHED] = GUEST_CACHED,
        [GUESTS_LINK] = GUEST_LINK,   [GUESTS_AWAY] = GUEST_AWAY,
        [GUESTS_BUSY] = GUEST_BUSY,
    };
    ret_status->guest_share = busy_share(&bus->guest_time, clock_monotonic_us());
    ret_status->guests_waiting = bus->guests.count;
    for (int i = 0; i < GUEST_COUNTS; i++)
        ret_status->guests[i] = bus->guests.ended[ends[i]];
}
