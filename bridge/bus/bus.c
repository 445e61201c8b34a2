// SPDX-License-Identifier: MIT
#include "bus/bus.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "bus/bus_state.h"
#include "bus/snapshot.h"

enum {
    INBOX_SLOTS = 64 + 2 * MAX_GUESTS, // each guest may be withdrawn
    LONGEST_WAIT_MS = 60 * 1000,
};

enum order_kind {
    ORDER_JOB,
    ORDER_NOTED,
    ORDER_HOLD_END,
    ORDER_STATUS,
    ORDER_GUEST,
    ORDER_WITHDRAW,
    ORDER_STOP,
};

struct order_message {
    enum order_kind kind;
    struct job_request *request; // of a job
    struct job_noted noted;
    struct hold_end *hold_end; // left over
    struct bus_status *status; // to be filled
    struct guest *guest;
    const struct mailbox *answers; // with ticket: which guest is withdrawn
    uint64_t ticket;
};

static void answer_status(struct bus *bus, struct bus_status *status)
{
    struct snapshot_of of = {&bus->line, &bus->agenda, &bus->jobs, &bus->keep.holds,
                             bus->link_since_ms};
    status->bus = bus->index;
    snapshot_fill(&of, status);
    bus_describe_guests(bus, status);
    struct message message = {.kind = MESSAGE_STATUS, .status = status};
    bus_post(bus, &message);
}

static void take_orders(struct bus *bus)
{
    struct order_message order;
    while (mailbox_take(bus->inbox, &order)) {
        switch (order.kind) {
        case ORDER_JOB:
            bus_take_job(bus, order.request);
            break;
        case ORDER_NOTED:
            jobs_take_noted(&bus->jobs, &order.noted, clock_monotonic_ms());
            break;
        case ORDER_HOLD_END:
            keep_add_left_over(&bus->keep, order.hold_end, clock_monotonic_ms());
            break;
        case ORDER_STATUS:
            answer_status(bus, order.status);
            break;
        case ORDER_GUEST:
            bus_take_guest(bus, order.guest);
            break;
        case ORDER_WITHDRAW:
            bus_withdraw_guest(bus, order.answers, order.ticket);
            break;
        case ORDER_STOP:
            bus->stopping = true;
            bus_stop_jobs(bus);
            break;
        }
    }
}

// Shows the decision what there is to decide about.
static void look(struct bus *bus)
{
    struct turn *turn = &bus->turn;
    turn->is_open = link_is_open(bus->line.link);
    turn->open_at_ms = bus->line.retry_at_ms;
    turn->is_stopping = bus->stopping;
    const struct job_queue *ready = jobs_first(&bus->jobs);
    turn->job_ms = ready ? ready->running.ready_ms : INT64_MAX;
    turn->job_has_begun = ready && ready->running.has_begun;
    turn->hold_ms = keep_next_ms(&bus->keep, clock_monotonic_ms());
    if (turn->hold_ms < line_rests_until_ms(&bus->line))
        turn->hold_ms = line_rests_until_ms(&bus->line);
    turn->late = link_late(bus->line.link);
    bus_look_at_guests(bus);
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        struct unit *unit = &bus->line.units[i];
        const struct running_job *running = &bus->jobs.queues[i].running;
        if (unit->is_other)
            bus_forget_refused(bus, unit);
        unit->is_other = false;
        turn->units[i].searches = unit->search.atoms != NULL;
        turn->units[i].search_ms = unit->search_ms;
        turn->units[i].can_be_probed = unit->probe != NULL;
        turn->units[i].in_command = running->job && !running->is_waiting;
        turn->units[i].free_ms = unit->free_us / 1000;
    }
}

