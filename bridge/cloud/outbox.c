// SPDX-License-Identifier: MIT
#include "cloud/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/outbox_rows.h"

// Rows
// -----------------------------------------------------------------------------------------

size_t outbox_row_bytes(const struct row *row)
{
    return strlen(row->topic) + strlen(row->payload) + sizeof *row;
}

static void row_free(struct row *row)
{
    free(row->topic);
    free(row->payload);
    free(row);
}

struct connection_rows *outbox_rows_of(struct outbox *outbox, const struct row *row)
{
    return outbox->connections[row->connection];
}

enum outbox_lane outbox_lane_of(enum outbox_kind kind)
{
    return kind == OUTBOX_RESPONSE ? LANE_RESPONSES : LANE_DATA;
}

struct backlog *outbox_backlog_of(struct outbox *outbox, const struct row *row)
{
    return &outbox_rows_of(outbox, row)->backlogs[outbox_lane_of(row->kind)];
}

bool outbox_is_kept(const struct outbox *outbox, enum outbox_kind kind)
{
    if (kind == OUTBOX_RESPONSE)
        return true;
    return kind != OUTBOX_PROPERTIES && outbox->policy.replay;
}

static struct row_list *list_of(struct outbox *outbox, const struct row *row)
{
    struct connection_rows *rows = outbox_rows_of(outbox, row);
    if (row->is_in_flight)
        return &rows->in_flight;
    return row->is_backlog ? &outbox_backlog_of(outbox, row)->loaded
                           : &rows->waiting[row->kind];
}

static void leave_place(struct outbox *outbox, struct row *row)
{
    if (row->place == ROW_SAVING)
        row_list_remove(&outbox->saving, row);
    else if (row->place == ROW_NEW && outbox_is_kept(outbox, row->kind))
        row_list_remove(&outbox->unsaved, row);
}

// Takes a row out of the list it is in; it must be put into another one.
static void unlist(struct outbox *outbox, struct row *row)
{
    row_list_remove(list_of(outbox, row), row);
    if (row->is_in_flight) {
        struct connection_rows *rows = outbox_rows_of(outbox, row);
        rows->in_flight_count--;
        rows->replaying -= row->is_backlog && row->kind != OUTBOX_RESPONSE;
        outbox->stats.in_flight--;
    } else if (row->is_backlog) {
        outbox_backlog_of(outbox, row)->count--;
    }
}

void outbox_forget(struct outbox *outbox, struct row *row)
{
    unlist(outbox, row);
    leave_place(outbox, row);
    outbox->stats.rows--;
    outbox->stats.bytes -= outbox_row_bytes(row);
    row_free(row);
}

// Leaves a saved row to the disk: it will be loaded again.
void outbox_evict(struct outbox *outbox, struct row *row)
{
    struct backlog *backlog = outbox_backlog_of(outbox, row);
    if (row->id <= backlog->after)
        backlog->after = row->id - 1;
    if (backlog->is_wished && row->id <= backlog->pulled)
        backlog->pulled = row->id - 1;
    backlog->is_done = false;
    outbox_forget(outbox, row);
}

struct outbox_row outbox_view(const struct row *row)
{
    return (struct outbox_row){row->id,    row->kind,  row->connection,
                               row->stamp, row->topic, row->payload};
}

static void list_free(struct row_list *list)
{
    struct row *row = NULL;
    while ((row = list->first)) {
        row_list_remove(list, row);
        row_free(row);
    }
}

void outbox_widen(struct outbox *outbox, size_t connections)
{
    if (connections <= outbox->connection_count)
        return;
    outbox->connections =
        mem_resize(outbox->connections, connections, sizeof *outbox->connections);
    while (outbox->connection_count < connections)
        outbox->connections[outbox->connection_count++] =
            mem_new(1, sizeof(struct connection_rows));
}

struct outbox *outbox_new(size_t connections, const struct outbox_policy *policy,
                          int64_t last_id)
{
    struct outbox *outbox = mem_new(1, sizeof *outbox);
    outbox->policy = *policy;
    outbox->last_id = last_id;
    outbox->unsaved.links = LINKS_OF_PLACE;
    outbox->saving.links = LINKS_OF_PLACE;
    outbox_widen(outbox, connections);
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    for (size_t i = 0; i < outbox->connection_count; i++) {
        struct connection_rows *rows = outbox->connections[i];
        for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++)
            list_free(&rows->waiting[kind]);
        for (int lane = 0; lane < OUTBOX_LANE_COUNT; lane++)
            list_free(&rows->backlogs[lane].loaded);
        list_free(&rows->in_flight);
        free(rows->acked);
        free(rows);
    }
    free(outbox->connections);
    free(outbox);
}

// Room in memory
// -------------------------------------------------------------------------------

static struct row *first_saved(const struct row_list *list)
{
    struct row *row = list->first;
    // A row that was freed has left its list, in a file that the analyzer does not see.
    return row && row->place == ROW_SAVED ? row : NULL; // NOLINT(clang-analyzer-unix.Malloc)
}

