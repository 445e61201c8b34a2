// SPDX-License-Identifier: MIT
#include "door/door.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "door/caller.h"
#include "door/listener.h"

enum {
    // How events name what they are about; below that, the callers.
    EVENT_LISTENER = DOOR_MAX_CALLERS,
    EVENT_ANSWERS,
    EVENT_STOP,
    EVENT_COUNT,
    ACCEPTS_AT_ONCE = 4,
    ACCEPT_PAUSE_MS = 50, // when somebody was turned away, or there are no descriptors
    REPORT_MS = 1000,
    LONGEST_WAIT_MS = 60 * 1000,
};

struct place {
    int descriptor; // -1: free
    uint32_t watched;
    uint64_t ticket; // of the guest under way
    struct caller caller;
};

struct door {
    const struct share_settings *share;
    bool is_serial;
    struct door_owner owner;
    pthread_t thread;
    int stop; // eventfd
    int events;
    int listener;
    int64_t accept_ms; // not before
    struct mailbox *answers;
    uint64_t tickets;
    size_t under_way; // guests that have not come back
    struct place places[DOOR_MAX_CALLERS];
    struct share_status status;
    struct share_status reported;
    int64_t reported_ms;
};

// ---- callers

static void count(struct door *door, enum share_count what)
{
    door->status.counts[what]++;
}

static void leave(struct door *door, struct place *place)
{
    if (place->caller.is_waiting)
        door->owner.withdraw(door->owner.bus, door->answers, place->ticket);
    (void)close(place->descriptor); // a closed descriptor leaves the epoll by itself
    *place = (struct place){.descriptor = -1};
    door->status.callers--;
}

static void drop(struct door *door, struct place *place)
{
    count(door, SHARE_DROPPED);
    leave(door, place);
}

static void watch(const struct door *door, int operation, int descriptor, uint32_t events,
                  size_t name)
{
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)name};
    (void)epoll_ctl(door->events, operation, descriptor, &event);
}

// Its bytes are looked at only while there is a use for them.
static void rewatch(struct door *door, struct place *place, int64_t now_ms)
{
    if (place->descriptor < 0)
        return;
    uint32_t events = EPOLLRDHUP | (caller_room(&place->caller, now_ms) ? EPOLLIN : 0U);
    if (events == place->watched)
        return;
    watch(door, EPOLL_CTL_MOD, place->descriptor, events, (size_t)(place - door->places));
    place->watched = events;
}