// An order comes first, and so does a link that is being opened and can go on.
static void wait_until(struct bus *bus, int64_t until_ms)
{
    int64_t longest_ms = clock_monotonic_ms() + LONGEST_WAIT_MS;
    int64_t link_ms = INT64_MAX;
    const int wake[] = {mailbox_descriptor(bus->inbox), bus->interrupt,
                        link_opening(bus->line.link, &link_ms)};
    if (until_ms > longest_ms)
        until_ms = longest_ms;
    if (until_ms > link_ms)
        until_ms = link_ms;
    if (until_ms > guests_until_ms(&bus->guests))
        until_ms = guests_until_ms(&bus->guests);
    pulse_give(&bus->line.pulse, until_ms);
    (void)clock_wait(wake, ARRAY_LENGTH(wake), until_ms * 1000);
}

static void act(struct bus *bus)
{
    look(bus);
    int64_t now_ms = clock_monotonic_ms();
    pulse_give(&bus->line.pulse, now_ms);
    struct turn_choice choice = turn_choose(&bus->turn, now_ms);
    if (choice.kind == TURN_HOLD && !keep_turn(&bus->keep, now_ms)) {
        bus->turn.hold_ms = now_ms + 1;
        choice = turn_choose(&bus->turn, now_ms);
    }
    switch (choice.kind) {
    case TURN_OPEN:
        if (!bus_open(bus))
            wait_until(bus, INT64_MAX);
        return;
    case TURN_JOB:
        bus_advance_job(bus);
        return;
    case TURN_HOLD:
        return;
    case TURN_PROBE:
        bus_probe(bus, &bus->line.units[choice.unit]);
        return;
    case TURN_POLL:
        bus_poll(bus, choice.entry);
        return;
    case TURN_SEARCH:
        bus_search(bus, &bus->line.units[choice.unit]);
        return;
    case TURN_GUEST:
        bus_serve_guest(bus);
        return;
    case TURN_WAIT:
        wait_until(bus, choice.until_ms);
        return;
    }
}

// For `top -H` and debuggers; the system cuts it at 15 bytes (pthread_setname_np(3)).
static void name_thread(const struct bus *bus)
{
    char name[16];
    (void)snprintf(name, sizeof name, "bus %s", bus->line.settings->name);
    (void)pthread_setname_np(pthread_self(), name);
}

static void *run(void *argument)
{
    struct bus *bus = argument;
    name_thread(bus);
    take_orders(bus);
    while (!bus->stopping || jobs_any(&bus->jobs) ||
           keep_has_end(&bus->keep, clock_monotonic_ms())) {
        act(bus);
        take_orders(bus);
    }
    bus_look_at_guests(bus); // they are told that it stops
    link_close(bus->line.link);
    struct message message = {.kind = MESSAGE_BUS_STOPPED};
    bus_post(bus, &message);
    pulse_give(&bus->line.pulse, PULSE_NONE);
    return NULL;
}

static void fill_agenda(struct bus *bus)
{
    enum { GOLDEN = 618 }; // thousandths: multiples of it lie evenly in 0..1
    size_t count = bus->line.unit_count;
    agenda_init(&bus->agenda, count);
    for (size_t i = 0; i < count; i++)
        agenda_set_plan(&bus->agenda, (uint16_t)i, bus->line.units[i].plan,
                        clock_monotonic_ms());
    agenda_spread(&bus->agenda, (double)(bus->index * GOLDEN % 1000) / 1000);
    bus->turn = (struct turn){
        .agenda = &bus->agenda,
        .units = mem_new(count, sizeof(struct turn_unit)),
    };
    for (size_t i = 0; i < count; i++) {
        bus->turn.units[i].health = &bus->line.units[i].health;
        bus->turn.units[i].unit_id = line_unit_id(&bus->line.units[i], NO_INDEX);
    }
}

void bus_free(struct bus *bus)
{
    struct order_message order;
    while (mailbox_take(bus->inbox, &order)) { // came after its last look
        job_request_free(order.request);
        hold_end_free(order.hold_end);
        bus_status_free(order.status);
        free(order.guest);
    }
    guests_done(&bus->guests);
    jobs_done(&bus->jobs);
    keep_done(&bus->keep);
    agenda_done(&bus->agenda);
    free(bus->turn.units);
    line_done(&bus->line);
    arena_free(bus->arena);
    mailbox_free(bus->inbox);
    (void)close(bus->interrupt);
    free(bus);
}