// The oldest waiting live row of a kind over all connections.
static struct row *oldest_waiting(struct outbox *outbox, enum outbox_kind kind, bool is_saved)
{
    struct row *oldest = NULL;
    for (size_t i = 0; i < outbox->connection_count; i++) {
        const struct row_list *list = &outbox->connections[i]->waiting[kind];
        struct row *row = is_saved ? first_saved(list) : list->first;
        if (row && (!oldest || row->id < oldest->id))
            oldest = row;
    }
    return oldest;
}

static bool has_room(const struct outbox *outbox, size_t bytes, size_t times)
{
    return outbox->stats.rows < outbox->policy.max_rows * times &&
           outbox->stats.bytes + bytes <= outbox->policy.max_bytes * times;
}

static bool make_room(struct outbox *outbox, size_t bytes)
{
    static const enum outbox_kind expendable[] = {OUTBOX_TELEMETRY, OUTBOX_LOG,
                                                  OUTBOX_PROPERTIES};
    for (size_t i = 0; i < ARRAY_LENGTH(expendable); i++) {
        struct row *row = NULL;
        while (!has_room(outbox, bytes, 1) &&
               (row = oldest_waiting(outbox, expendable[i], true)))
            outbox_evict(outbox, row);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(expendable); i++) {
        struct row *row = NULL;
        while (!has_room(outbox, bytes, OUTBOX_UNSAVED_TIMES) &&
               (row = oldest_waiting(outbox, expendable[i], false))) {
            outbox_forget(outbox, row);
            outbox->stats.dropped++;
        }
    }
    return has_room(outbox, bytes, OUTBOX_UNSAVED_TIMES);
}

int64_t outbox_push(struct outbox *outbox, const struct outbox_message *message, int64_t now_ms)
{
    struct row *row = mem_new(1, sizeof *row);
    row->kind = message->kind;
    row->connection = message->connection;
    row->stamp = message->stamp;
    row->topic = message->topic;
    row->payload = message->payload;
    row->pushed_ms = now_ms;
    bool is_lost = !outbox_rows_of(outbox, row)->is_up && !outbox_is_kept(outbox, row->kind);
    if (is_lost ||
        (!make_room(outbox, outbox_row_bytes(row)) && row->kind != OUTBOX_RESPONSE)) {
        outbox->stats.dropped += row->kind != OUTBOX_PROPERTIES;
        row_free(row);
        return 0;
    }
    row->id = ++outbox->last_id;
    outbox->stats.rows++;
    outbox->stats.bytes += outbox_row_bytes(row);
    row_list_add(&outbox_rows_of(outbox, row)->waiting[row->kind], row);
    if (outbox_is_kept(outbox, row->kind))
        row_list_add(&outbox->unsaved, row);
    return row->id;
}

// Sending
// --------------------------------------------------------------------------------------

static void put_back(struct outbox *outbox, struct row *row)
{
    unlist(outbox, row);
    row->is_in_flight = false;
    row_list_insert(list_of(outbox, row), row); // rows given back are among the oldest
    if (row->is_backlog)
        outbox_backlog_of(outbox, row)->count++;
}

// Leaves what is on disk to it, and drops what is neither there nor to be kept.
static void clear_list(struct outbox *outbox, struct row_list *list)
{
    struct row *next = NULL;
    for (struct row *row = list->first; row; row = next) {
        next = row_list_next(list, row);
        if (row->place == ROW_SAVED) {
            outbox_evict(outbox, row);
        } else if (!outbox_is_kept(outbox, row->kind)) {
            outbox->stats.dropped += row->kind != OUTBOX_PROPERTIES;
            outbox_forget(outbox, row);
        }
    }
}

void outbox_disconnected(struct outbox *outbox, int connection)
{
    struct connection_rows *rows = outbox->connections[connection];
    rows->is_up = false;
    while (rows->in_flight.first)
        put_back(outbox, rows->in_flight.first);
    for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++)
        clear_list(outbox, &rows->waiting[kind]);
    for (int lane = 0; lane < OUTBOX_LANE_COUNT; lane++) {
        struct backlog *backlog = &rows->backlogs[lane];
        clear_list(outbox, &backlog->loaded);
        backlog->after = 0;
        backlog->is_done = false;
        backlog->is_wished = false;
        backlog->round++;
    }
    rows->acked_count = 0;
}

void outbox_connected(struct outbox *outbox, int connection)
{
    outbox->connections[connection]->is_up = true;
}

static bool is_sendable(const struct outbox *outbox, const struct row *row,
                        const struct outbox_gate *gate)
{
    if (!stamp_is_known(gate->clock, &row->stamp))
        return false;
    if (row->place == ROW_SAVED || row->was_refused)
        return true;
    if (row->kind == OUTBOX_RESPONSE)
        return false;
    return !outbox_is_kept(outbox, row->kind) || !outbox->policy.save_first ||
           outbox->is_disk_bad;
}

