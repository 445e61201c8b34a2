// SPDX-License-Identifier: MIT
// Other masters who never stop asking: as many guests as a bus takes are always under way. They
// read a register that no plan reads, of devices and of unit ids that nobody has, and now and
// then go away without waiting for the answer.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time_units.h"
#include "world/world.h"

enum {
    ABSENT = 100,           // the first of the unit ids that no device has
    PATIENCE_MS = 120000,   // in which each has to be answered
    ANSWERS_AT_LEAST = 200, // in a world of ten minutes
};

static bool is_on(const struct world *world)
{
    return world->kind == WORLD_GUESTS;
}

static void post_guest(struct world *world, struct visitor *visitor)
{
    struct guest *guest = mem_new(1, sizeof *guest);
    bool is_absent = world_draw(world, 20) == 0;
    uint32_t devices = (uint32_t)world->site->device_count;
    *guest = (struct guest){
        .ticket = ++world->visits.tickets,
        .answers = world->visits.answers,
        .request = {.unit_id = (uint8_t)(is_absent ? ABSENT + world_draw(world, 100)
                                                   : 1 + world_draw(world, devices)),
                    .function = 3,
                    .address = MODEL,
                    .count = 1},
        .timeout_ms = VISIT_TIMEOUT_MS,
        .until_ms = world->now_us / US_PER_MS + PATIENCE_MS,
    };
    *visitor = (struct visitor){.ticket = guest->ticket, .is_absent = is_absent};
    world->has_posted = true;
    if (!bus_post_guest(atomic_load(&world->bus), guest))
        witness_complain(world, "the bus took no guest");
}

static struct visitor *find(struct world *world, uint64_t ticket)
{
    for (size_t i = 0; i < ARRAY_LENGTH(world->visits.visitors); i++) {
        if (world->visits.visitors[i].ticket == ticket)
            return &world->visits.visitors[i];
    }
    return NULL;
}

static void check_words(struct world *world, const struct guest *guest)
{
    const struct world_frame *last = &world->witness.last;
    uint16_t expected = witness_word(last->device, MODEL, last->sequence);
    if (guest->fault != FAULT_NONE)
        witness_complain(world, "a guest at unit %u fails though nothing is wrong: %s",
                         guest->request.unit_id, guest->text);
    else if (last->request.unit_id != guest->request.unit_id ||
             guest->answer.words[0] != expected)
        witness_complain(world, "a guest at unit %u is told %u, not %u", guest->request.unit_id,
                         guest->answer.words[0], expected);
}

static void take_answer(struct world *world, const struct guest *guest)
{
    struct visitor *visitor = find(world, guest->ticket);
    if (!visitor) {
        witness_complain(world, "a guest that nobody waits for comes back");
        return;
    }
    if (guest->end == GUEST_STOPPED && visitor->has_left)
        world->visits.withdrawn++;
    else if (guest->end != GUEST_ASKED)
        witness_complain(world, "a guest ends with %d: %s", guest->end, guest->text);
    else if (visitor->is_absent && guest->fault != FAULT_TIMEOUT)
        witness_complain(world, "unit %u answers, which is not there", guest->request.unit_id);
    else if (!visitor->is_absent)
        check_words(world, guest);
    world->visits.answered++;
    visitor->ticket = 0;
}

void visiting_turn(struct world *world)
{
    struct guest *guest = NULL;
    if (!is_on(world) || world->is_joined)
        return;
    while (mailbox_take(world->visits.answers, &guest)) {
        if (!world->is_stopping)
            take_answer(world, guest);
        free(guest);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(world->visits.visitors); i++) {
        struct visitor *visitor = &world->visits.visitors[i];
        if (world->is_stopping)
            return;
        if (!visitor->ticket)
            post_guest(world, visitor);
        if (visitor->has_left || world_draw(world, 100000))
            continue;
        visitor->has_left = bus_post_withdrawal(atomic_load(&world->bus), world->visits.answers,
                                                visitor->ticket);
        world->has_posted = true;
    }
}

bool visiting_is_frame(const struct world *world, const struct request *request)
{
    return is_on(world) && request->address == MODEL;
}

void visiting_end(struct world *world)
{
    const struct visits *visits = &world->visits;
    int64_t minutes = world->now_us / US_PER_S / 60;
    struct guest *guest = NULL;
    while (mailbox_take(world->visits.answers, &guest))
        free(guest);
    if (!is_on(world))
        return;
    (void)printf("  %llu guests answered, %llu of them that they left in time\n",
                 (unsigned long long)visits->answered, (unsigned long long)visits->withdrawn);
    if ((int64_t)visits->answered < ANSWERS_AT_LEAST * minutes / 10)
        witness_complain(world, "only %llu guests were answered",
                         (unsigned long long)visits->answered);
    if (!visits->withdrawn)
        witness_complain(world, "no guest left in time");
}
