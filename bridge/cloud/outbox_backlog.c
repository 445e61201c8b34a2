// SPDX-License-Identifier: MIT
// The backlog: rows that are on disk only, a few of them at hand.
#include <stdlib.h>

#include "base/mem.h"
#include "cloud/outbox_rows.h"

static bool is_any_wished(const struct connection_rows *rows)
{
    return rows->backlogs[LANE_RESPONSES].is_wished || rows->backlogs[LANE_DATA].is_wished;
}

void outbox_note_acked(struct connection_rows *rows, int64_t id)
{
    if (!is_any_wished(rows)) {
        rows->acked_count = 0;
        return;
    }
    if (rows->acked_count == rows->acked_room) {
        rows->acked_room = rows->acked_room ? rows->acked_room * 2 : 32;
        rows->acked = mem_resize(rows->acked, rows->acked_room, sizeof *rows->acked);
    }
    rows->acked[rows->acked_count++] = id;
}

// The backlog
// ----------------------------------------------------------------------------------

// Live rows are in memory and the last ones on disk: no need to read up to them.
static int64_t first_live(const struct outbox *outbox, const struct connection_rows *rows,
                          enum outbox_lane lane)
{
    int64_t first = outbox->last_id + 1;
    for (int kind = 0; kind < OUTBOX_KIND_COUNT; kind++) {
        const struct row *row = rows->waiting[kind].first;
        if (row && outbox_lane_of((enum outbox_kind)kind) == lane && row->id < first)
            first = row->id;
    }
    return first;
}

bool outbox_next_wish(struct outbox *outbox, int connection, size_t count,
                      struct outbox_wish *ret_wish)
{
    struct connection_rows *rows = outbox->connections[connection];
    for (enum outbox_lane lane = LANE_RESPONSES; lane < OUTBOX_LANE_COUNT; lane++) {
        struct backlog *backlog = &rows->backlogs[lane];
        bool is_replayed = lane == LANE_RESPONSES || outbox->policy.replay;
        if (!rows->is_up || !is_replayed || backlog->is_wished || backlog->is_done ||
            backlog->count > count / 2)
            continue;
        backlog->is_wished = true;
        backlog->pulled = INT64_MAX;
        *ret_wish = (struct outbox_wish){
            .connection = connection,
            .lane = lane,
            .round = backlog->round,
            .after = backlog->after,
            .before = first_live(outbox, rows, lane),
            .count = count,
        };
        return true;
    }
    return false;
}

static bool holds(const struct row_list *list, int64_t id)
{
    const struct row *row = NULL;
    for (row = list->first; row; row = row_list_next(list, row)) {
        if (row->id == id)
            return true;
    }
    return false;
}

static bool is_known(const struct connection_rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->acked_count; i++) {
        if (rows->acked[i] == id)
            return true;
    }
    bool is_held = holds(&rows->in_flight, id);
    for (int kind = 0; kind < OUTBOX_KIND_COUNT && !is_held; kind++)
        is_held = holds(&rows->waiting[kind], id);
    for (int lane = 0; lane < OUTBOX_LANE_COUNT && !is_held; lane++)
        is_held = holds(&rows->backlogs[lane].loaded, id);
    return is_held;
}

void outbox_load(struct outbox *outbox, const struct outbox_wish *wish, int64_t id,
                 const struct outbox_message *message)
{
    struct connection_rows *rows = outbox->connections[wish->connection];
    struct backlog *backlog = &rows->backlogs[wish->lane];
    if (wish->round != backlog->round || is_known(rows, id)) {
        free(message->topic);
        free(message->payload);
        return;
    }
    struct row *row = mem_new(1, sizeof *row);
    row->id = id;
    row->kind = message->kind;
    row->place = ROW_SAVED;
    row->is_backlog = true;
    row->connection = wish->connection;
    row->stamp = message->stamp;
    row->topic = message->topic;
    row->payload = message->payload;
    row_list_insert(&backlog->loaded, row);
    backlog->count++;
    outbox->stats.rows++;
    outbox->stats.bytes += outbox_row_bytes(row);
}

void outbox_loaded(struct outbox *outbox, const struct outbox_wish *wish, int64_t last,
                   bool is_all)
{
    struct connection_rows *rows = outbox->connections[wish->connection];
    struct backlog *backlog = &rows->backlogs[wish->lane];
    if (wish->round != backlog->round)
        return;
    backlog->is_wished = false;
    // Rows left to the disk meanwhile are read from there again.
    bool was_pulled = backlog->pulled != INT64_MAX;
    backlog->after = was_pulled && backlog->pulled < last ? backlog->pulled : last;
    backlog->is_done = is_all && !was_pulled;
    if (!is_any_wished(rows))
        rows->acked_count = 0;
}