static struct row *first_sendable(const struct outbox *outbox, const struct row_list *list,
                                  const struct outbox_gate *gate)
{
    struct row *row = list->first;
    return row && is_sendable(outbox, row, gate) ? row : NULL;
}

static struct row *next_row(struct outbox *outbox, struct connection_rows *rows,
                            const struct outbox_gate *gate)
{
    struct row *row = rows->backlogs[LANE_RESPONSES].loaded.first;
    if (!row)
        row = first_sendable(outbox, &rows->waiting[OUTBOX_RESPONSE], gate);
    if (row)
        return row;
    for (int kind = OUTBOX_RESPONSE + 1; kind < OUTBOX_KIND_COUNT; kind++) {
        struct row *first = first_sendable(outbox, &rows->waiting[kind], gate);
        if (first && (!row || first->id < row->id))
            row = first;
    }
    if (row || !gate->may_replay)
        return row;
    return first_sendable(outbox, &rows->backlogs[LANE_DATA].loaded, gate);
}

bool outbox_take_next(struct outbox *outbox, int connection, const struct outbox_gate *gate,
                      struct outbox_row *ret_row, bool *ret_replayed)
{
    struct connection_rows *rows = outbox->connections[connection];
    struct row *row = next_row(outbox, rows, gate);
    if (!row)
        return false;
    unlist(outbox, row);
    row->is_in_flight = true;
    row_list_add(&rows->in_flight, row);
    rows->in_flight_count++;
    outbox->stats.in_flight++;
    *ret_replayed = row->is_backlog && row->kind != OUTBOX_RESPONSE;
    rows->replaying += *ret_replayed;
    *ret_row = outbox_view(row);
    return true;
}

static struct row *find_in_flight(struct outbox *outbox, int64_t id)
{
    for (size_t i = 0; i < outbox->connection_count; i++) {
        struct row *row = NULL;
        for (row = outbox->connections[i]->in_flight.first; row;
             row = row_list_next(&outbox->connections[i]->in_flight, row)) {
            if (row->id == id)
                return row;
        }
    }
    return NULL;
}

bool outbox_ack(struct outbox *outbox, int64_t id, enum outbox_lane *ret_lane)
{
    struct row *row = find_in_flight(outbox, id);
    if (!row)
        return false;
    *ret_lane = row->place == ROW_NEW ? OUTBOX_LANE_COUNT : outbox_lane_of(row->kind);
    outbox_note_acked(outbox_rows_of(outbox, row), id);
    outbox_forget(outbox, row);
    return true;
}

bool outbox_release(struct outbox *outbox, int64_t id)
{
    struct row *row = find_in_flight(outbox, id);
    if (row)
        put_back(outbox, row);
    return row != NULL;
}

size_t outbox_in_flight(const struct outbox *outbox, int connection)
{
    return outbox->connections[connection]->in_flight_count;
}

size_t outbox_replaying(const struct outbox *outbox, int connection)
{
    return outbox->connections[connection]->replaying;
}

bool outbox_is_waiting(const struct outbox *outbox, int connection)
{
    const struct connection_rows *rows = outbox->connections[connection];
    for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++) {
        if (rows->waiting[kind].first)
            return true;
    }
    return false;
}

bool outbox_has_backlog(const struct outbox *outbox, int connection)
{
    return outbox->connections[connection]->backlogs[LANE_DATA].count > 0;
}

static bool is_all_in_memory(const struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->connection_count; i++) {
        const struct connection_rows *rows = outbox->connections[i];
        bool is_data_done = rows->backlogs[LANE_DATA].is_done || !outbox->policy.replay;
        if (!rows->is_up || !rows->backlogs[LANE_RESPONSES].is_done || !is_data_done)
            return false;
    }
    return true;
}

// The older of two rows that have a stamp; `row` may be NULL.
static const struct row *older(const struct row *oldest, const struct row *row)
{
    if (!row || row->stamp.kind == STAMP_NONE)
        return oldest;
    return oldest && oldest->id < row->id ? oldest : row;
}

static const struct row *oldest_stamped(const struct outbox *outbox)
{
    const struct row *oldest = NULL;
    for (size_t i = 0; i < outbox->connection_count; i++) {
        const struct connection_rows *rows = outbox->connections[i];
        const struct row *row = NULL;
        for (row = rows->in_flight.first; row; row = row_list_next(&rows->in_flight, row))
            oldest = older(oldest, row);
        for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++)
            oldest = older(oldest, rows->waiting[kind].first);
        oldest = older(oldest, rows->backlogs[LANE_DATA].loaded.first);
    }
    return oldest;
}

struct outbox_stats outbox_stats(const struct outbox *outbox)
{
    struct outbox_stats stats = outbox->stats;
    const struct row *oldest = oldest_stamped(outbox);
    if (oldest)
        stats.oldest = oldest->stamp;
    stats.is_all = is_all_in_memory(outbox);
    return stats;
}
