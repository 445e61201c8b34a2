// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "base/clock.h"
#include "bus/bus_state.h"
#include "bus/identity.h"
#include "bus/poll.h"

enum {
    MAX_LATERS = 10,       // that often in a row a unit may say that it is busy
    UNSAID_MS = 10 * 1000, // so long a unit may be too busy to say who it is
    UNSAID_PAUSE_MS = 500,
};

void bus_post(struct bus *bus, struct message *message)
{
    message->bus = bus->index;
    // Results and changes of state are few; main drains them faster than a bus can make them.
    while (!mailbox_post(bus->to_main, message))
        (void)clock_wait(NULL, 0, clock_monotonic_us() + 1000);
}

static void post_health(struct bus *bus, const struct unit *unit, const char *text)
{
    struct message message = {
        .kind = MESSAGE_HEALTH,
        .health = {unit->index, unit->health.state, unit->health.fault, ""},
    };
    (void)snprintf(message.health.text, sizeof message.health.text, "%s", text);
    bus_post(bus, &message);
}

// Tells main when the link opened or could not be opened, once per change.
static void watch_link(struct bus *bus)
{
    bool is_open = link_is_open(bus->line.link);
    bool failed = !is_open && bus->line.why.code != ERROR_NONE;
    if (!is_open && !failed)
        return;
    if (bus->link_known && bus->link_open == is_open)
        return;
    bus->link_known = true;
    bus->link_open = is_open;
    bus->link_since_ms = clock_monotonic_ms();
    struct message message = {.kind = MESSAGE_LINK, .link = {.is_open = is_open}};
    (void)snprintf(message.link.text, sizeof message.link.text, "%s",
                   is_open ? "" : bus->line.why.text);
    bus_post(bus, &message);
}

// Tells main when the connection breaks again and again, and when that is over.
static void watch_breaks(struct bus *bus)
{
    struct breaks *breaks = &bus->line.breaks;
    breaks_look(breaks, clock_monotonic_ms());
    if (bus->breaks_told == breaks->are_many)
        return;
    bus->breaks_told = breaks->are_many;
    struct message message = {.kind = MESSAGE_BREAKS, .breaks = {.are_many = breaks->are_many}};
    bus_post(bus, &message);
}

bool bus_open(struct bus *bus)
{
    enum link_progress progress = line_go_on_opening(&bus->line);
    if (progress == LINK_OPENING)
        return false;
    int64_t now_ms = clock_monotonic_ms();
    bool is_open = progress == LINK_OPENED;
    watch_link(bus);
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        struct unit *unit = &bus->line.units[i];
        if (is_open)
            health_link_back(&unit->health);
        else if (health_lose_link(&unit->health, now_ms))
            post_health(bus, unit, "");
    }
    return true;
}

// Tells main where the SunSpec models of a unit are, once per connection.
static void tell_models(struct bus *bus, struct unit *unit)
{
    const struct sunspec_places *places = image_models(unit->image);
    if (!places || unit->identified_serial == 0 || unit->told_serial == unit->identified_serial)
        return;
    unit->told_serial = unit->identified_serial;
    struct message message = {
        .kind = MESSAGE_MODELS,
        .models = {.device = unit->index, .places = *places},
    };
    bus_post(bus, &message);
}

void bus_settle(struct bus *bus, struct unit *unit, enum fault fault, const char *text)
{
    int64_t now_ms = clock_monotonic_ms();
    uint16_t index = (uint16_t)(unit - bus->line.units);
    bool answered = fault == FAULT_NONE || fault == FAULT_EXCEPTION;
    bool was_lost = unit->health.state != HEALTH_ONLINE;
    watch_link(bus);
    watch_breaks(bus);
    tell_models(bus, unit);
    if (line_note(&bus->line, unit, fault, now_ms))
        post_health(bus, unit, text);
    if (line_is_deserted(&bus->line))
        line_close(&bus->line);
    if (!answered)
        return;
    if (was_lost)
        agenda_restart(&bus->agenda, index, now_ms);
    else if (unit->link_serial != bus->line.link_serial)
        agenda_reconnected(&bus->agenda, index, now_ms);
    unit->link_serial = bus->line.link_serial;
}

// It is busy, or fails, instead of saying who it is: nothing of it is read meanwhile, and after
// a while that is not to pass for a unit that is well.
static enum fault note_unsaid(const struct bus *bus, struct unit *unit, char *ret_text,
                              size_t size)
{
    int64_t now_ms = clock_monotonic_ms();
    uint8_t exception = unit->record.exception;
    if (!unit->unsaid_since_ms || unit->link_serial != bus->line.link_serial)
        unit->unsaid_since_ms = now_ms;
    unit->unsaid_until_ms = now_ms + UNSAID_PAUSE_MS;
    if (now_ms < unit->unsaid_since_ms + UNSAID_MS)
        return FAULT_EXCEPTION;
    (void)snprintf(ret_text, size, "it does not say who it is: %s (exception %u)",
                   exception_name(exception), exception);
    return FAULT_IDENTITY;
}

