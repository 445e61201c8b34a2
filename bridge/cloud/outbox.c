// SPDX-License-Identifier: MIT
#include "cloud/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"

struct row {
    TAILQ_ENTRY(row) links;
    int64_t id;
    enum outbox_kind kind;
    int connection;
    char *topic;
    char *payload;
};

TAILQ_HEAD(row_list, row);

// Rows of one connection, each list in the order of ids.
struct lane {
    struct row_list waiting[OUTBOX_KIND_COUNT];
    struct row_list in_flight;
    size_t in_flight_count;
};

struct outbox {
    struct outbox_limits limits;
    struct outbox_stats stats;
    int64_t last_id;
    size_t lane_count;
    struct lane lanes[];
};

struct outbox *outbox_new(size_t connections, const struct outbox_limits *limits)
{
    struct outbox *outbox =
        mem_new(1, sizeof(struct outbox) + connections * sizeof(struct lane));
    outbox->limits = *limits;
    outbox->lane_count = connections;
    for (size_t i = 0; i < connections; i++) {
        struct lane *lane = &outbox->lanes[i];
        for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++)
            TAILQ_INIT(&lane->waiting[kind]);
        TAILQ_INIT(&lane->in_flight);
    }
    return outbox;
}

static size_t row_bytes(const struct row *row)
{
    return strlen(row->topic) + strlen(row->payload);
}

static void row_free(struct row *row)
{
    free(row->topic);
    free(row->payload);
    free(row);
}

static void list_free(struct row_list *list)
{
    struct row *row = NULL;
    while ((row = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, row, links);
        row_free(row);
    }
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    for (size_t i = 0; i < outbox->lane_count; i++) {
        for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++)
            list_free(&outbox->lanes[i].waiting[kind]);
        list_free(&outbox->lanes[i].in_flight);
    }
    free(outbox);
}

static void forget(struct outbox *outbox, struct row_list *list, struct row *row)
{
    TAILQ_REMOVE(list, row, links);
    outbox->stats.rows--;
    outbox->stats.bytes -= row_bytes(row);
    row_free(row);
}

// Drops the oldest waiting row of a kind over all connections.
static bool drop_oldest(struct outbox *outbox, enum outbox_kind kind)
{
    struct row_list *oldest = NULL;
    for (size_t i = 0; i < outbox->lane_count; i++) {
        struct row_list *list = &outbox->lanes[i].waiting[kind];
        if (TAILQ_EMPTY(list))
            continue;
        if (!oldest || TAILQ_FIRST(list)->id < TAILQ_FIRST(oldest)->id)
            oldest = list;
    }
    if (!oldest)
        return false;
    // The analyzer does not see that TAILQ_REMOVE moved the head away from the freed row.
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
    forget(outbox, oldest, TAILQ_FIRST(oldest));
    outbox->stats.dropped++;
    return true;
}

static bool make_room(struct outbox *outbox, size_t bytes)
{
    static const enum outbox_kind expendable[] = {OUTBOX_TELEMETRY, OUTBOX_LOG,
                                                  OUTBOX_PROPERTIES};
    size_t i = 0;
    while (outbox->stats.rows >= outbox->limits.max_rows ||
           outbox->stats.bytes + bytes > outbox->limits.max_bytes) {
        if (i == ARRAY_LENGTH(expendable))
            return false;
        if (!drop_oldest(outbox, expendable[i]))
            i++;
    }
    return true;
}

int64_t outbox_push(struct outbox *outbox, const struct outbox_message *message)
{
    struct row *row = mem_new(1, sizeof *row);
    row->kind = message->kind;
    row->connection = message->connection;
    row->topic = message->topic;
    row->payload = message->payload;
    if (!make_room(outbox, row_bytes(row)) && row->kind != OUTBOX_RESPONSE) {
        row_free(row);
        outbox->stats.dropped++;
        return 0;
    }
    row->id = ++outbox->last_id;
    outbox->stats.rows++;
    outbox->stats.bytes += row_bytes(row);
    TAILQ_INSERT_TAIL(&outbox->lanes[row->connection].waiting[row->kind], row, links);
    return row->id;
}

static struct row *next_row(struct lane *lane)
{
    struct row *oldest = TAILQ_FIRST(&lane->waiting[OUTBOX_RESPONSE]);
    if (oldest)
        return oldest;
    for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++) {
        struct row *row = TAILQ_FIRST(&lane->waiting[kind]);
        if (row && (!oldest || row->id < oldest->id))
            oldest = row;
    }
    return oldest;
}

bool outbox_take_next(struct outbox *outbox, int connection, struct outbox_row *ret_row)
{
    struct lane *lane = &outbox->lanes[connection];
    struct row *row = next_row(lane);
    if (!row)
        return false;
    TAILQ_REMOVE(&lane->waiting[row->kind], row, links);
    TAILQ_INSERT_TAIL(&lane->in_flight, row, links);
    lane->in_flight_count++;
    outbox->stats.in_flight++;
    *ret_row = (struct outbox_row){row->id, row->kind, row->topic, row->payload};
    return true;
}

static struct row *find_in_flight(struct outbox *outbox, int64_t id)
{
    for (size_t i = 0; i < outbox->lane_count; i++) {
        struct row *row = NULL;
        TAILQ_FOREACH(row, &outbox->lanes[i].in_flight, links)
        {
            if (row->id == id)
                return row;
        }
    }
    return NULL;
}

static void land(struct outbox *outbox, struct lane *lane)
{
    lane->in_flight_count--;
    outbox->stats.in_flight--;
}

bool outbox_ack(struct outbox *outbox, int64_t id)
{
    struct row *row = find_in_flight(outbox, id);
    if (!row)
        return false;
    struct lane *lane = &outbox->lanes[row->connection];
    land(outbox, lane);
    forget(outbox, &lane->in_flight, row);
    return true;
}

// Rows given back are among the oldest, so their place is near the front.
static void put_back(struct outbox *outbox, struct lane *lane, struct row *row)
{
    struct row_list *list = &lane->waiting[row->kind];
    struct row *later = TAILQ_FIRST(list);
    while (later && later->id < row->id)
        later = TAILQ_NEXT(later, links);
    TAILQ_REMOVE(&lane->in_flight, row, links);
    land(outbox, lane);
    if (later)
        TAILQ_INSERT_BEFORE(later, row, links);
    else
        TAILQ_INSERT_TAIL(list, row, links);
}

bool outbox_release(struct outbox *outbox, int64_t id)
{
    struct row *row = find_in_flight(outbox, id);
    if (!row)
        return false;
    put_back(outbox, &outbox->lanes[row->connection], row);
    return true;
}

size_t outbox_release_in_flight(struct outbox *outbox, int connection)
{
    struct lane *lane = &outbox->lanes[connection];
    size_t count = lane->in_flight_count;
    while (!TAILQ_EMPTY(&lane->in_flight))
        put_back(outbox, lane, TAILQ_FIRST(&lane->in_flight));
    return count;
}

size_t outbox_in_flight(const struct outbox *outbox, int connection)
{
    return outbox->lanes[connection].in_flight_count;
}

struct outbox_stats outbox_stats(const struct outbox *outbox)
{
    return outbox->stats;
}
