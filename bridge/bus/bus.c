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
#include "bus/agenda.h"
#include "bus/execute.h"
#include "bus/identity.h"
#include "bus/jobs.h"
#include "bus/keep.h"
#include "bus/poll.h"
#include "bus/snapshot.h"

enum {
    INBOX_SLOTS = 64,
    STACK_SIZE = 256 * 1024,
    LONGEST_WAIT_MS = 60 * 1000,
    STOP_HOLDS_MS = 1000, // for the ends of holds when the program stops
};

enum order_kind { ORDER_JOB, ORDER_HOLD_END, ORDER_STATUS, ORDER_STOP };

struct order_message {
    enum order_kind kind;
    struct job_request *request; // of a job
    struct hold_end *hold_end;   // left over
    struct bus_status *status;   // to be filled
};

struct bus {
    uint16_t index;
    pthread_t thread;
    int interrupt; // eventfd: ends every wait
    struct mailbox *inbox;
    struct mailbox *to_main;
    struct arena *arena;
    struct line line;
    struct agenda agenda;
    struct jobs jobs;
    struct keep keep;
    bool stopping;
    bool link_known; // whether main was told of the link's state
    bool link_open;
    int64_t link_since_ms; // when that changed
};

static void post(struct bus *bus, struct message *message)
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
    post(bus, &message);
}

static struct job_result *refuse(const struct job_request *request, const char *text)
{
    struct job_result *result = mem_new(1, sizeof *result);
    result->serial = request->serial;
    result->device = request->device;
    result->outcome = JOB_ERROR;
    (void)snprintf(result->message, sizeof result->message, "%s; nothing was written", text);
    return result;
}

static void post_result(struct bus *bus, struct job_result *result)
{
    struct message message = {.kind = MESSAGE_JOB_DONE, .result = result};
    post(bus, &message);
}

static void turn_away(struct bus *bus, struct job_request *request, const char *text)
{
    post_result(bus, refuse(request, text));
    job_request_free(request);
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
    post(bus, &message);
}

// After each transaction with a unit: its health, and whether it was met over a new connection.
// `text` says more about the fault, or is "".
static void settle_unit(struct bus *bus, struct unit *unit, enum fault fault, const char *text)
{
    int64_t now_ms = clock_monotonic_ms();
    watch_link(bus);
    bool answered = fault == FAULT_NONE || fault == FAULT_EXCEPTION;
    bool was_lost = unit->health.state != HEALTH_ONLINE;
    if (line_note(&bus->line, unit, fault, now_ms))
        post_health(bus, unit, text);
    if (!answered || (unit->link_serial == bus->line.link_serial && !was_lost))
        return;
    unit->link_serial = bus->line.link_serial;
    agenda_reconnected(&bus->agenda, (uint16_t)(unit - bus->line.units), now_ms);
}

// Settles who the unit is, once per connection. False when it is silent or another device; then
// `ret_text` says which other, or is "".
static bool identify(struct bus *bus, struct unit *unit, char *ret_text, size_t size)
{
    ret_text[0] = '\0';
    if (identity_is_known(&bus->line, unit))
        return true;
    enum fault fault = identity_check(&bus->line, unit, ret_text, size);
    settle_unit(bus, unit, fault, ret_text);
    return fault == FAULT_NONE;
}

static void poll_entry(struct bus *bus, struct agenda_entry *entry)
{
    struct unit *unit = &bus->line.units[entry->unit];
    char text[200];
    if (!identify(bus, unit, text, sizeof text)) {
        agenda_settle(entry, AGENDA_FAILED, clock_monotonic_ms());
        if (unit->health.state == HEALTH_OFFLINE)
            entry->due_ms = unit->health.retry_at_ms;
        return;
    }
    if (!image_wants(unit->image, entry->block, clock_monotonic_ms())) {
        agenda_settle(entry, AGENDA_SKIPPED, clock_monotonic_ms());
        return;
    }
    struct message message = {.kind = MESSAGE_READING, .bus = bus->index};
    enum agenda_outcome outcome = poll_block(&bus->line, unit, entry->block, &message.reading);
    settle_unit(bus, unit, message.reading.fault, "");
    agenda_settle(entry, outcome, clock_monotonic_ms());
    if (unit->health.state == HEALTH_OFFLINE)
        entry->due_ms = unit->health.retry_at_ms; // the probe that may bring it back
    // A link opened anew for this very request: then it is not known yet whose words these are.
    bool is_known = message.reading.fault != FAULT_NONE || identity_is_known(&bus->line, unit);
    if (message.reading.fault != FAULT_STOPPED && is_known)
        mailbox_post_reading(bus->to_main, &message);
}