bool bus_identify(struct bus *bus, struct unit *unit, char *ret_text, size_t size)
{
    ret_text[0] = '\0';
    if (identity_is_known(&bus->line, unit))
        return true;
    if (clock_monotonic_ms() < unit->unsaid_until_ms)
        return false;
    bool was_unsaid = unit->unsaid_since_ms != 0;
    bool was_offline = unit->health.state == HEALTH_OFFLINE;
    enum fault fault = identity_check(&bus->line, unit, ret_text, size);
    unit->is_other |= fault == FAULT_IDENTITY;
    if (fault == FAULT_EXCEPTION) {
        bus_settle(bus, unit, note_unsaid(bus, unit, ret_text, size), ret_text);
        return false;
    }
    unit->unsaid_since_ms = 0;
    unit->unsaid_until_ms = 0;
    bus_settle(bus, unit, fault, ret_text);
    if (was_unsaid && fault == FAULT_NONE)
        agenda_restart(&bus->agenda, (uint16_t)(unit - bus->line.units), clock_monotonic_ms());
    else if (was_unsaid && was_offline && fault == FAULT_IDENTITY)
        post_health(bus, unit, ret_text); // offline as before, for a better reason
    return fault == FAULT_NONE;
}

// Whether main is to hear of it: not of the first failure of a unit that is given another try,
// nor of a moment in which it was busy.
static bool is_worth_telling(const struct bus *bus, const struct unit *unit,
                             enum agenda_outcome outcome, const struct reading *reading)
{
    if (reading->fault == FAULT_STOPPED || outcome == AGENDA_LATER)
        return false;
    if (outcome == AGENDA_SILENT)
        return unit->health.state == HEALTH_OFFLINE;
    // A link opened anew for this very request: then it is not known yet whose words these are.
    return reading->fault != FAULT_NONE || identity_is_known(&bus->line, unit);
}

// Reads a block and tells main. `laters`: how often it was put off already.
static enum agenda_outcome read_block(struct bus *bus, struct unit *unit,
                                      const struct block *block, uint32_t laters)
{
    struct message message = {.kind = MESSAGE_READING, .bus = bus->index};
    struct reading *reading = &message.reading;
    enum agenda_outcome outcome = poll_block(&bus->line, unit, block, reading);
    bus_settle(bus, unit, reading->fault, "");
    if (outcome == AGENDA_LATER && laters >= MAX_LATERS) {
        outcome = AGENDA_FAILED;
        image_fail(unit->image, block, reading->fault, reading->exception,
                   reading->monotonic_ms);
    }
    if (bus_is_trial(unit, block))
        return outcome; // it brings nothing that others do not
    if (outcome == AGENDA_READ && !block->when && !block->optional)
        unit->probe = block;
    bool is_refused = outcome == AGENDA_REFUSED || outcome == AGENDA_NOT_FITTED;
    // Main hears of what is found, not of all that was asked together. What is optional and
    // waits for the end of another search is asked again soon.
    if (is_refused && bus_begin_search(unit, block, reading->exception))
        return block->optional && unit->search.block != block ? AGENDA_FAILED : outcome;
    if (is_worth_telling(bus, unit, outcome, reading))
        mailbox_post_reading_by(bus->to_main, &message, reading_due_ms(reading));
    return outcome;
}

void bus_poll(struct bus *bus, struct agenda_entry *entry)
{
    struct unit *unit = &bus->line.units[entry->unit];
    const struct block *block = entry->block;
    char text[200];
    enum agenda_outcome outcome = AGENDA_SKIPPED;
    if (!bus_identify(bus, unit, text, sizeof text))
        outcome = unit->unsaid_since_ms ? AGENDA_LATER : AGENDA_SILENT;
    else if (image_wants(unit->image, block, clock_monotonic_ms()))
        outcome = read_block(bus, unit, block, entry->laters);
    agenda_settle(&bus->agenda, entry, outcome, clock_monotonic_ms());
    if (outcome == AGENDA_READ)
        bus_take_granted(bus, unit, block);
}

void bus_probe(struct bus *bus, struct unit *unit)
{
    int64_t began_ms = clock_monotonic_ms();
    char text[200];
    if (bus_identify(bus, unit, text, sizeof text) && unit->health.state != HEALTH_ONLINE)
        (void)read_block(bus, unit, unit->probe, 0);
    if (unit->health.state == HEALTH_OFFLINE)
        probing_note(&bus->turn.probing, began_ms, clock_monotonic_ms());
}