static int start_thread(struct bus *bus, struct error *err)
{
    pulse_give(&bus->line.pulse, clock_monotonic_ms());
    int failed = thread_start(&bus->thread, THREAD_STACK_BYTES, run, bus);
    if (failed)
        return error_set(err, ERROR_FAILED, "bus %s: no thread: %s", bus->line.settings->name,
                         error_reason(failed));
    return 0;
}

struct bus *bus_start(const struct site *site, uint16_t index,
                      const struct learned_refusal *known, size_t known_count,
                      struct mailbox *to_main, struct error *err)
{
    int interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct mailbox *inbox = mailbox_new(sizeof(struct order_message), 1, INBOX_SLOTS);
    if (interrupt < 0 || !inbox) {
        (void)error_set_errno(err, "bus %s: no descriptor", site->buses[index].name);
        return NULL;
    }
    struct bus *bus = mem_new(1, sizeof *bus);
    bus->index = index;
    bus->interrupt = interrupt;
    bus->inbox = inbox;
    bus->to_main = to_main;
    bus->arena = arena_new();
    if (line_init(&bus->line, bus->arena, site, index, interrupt, err) != 0) {
        arena_free(bus->arena);
        mailbox_free(inbox);
        (void)close(interrupt);
        free(bus);
        return NULL;
    }
    busy_init(&bus->guest_time, clock_monotonic_us());
    bus_know(bus, known, known_count);
    fill_agenda(bus);
    jobs_init(&bus->jobs, &bus->line);
    bus_keep_holds(bus);
    if (start_thread(bus, err) != 0) {
        bus_free(bus);
        return NULL;
    }
    return bus;
}

bool bus_post_job(struct bus *bus, struct job_request *request)
{
    struct order_message order = {.kind = ORDER_JOB, .request = request};
    return mailbox_post(bus->inbox, &order);
}

bool bus_post_noted(struct bus *bus, const struct job_noted *noted)
{
    struct order_message order = {.kind = ORDER_NOTED, .noted = *noted};
    return mailbox_post(bus->inbox, &order);
}

bool bus_post_status(struct bus *bus, struct bus_status *status)
{
    struct order_message order = {.kind = ORDER_STATUS, .status = status};
    return mailbox_post(bus->inbox, &order);
}

bool bus_post_hold_end(struct bus *bus, struct hold_end *end)
{
    struct order_message order = {.kind = ORDER_HOLD_END, .hold_end = end};
    return mailbox_post(bus->inbox, &order);
}

bool bus_post_guest(struct bus *bus, struct guest *guest)
{
    struct order_message order = {.kind = ORDER_GUEST, .guest = guest};
    return mailbox_post(bus->inbox, &order);
}

bool bus_post_withdrawal(struct bus *bus, const struct mailbox *answers, uint64_t ticket)
{
    struct order_message order = {.kind = ORDER_WITHDRAW, .answers = answers, .ticket = ticket};
    return mailbox_post(bus->inbox, &order);
}

struct pulse *bus_pulse(struct bus *bus)
{
    return &bus->line.pulse;
}

void bus_stop(struct bus *bus)
{
    // It has room of its own: orders that fill the inbox cannot keep it out.
    struct order_message order = {.kind = ORDER_STOP};
    mailbox_post_reading(bus->inbox, &order);
}

void bus_interrupt(struct bus *bus)
{
    (void)eventfd_write(bus->interrupt, 1);
}

bool bus_join(struct bus *bus, int64_t within_ms)
{
    struct timespec deadline;
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += within_ms / 1000;
    deadline.tv_nsec += (long)(within_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return pthread_timedjoin_np(bus->thread, NULL, &deadline) == 0;
}