static void report_job_log(void *context, const struct job_request *request, const char *text)
{
    struct message message = {
        .kind = MESSAGE_JOB_LOG,
        .log = {.serial = request->serial, .device = request->device},
    };
    (void)snprintf(message.log.text, sizeof message.log.text, "%s", text);
    post(context, &message);
}

static void report_write(void *context, struct unit *unit, const struct job_request *request,
                         const struct job_action *action)
{
    struct bus *bus = context;
    keep_note_write(&bus->keep, unit, request, action, clock_monotonic_ms());
}

// The running job of a unit has ended, or cannot begin.
static void finish_job(struct bus *bus, struct job_queue *queue, struct unit *unit,
                       struct job_result *result)
{
    int64_t now_ms = clock_monotonic_ms();
    if (job_request_of(queue->running.job)->ends_hold) {
        keep_take_result(&bus->keep, unit, result, now_ms);
    } else {
        keep_settle(&bus->keep, unit, result, now_ms);
        post_result(bus, result);
    }
    jobs_finish(&bus->jobs, queue, now_ms);
}

// A command may not begin on a device that is known to be another one. Silence is for the
// command itself to meet and to explain.
static bool may_begin(struct bus *bus, struct job_queue *queue, struct unit *unit)
{
    char text[200];
    char refusal[300];
    if (queue->running.has_begun)
        return true;
    queue->running.has_begun = true;
    if (identify(bus, unit, text, sizeof text) || text[0] == '\0')
        return true;
    (void)snprintf(refusal, sizeof refusal, "this is not the device of the map: %s", text);
    finish_job(bus, queue, unit, refuse(job_request_of(queue->running.job), refusal));
    return false;
}

static void advance_job(struct bus *bus, struct job_queue *queue, struct unit *unit)
{
    if (!may_begin(bus, queue, unit))
        return;
    struct execute_report report = {
        .context = bus, .log = report_job_log, .wrote = report_write};
    enum fault fault = FAULT_STOPPED; // stands for "no transaction was made"
    bool done = execute_step(&bus->line, unit, &queue->running, &report, &fault);
    if (fault != FAULT_STOPPED)
        settle_unit(bus, unit, fault, "");
    if (done)
        finish_job(bus, queue, unit, job_take_result(queue->running.job));
}

static bool hold_identify(void *context, struct unit *unit, char *ret_text, size_t size)
{
    return identify(context, unit, ret_text, size);
}

static void hold_settle(void *context, struct unit *unit, enum fault fault)
{
    if (fault != FAULT_STOPPED)
        settle_unit(context, unit, fault, "");
}

static void hold_change(void *context, const struct hold_change *change)
{
    struct message message = {.kind = MESSAGE_HOLD, .hold = *change};
    post(context, &message);
}

static void begin_stop(struct bus *bus)
{
    int64_t now_ms = clock_monotonic_ms();
    bus->stopping = true;
    keep_stop(&bus->keep, now_ms, STOP_HOLDS_MS);
    jobs_stop(&bus->jobs, now_ms, STOP_HOLDS_MS);
    for (struct job_request *waiting = jobs_take_waiting(&bus->jobs); waiting;
         waiting = jobs_take_waiting(&bus->jobs))
        turn_away(bus, waiting, "stopped");
}

static void answer_status(struct bus *bus, struct bus_status *status)
{
    struct snapshot_of of = {&bus->line, &bus->agenda, &bus->jobs, bus->link_since_ms};
    status->bus = bus->index;
    snapshot_fill(&of, status);
    struct message message = {.kind = MESSAGE_STATUS, .status = status};
    post(bus, &message);
}

static void take_orders(struct bus *bus)
{
    struct order_message order;
    while (mailbox_take(bus->inbox, &order)) {
        if (order.kind == ORDER_STOP)
            begin_stop(bus);
        else if (order.kind == ORDER_STATUS)
            answer_status(bus, order.status);
        else if (order.kind == ORDER_HOLD_END)
            keep_add_left_over(&bus->keep, order.hold_end, clock_monotonic_ms());
        else if (bus->stopping)
            turn_away(bus, order.request, "stopped");
        else if (!jobs_add(&bus->jobs, order.request, clock_monotonic_ms()))
            turn_away(bus, order.request, "busy: 16 commands wait for this device already");
    }
}

struct asking {
    const struct unit *units;
    int64_t now_ms;
};

static bool may_ask(const void *context, uint16_t unit)
{
    const struct asking *asking = context;
    return health_may_ask(&asking->units[unit].health, asking->now_ms);
}

// When the first offline unit may be probed, so that the thread does not sleep past it.
static int64_t next_probe_ms(const struct bus *bus, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        const struct health *health = &bus->line.units[i].health;
        bool waits = health->state == HEALTH_OFFLINE && health->retry_at_ms > now_ms;
        if (waits && health->retry_at_ms < next_ms)
            next_ms = health->retry_at_ms;
    }
    return next_ms;
}

