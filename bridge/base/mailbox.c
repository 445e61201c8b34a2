// SPDX-License-Identifier: MIT
#include "base/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    FIRST_SLOTS = 4,
    CROWDED_SHARE = 8, // of the room: when so much of it is taken nothing can wait any more
};

// Has as many slots as were ever needed at once: hardly any mailbox of hundreds is ever full.
struct ring {
    unsigned char *slots;
    uint64_t *serials; // when each message came, to merge the two rings in order
    size_t slot_count; // at most `room`
    size_t room;
    size_t head;
    size_t count;
};

struct mailbox {
    pthread_mutex_t lock;
    int descriptor;
    size_t size;
    uint64_t serial;
    uint64_t displaced;
    int64_t by_ms;   // the earliest date of a message; INT64_MAX: there is none
    int64_t look_ms; // when the taker looks by itself
    bool is_raised;  // the descriptor
    struct ring readings;
    struct ring sure;
};

// Where the message is that comes `behind` after the first.
static size_t slot_of(const struct ring *ring, size_t behind)
{
    size_t at = ring->head + behind;
    return at < ring->slot_count ? at : at - ring->slot_count;
}

static void ring_init(struct ring *ring, size_t size, size_t room)
{
    ring->slot_count = room < FIRST_SLOTS ? room : FIRST_SLOTS;
    ring->slots = mem_new(ring->slot_count, size);
    ring->serials = mem_new(ring->slot_count, sizeof *ring->serials);
    ring->room = room;
}

// Twice as many slots, or as many as it may have; the messages are in their order from the
// first slot on.
static void ring_grow(struct ring *ring, size_t size)
{
    size_t count = 2 * ring->slot_count < ring->room ? 2 * ring->slot_count : ring->room;
    unsigned char *slots = mem_new(count, size);
    uint64_t *serials = mem_new(count, sizeof *serials);
    for (size_t i = 0; i < ring->count; i++) {
        size_t at = slot_of(ring, i);
        memcpy(slots + i * size, ring->slots + at * size, size);
        serials[i] = ring->serials[at];
    }
    free(ring->slots);
    free(ring->serials);
    ring->slots = slots;
    ring->serials = serials;
    ring->slot_count = count;
    ring->head = 0;
}

static void ring_done(struct ring *ring)
{
    free(ring->slots);
    free(ring->serials);
}

static void ring_drop(struct ring *ring)
{
    ring->head = slot_of(ring, 1);
    ring->count--;
}

static void ring_put(struct mailbox *mailbox, struct ring *ring, const void *message)
{
    if (ring->count == ring->slot_count)
        ring_grow(ring, mailbox->size);
    size_t at = slot_of(ring, ring->count);
    memcpy(ring->slots + at * mailbox->size, message, mailbox->size);
    ring->serials[at] = mailbox->serial++;
    ring->count++;
}

struct mailbox *mailbox_new(size_t size, size_t readings, size_t sure)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return NULL;
    struct mailbox *mailbox = mem_new(1, sizeof *mailbox);
    (void)pthread_mutex_init(&mailbox->lock, NULL);
    mailbox->descriptor = descriptor;
    mailbox->size = size;
    mailbox->by_ms = INT64_MAX;
    mailbox->look_ms = INT64_MAX;
    ring_init(&mailbox->readings, size, readings);
    ring_init(&mailbox->sure, size, sure);
    return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
    if (!mailbox)
        return;
    (void)close(mailbox->descriptor);
    (void)pthread_mutex_destroy(&mailbox->lock);
    ring_done(&mailbox->readings);
    ring_done(&mailbox->sure);
    free(mailbox);
}

static bool is_crowded(const struct ring *ring)
{
    return ring->count * CROWDED_SHARE >= ring->room && ring->count > 0;
}

// The descriptor is raised once and lowered when there is no message left: its counter stays
// far from its limit, and neither call can block.
static void raise_when_due(struct mailbox *mailbox)
{
    bool is_due = mailbox->by_ms < mailbox->look_ms || is_crowded(&mailbox->readings) ||
                  is_crowded(&mailbox->sure);
    if (mailbox->is_raised || !is_due || mailbox->readings.count + mailbox->sure.count == 0)
        return;
    mailbox->is_raised = true;
    (void)eventfd_write(mailbox->descriptor, 1);
}

static void lower_descriptor(struct mailbox *mailbox)
{
    eventfd_t counter = 0;
    mailbox->by_ms = INT64_MAX;
    if (mailbox->is_raised)
        (void)eventfd_read(mailbox->descriptor, &counter);
    mailbox->is_raised = false;
}

static void put_by(struct mailbox *mailbox, struct ring *ring, const void *message,
                   int64_t by_ms)
{
    ring_put(mailbox, ring, message);
    if (by_ms < mailbox->by_ms)
        mailbox->by_ms = by_ms;
    raise_when_due(mailbox);
}

void mailbox_look_at(struct mailbox *mailbox, int64_t at_ms)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    mailbox->look_ms = at_ms;
    raise_when_due(mailbox);
    (void)pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_post_reading(struct mailbox *mailbox, const void *message)
{
    mailbox_post_reading_by(mailbox, message, MAILBOX_AT_ONCE);
}

void mailbox_post_reading_by(struct mailbox *mailbox, const void *message, int64_t by_ms)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    struct ring *ring = &mailbox->readings;
    if (ring->count == ring->room) {
        mailbox->displaced++;
        if (ring->room)
            ring_drop(ring);
    }
    if (ring->room)
        put_by(mailbox, ring, message, by_ms);
    (void)pthread_mutex_unlock(&mailbox->lock);
}

bool mailbox_post(struct mailbox *mailbox, const void *message)
{
    return mailbox_post_by(mailbox, message, MAILBOX_AT_ONCE);
}

bool mailbox_post_by(struct mailbox *mailbox, const void *message, int64_t by_ms)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    bool fits = mailbox->sure.count < mailbox->sure.room;
    if (fits)
        put_by(mailbox, &mailbox->sure, message, by_ms);
    (void)pthread_mutex_unlock(&mailbox->lock);
    return fits;
}

static struct ring *older(struct mailbox *mailbox)
{
    struct ring *readings = &mailbox->readings;
    struct ring *sure = &mailbox->sure;
    if (!readings->count)
        return sure->count ? sure : NULL;
    if (!sure->count)
        return readings;
    return readings->serials[readings->head] < sure->serials[sure->head] ? readings : sure;
}

bool mailbox_take(struct mailbox *mailbox, void *ret_message)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    struct ring *ring = older(mailbox);
    if (ring) {
        memcpy(ret_message, ring->slots + ring->head * mailbox->size, mailbox->size);
        ring_drop(ring);
        if (mailbox->readings.count + mailbox->sure.count == 0)
            lower_descriptor(mailbox);
    }
    (void)pthread_mutex_unlock(&mailbox->lock);
    return ring != NULL;
}

int mailbox_descriptor(const struct mailbox *mailbox)
{
    return mailbox->descriptor;
}

uint64_t mailbox_displaced(struct mailbox *mailbox)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    uint64_t displaced = mailbox->displaced;
    (void)pthread_mutex_unlock(&mailbox->lock);
    return displaced;
}