// A frame is short: a connection that does not take it whole has not taken many before.
static void answer(struct door *door, struct place *place, const struct answer *answer,
                   int64_t now_ms)
{
    uint8_t frame[MAX_FRAME];
    size_t length = caller_answer(&place->caller, answer, now_ms, frame);
    if (send(place->descriptor, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length)
        drop(door, place);
}

static struct guest *new_guest(struct door *door, const struct place *place, int64_t now_ms)
{
    struct guest *guest = mem_new(1, sizeof *guest);
    *guest = (struct guest){
        .ticket = ++door->tickets,
        .answers = door->answers,
        .request = place->caller.request,
        .until_ms = now_ms + CALLER_PATIENCE_MS,
        .may_be_cached = true,
    };
    return guest;
}

// Those of callers that have left are under way until they have come back.
static void ask(struct door *door, struct place *place, int64_t now_ms)
{
    static const struct answer busy = {.exception = EXCEPTION_BUSY};
    struct guest *guest = NULL;
    if (door->under_way < DOOR_MAX_CALLERS)
        guest = new_guest(door, place, now_ms);
    if (guest && door->owner.ask(door->owner.bus, guest)) {
        place->ticket = door->tickets;
        door->under_way++;
        return;
    }
    free(guest);
    count(door, SHARE_BUSY);
    answer(door, place, &busy, now_ms);
}

static void refuse(struct door *door, struct place *place, uint8_t exception, int64_t now_ms)
{
    const struct answer refusal = {.exception = exception};
    count(door, exception == EXCEPTION_ILLEGAL_FUNCTION  ? SHARE_REFUSED_FUNCTION
                : exception == EXCEPTION_ILLEGAL_ADDRESS ? SHARE_REFUSED_ADDRESS
                                                         : SHARE_REFUSED_OTHER);
    answer(door, place, &refusal, now_ms);
}

static void read_request(struct door *door, struct place *place, int64_t now_ms)
{
    uint8_t exception = 0;
    enum caller_wish wish =
        caller_read(&place->caller, door->share, door->is_serial, now_ms, &exception);
    if (wish == CALLER_ASKS || wish == CALLER_IS_REFUSED)
        count(door, SHARE_REQUESTS);
    switch (wish) {
    case CALLER_WANTS_NOTHING:
        return;
    case CALLER_ASKS:
        ask(door, place, now_ms);
        return;
    case CALLER_IS_REFUSED:
        refuse(door, place, exception, now_ms);
        return;
    case CALLER_MAKES_NO_SENSE:
        drop(door, place);
        return;
    }
}

static void receive(struct door *door, struct place *place, int64_t now_ms)
{
    struct caller *caller = &place->caller;
    size_t room = caller_room(caller, now_ms);
    if (room == 0)
        return;
    ssize_t length =
        recv(place->descriptor, caller->bytes + caller->length, room, MSG_DONTWAIT);
    if (length > 0)
        caller_receive(caller, (size_t)length, now_ms);
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        leave(door, place);
}

// ---- who comes in

// A free place, if need be that of the caller who has been silent longest.
static struct place *find_place(struct door *door, int64_t now_ms)
{
    struct place *longest = NULL;
    for (size_t i = 0; i < DOOR_MAX_CALLERS; i++) {
        struct place *place = &door->places[i];
        if (place->descriptor < 0)
            return place;
        bool is_silent =
            !place->caller.is_waiting && now_ms - place->caller.active_ms >= DOOR_EVICT_MS;
        if (is_silent && (!longest || place->caller.active_ms < longest->caller.active_ms))
            longest = place;
    }
    if (longest)
        drop(door, longest);
    return longest;
}

static void pause_accepting(struct door *door, int64_t now_ms)
{
    watch(door, EPOLL_CTL_MOD, door->listener, 0, EVENT_LISTENER);
    door->accept_ms = now_ms + ACCEPT_PAUSE_MS;
}

static void welcome(struct door *door, int descriptor, int64_t now_ms)
{
    struct place *place = find_place(door, now_ms);
    if (!place) {
        count(door, SHARE_TURNED_AWAY);
        (void)close(descriptor);
        pause_accepting(door, now_ms);
        return;
    }
    count(door, SHARE_CONNECTIONS);
    door->status.callers++;
    place->descriptor = descriptor;
    place->watched = EPOLLRDHUP | EPOLLIN;
    caller_begin(&place->caller, now_ms);
    watch(door, EPOLL_CTL_ADD, descriptor, place->watched, (size_t)(place - door->places));
}

static void accept_callers(struct door *door, int64_t now_ms)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE && door->accept_ms <= now_ms; i++) {
        int descriptor = listener_accept(door->listener);
        if (descriptor >= 0)
            welcome(door, descriptor, now_ms);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(door, now_ms);
        else
            return;
    }
}

// ---- the thread

static void take_answers(struct door *door, int64_t now_ms)
{
    struct guest *guest = NULL;
    while (mailbox_take(door->answers, &guest)) {
        const struct answer told = caller_answer_of(guest);
        for (size_t i = 0; i < DOOR_MAX_CALLERS; i++) {
            struct place *place = &door->places[i];
            if (place->descriptor >= 0 && place->caller.is_waiting &&
                place->ticket == guest->ticket)
                answer(door, place, &told, now_ms);
        }
        door->under_way--;
        free(guest);
    }
}

static void take_event(struct door *door, const struct epoll_event *event, int64_t now_ms)
{
    struct place *place = &door->places[event->data.u32];
    if (place->descriptor < 0)
        return; // dropped earlier in this turn
    if (event->events & EPOLLIN)
        receive(door, place, now_ms);
    if (place->descriptor >= 0 && (event->events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)))
        leave(door, place);
}

static void look_after(struct door *door, int64_t now_ms)
{
    for (size_t i = 0; i < DOOR_MAX_CALLERS; i++) {
        struct place *place = &door->places[i];
        if (place->descriptor >= 0)
            read_request(door, place, now_ms);
        if (place->descriptor >= 0 && caller_is_late(&place->caller, now_ms))
            drop(door, place);
        rewatch(door, place, now_ms);
    }
    if (door->accept_ms != 0 && door->accept_ms <= now_ms) {
        door->accept_ms = 0;
        watch(door, EPOLL_CTL_MOD, door->listener, EPOLLIN, EVENT_LISTENER);
    }
}

static bool has_news(const struct door *door)
{
    const struct share_status *now = &door->status;
    bool has_changed = now->callers != door->reported.callers;
    for (int i = 0; i < SHARE_COUNTS; i++)
        has_changed |= now->counts[i] != door->reported.counts[i];
    return has_changed;
}