static void wait_until(const struct bus *bus, int64_t until_ms)
{
    int64_t longest_ms = clock_monotonic_ms() + LONGEST_WAIT_MS;
    const int wake[] = {mailbox_descriptor(bus->inbox), bus->interrupt};
    (void)clock_wait(wake, ARRAY_LENGTH(wake),
                     (until_ms < longest_ms ? until_ms : longest_ms) * 1000);
}

// One turn: a command's next move, else the block that is due, else sleep until something is.
static void turn(struct bus *bus)
{
    struct unit *unit = NULL;
    int64_t now_ms = clock_monotonic_ms();
    struct job_queue *queue = jobs_ready(&bus->jobs, now_ms, &unit);
    if (queue) {
        advance_job(bus, queue, unit);
        return;
    }
    if (keep_turn(&bus->keep, now_ms))
        return;
    struct asking asking = {bus->line.units, now_ms};
    struct agenda_entry *entry =
        bus->stopping ? NULL : agenda_next(&bus->agenda, may_ask, &asking);
    if (entry && entry->due_ms <= now_ms) {
        poll_entry(bus, entry);
        return;
    }
    int64_t until_ms = jobs_next_ms(&bus->jobs);
    int64_t hold_ms = keep_next_ms(&bus->keep, now_ms);
    if (hold_ms < until_ms)
        until_ms = hold_ms;
    if (entry && entry->due_ms < until_ms)
        until_ms = entry->due_ms;
    int64_t probe_ms = next_probe_ms(bus, now_ms);
    wait_until(bus, probe_ms < until_ms ? probe_ms : until_ms);
}

static void *run(void *argument)
{
    struct bus *bus = argument;
    take_orders(bus);
    while (!bus->stopping || jobs_any(&bus->jobs) ||
           keep_has_end(&bus->keep, clock_monotonic_ms())) {
        turn(bus);
        take_orders(bus);
    }
    link_close(bus->line.link);
    struct message message = {.kind = MESSAGE_BUS_STOPPED};
    post(bus, &message);
    return NULL;
}

static void fill_agenda(struct bus *bus)
{
    size_t blocks = 0;
    for (size_t i = 0; i < bus->line.unit_count; i++)
        blocks += bus->line.units[i].plan->block_count;
    agenda_init(&bus->agenda, blocks);
    for (size_t i = 0; i < bus->line.unit_count; i++)
        agenda_add(&bus->agenda, (uint16_t)i, bus->line.units[i].plan, clock_monotonic_ms());
}

static void free_bus(struct bus *bus)
{
    struct order_message order;
    while (mailbox_take(bus->inbox, &order)) { // came after its last look
        job_request_free(order.request);
        hold_end_free(order.hold_end);
        bus_status_free(order.status);
    }
    jobs_done(&bus->jobs);
    keep_done(&bus->keep);
    agenda_done(&bus->agenda);
    line_done(&bus->line);
    arena_free(bus->arena);
    mailbox_free(bus->inbox);
    (void)close(bus->interrupt);
    free(bus);
}

static int start_thread(struct bus *bus, struct error *err)
{
    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int failed = pthread_create(&bus->thread, &attributes, run, bus);
    (void)pthread_attr_destroy(&attributes);
    if (failed)
        return error_set(err, ERROR_FAILED, "bus %s: no thread: %s", bus->line.settings->name,
                         strerrordesc_np(failed));
    return 0;
}

struct bus *bus_start(const struct site *site, uint16_t index, struct mailbox *to_main,
                      struct error *err)
{
    int interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct mailbox *inbox = mailbox_new(sizeof(struct order_message), 0, INBOX_SLOTS);
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
    fill_agenda(bus);
    struct keep_owner owner = {bus, &bus->jobs, hold_identify, hold_settle, hold_change};
    jobs_init(&bus->jobs, &bus->line);
    keep_init(&bus->keep, &bus->line, &owner);
    if (start_thread(bus, err) != 0) {
        free_bus(bus);
        return NULL;
    }
    return bus;
}

bool bus_post_job(struct bus *bus, struct job_request *request)
{
    struct order_message order = {.kind = ORDER_JOB, .request = request};
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

void bus_stop(struct bus *bus)
{
    struct order_message order = {.kind = ORDER_STOP};
    (void)mailbox_post(bus->inbox, &order);
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
    deadline.tv_nsec += (within_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    if (pthread_timedjoin_np(bus->thread, NULL, &deadline) != 0)
        return false;
    free_bus(bus);
    return true;
}
