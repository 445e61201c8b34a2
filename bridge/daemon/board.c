// SPDX-License-Identifier: MIT
#include "daemon/board.h"

#include <stdlib.h>

#include "base/mem.h"

void board_init(struct board *board, size_t buses)
{
    *board = (struct board){mem_new(buses, sizeof *board->slots), buses};
}

void board_widen(struct board *board, size_t buses)
{
    board->slots = mem_resize(board->slots, buses, sizeof *board->slots);
    while (board->count < buses)
        board->slots[board->count++] = (struct board_slot){0};
}

void board_forget(struct board *board, size_t bus)
{
    bus_status_free(board->slots[bus].latest);
    board->slots[bus] = (struct board_slot){0};
}

void board_done(struct board *board)
{
    for (size_t i = 0; i < board->count; i++)
        bus_status_free(board->slots[i].latest);
    free(board->slots);
    *board = (struct board){0};
}

bool board_wants(const struct board *board, size_t bus, int64_t now_ms)
{
    const struct board_slot *slot = &board->slots[bus];
    return !slot->is_asked && (!slot->latest || now_ms - slot->latest->at_ms >= BOARD_FRESH_MS);
}

void board_asked(struct board *board, size_t bus)
{
    board->slots[bus].is_asked = true;
}

void board_take(struct board *board, struct bus_status *status)
{
    struct board_slot *slot = &board->slots[status->bus];
    bus_status_free(slot->latest);
    slot->latest = status;
    slot->is_asked = false;
}

bool board_waits(const struct board *board)
{
    for (size_t i = 0; i < board->count; i++) {
        if (board->slots[i].is_asked)
            return true;
    }
    return false;
}
