// SPDX-License-Identifier: MIT
// What the store is to get, and what comes of it.
#include "cloud/outbox_rows.h"

static bool is_due_to_save(const struct outbox *outbox, const struct row *row, int64_t now_ms)
{
    if (row->kind == OUTBOX_RESPONSE)
        return !row->was_refused || !outbox->is_disk_bad;
    if (outbox->is_disk_bad)
        return false;
    return outbox->policy.save_first || outbox->is_saving_all ||
           !outbox->connections[row->connection]->is_up ||
           now_ms >= row->pushed_ms + OUTBOX_SPILL_MS;
}

bool outbox_next_unsaved(const struct outbox *outbox, int64_t now_ms,
                         struct outbox_row *ret_row)
{
    const struct row *row = NULL;
    for (row = outbox->unsaved.first; row; row = row_list_next(&outbox->unsaved, row)) {
        if (!is_due_to_save(outbox, row, now_ms))
            continue;
        *ret_row = outbox_view(row);
        return true;
    }
    return false;
}

bool outbox_find_unsaved(const struct outbox *outbox, int64_t id, struct outbox_row *ret_row)
{
    const struct row *row = NULL;
    for (row = outbox->unsaved.first; row; row = row_list_next(&outbox->unsaved, row)) {
        if (row->id != id)
            continue;
        *ret_row = outbox_view(row);
        return true;
    }
    return false;
}

void outbox_saving(struct outbox *outbox, int64_t id, uint64_t ticket)
{
    struct row *row = NULL;
    for (row = outbox->unsaved.first; row; row = row_list_next(&outbox->unsaved, row)) {
        if (row->id != id)
            continue;
        row_list_remove(&outbox->unsaved, row);
        row_list_add(&outbox->saving, row);
        row->place = ROW_SAVING;
        row->ticket = ticket;
        return;
    }
}

// Back among the unsaved, in the order of ids.
static void put_back_unsaved(struct outbox *outbox, struct row *row)
{
    row->place = ROW_NEW;
    row->was_refused = true;
    row_list_insert(&outbox->unsaved, row);
}

void outbox_settled(struct outbox *outbox, uint64_t ticket, bool is_saved)
{
    struct row *row = NULL;
    while ((row = outbox->saving.first) && row->ticket <= ticket) {
        row_list_remove(&outbox->saving, row);
        if (!is_saved) {
            put_back_unsaved(outbox, row);
            continue;
        }
        row->place = ROW_SAVED;
        if (!outbox_rows_of(outbox, row)->is_up)
            outbox_evict(outbox, row);
    }
}

void outbox_set_disk(struct outbox *outbox, bool is_good)
{
    bool is_well_again = is_good && outbox->is_disk_bad;
    outbox->is_disk_bad = !is_good;
    for (size_t i = 0; is_well_again && i < outbox->connection_count; i++) {
        for (int lane = 0; lane < OUTBOX_LANE_COUNT; lane++)
            outbox->connections[i]->backlogs[lane].is_done = false; // it may not have been read
    }
}

void outbox_save_all(struct outbox *outbox)
{
    outbox->is_saving_all = true;
}