static void report(struct door *door, int64_t now_ms)
{
    if (now_ms - door->reported_ms < REPORT_MS || !has_news(door))
        return;
    door->reported = door->status;
    door->reported_ms = now_ms;
    door->owner.report(door->owner.main, &door->status);
}

static int wait_ms(const struct door *door, int64_t now_ms)
{
    int64_t until_ms = now_ms + LONGEST_WAIT_MS;
    if (door->accept_ms)
        until_ms = clock_earlier(until_ms, door->accept_ms);
    if (has_news(door))
        until_ms = clock_earlier(until_ms, door->reported_ms + REPORT_MS);
    for (size_t i = 0; i < DOOR_MAX_CALLERS; i++) {
        if (door->places[i].descriptor >= 0)
            until_ms = clock_earlier(until_ms, caller_next_ms(&door->places[i].caller, now_ms));
    }
    return until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
}

static bool turn(struct door *door)
{
    struct epoll_event events[EVENT_COUNT];
    bool somebody_comes = false;
    bool goes_on = true;
    int got =
        epoll_wait(door->events, events, EVENT_COUNT, wait_ms(door, clock_monotonic_ms()));
    int64_t now_ms = clock_monotonic_ms();
    for (int i = 0; i < got; i++) {
        if (events[i].data.u32 < DOOR_MAX_CALLERS)
            take_event(door, &events[i], now_ms);
        somebody_comes |= events[i].data.u32 == EVENT_LISTENER;
        goes_on &= events[i].data.u32 != EVENT_STOP;
    }
    take_answers(door, now_ms);
    if (somebody_comes) // last: it may give a caller's place, with events pending, to another
        accept_callers(door, now_ms);
    look_after(door, now_ms);
    report(door, now_ms);
    return goes_on;
}

static void *run(void *argument)
{
    struct door *door = argument;
    while (turn(door))
        ;
    return NULL;
}

// ---- its life

static int open_all(struct door *door, struct error *err)
{
    for (size_t i = 0; i < DOOR_MAX_CALLERS; i++)
        door->places[i].descriptor = -1;
    door->listener = listener_open(door->share->host, door->share->port, err);
    if (door->listener < 0)
        return -1;
    door->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    door->events = epoll_create1(EPOLL_CLOEXEC);
    door->answers = mailbox_new(sizeof(struct guest *), 0, DOOR_MAX_CALLERS);
    if (door->stop < 0 || door->events < 0 || !door->answers)
        return error_set_errno(err, "no descriptor");
    watch(door, EPOLL_CTL_ADD, door->listener, EPOLLIN, EVENT_LISTENER);
    watch(door, EPOLL_CTL_ADD, door->stop, EPOLLIN, EVENT_STOP);
    watch(door, EPOLL_CTL_ADD, mailbox_descriptor(door->answers), EPOLLIN, EVENT_ANSWERS);
    return 0;
}

static int start_thread(struct door *door, struct error *err)
{
    int failed = thread_start(&door->thread, THREAD_STACK_BYTES, run, door);
    if (failed)
        return error_set(err, ERROR_FAILED, "no thread: %s", error_reason(failed));
    return 0;
}

static void close_all(struct door *door)
{
    const int descriptors[] = {door->listener, door->stop, door->events};
    for (size_t i = 0; i < ARRAY_LENGTH(descriptors); i++) {
        if (descriptors[i] >= 0)
            (void)close(descriptors[i]);
    }
    for (size_t i = 0; i < DOOR_MAX_CALLERS; i++) {
        if (door->places[i].descriptor >= 0)
            (void)close(door->places[i].descriptor);
    }
}

struct door *door_start(const struct bus_settings *settings, uint16_t bus,
                        const struct door_owner *owner, struct error *err)
{
    struct door *door = mem_new(1, sizeof *door);
    *door = (struct door){
        .share = settings->share,
        .is_serial = settings->transport != TRANSPORT_TCP,
        .owner = *owner,
        .stop = -1,
        .events = -1,
        .listener = -1,
        .status = {.bus = bus},
        .reported_ms = clock_monotonic_ms(),
    };
    if (open_all(door, err) == 0 && start_thread(door, err) == 0)
        return door;
    close_all(door);
    door_free(door);
    return NULL;
}

void door_stop(struct door *door)
{
    (void)eventfd_write(door->stop, 1);
    (void)pthread_join(door->thread, NULL);
    close_all(door);
}

void door_free(struct door *door)
{
    struct guest *guest = NULL;
    if (!door)
        return;
    while (door->answers && mailbox_take(door->answers, &guest))
        free(guest);
    mailbox_free(door->answers);
    free(door);
}
