// SPDX-License-Identifier: MIT
#include "bus/hold.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "bus/written.h"

struct hold *hold_new(struct hold_end *end, const char *name, const struct request *request,
                      int64_t every_ms, int64_t for_ms, int64_t now_ms)
{
    struct hold *hold = mem_new(1, sizeof *hold);
    hold->end = end;
    (void)snprintf(hold->name, sizeof hold->name, "%s", name);
    utf8_mend_end(hold->name);
    hold->request = *request;
    hold->every_ms = every_ms;
    hold->until_ms = now_ms + for_ms;
    hold->due_ms = now_ms + (every_ms < for_ms ? every_ms : for_ms);
    hold->pause_ms = HOLD_FIRST_PAUSE_MS;
    return hold;
}

struct hold *hold_new_over(struct hold_end *end, const char *name, int64_t now_ms)
{
    struct request none = {0};
    struct hold *hold = hold_new(end, name, &none, 0, 0, now_ms);
    hold_finish(hold, now_ms);
    return hold;
}

void hold_free(struct hold *hold)
{
    if (!hold)
        return;
    hold_end_free(hold->end);
    free(hold);
}

enum hold_want hold_wants(const struct hold *hold, int64_t now_ms)
{
    if (hold->is_being_over || now_ms < hold->due_ms)
        return HOLD_WANTS_NOTHING;
    if (!hold->is_over && now_ms < hold->until_ms)
        return HOLD_WANTS_FRAME;
    return now_ms < hold_give_up_ms(hold) ? HOLD_WANTS_END : HOLD_WANTS_REST;
}

int64_t hold_give_up_ms(const struct hold *hold)
{
    return hold->until_ms + HOLD_LONGEST_END_MS;
}

void hold_finish(struct hold *hold, int64_t now_ms)
{
    if (hold->is_over)
        return;
    hold->is_over = true;
    hold->is_failing = false;
    if (hold->until_ms > now_ms)
        hold->until_ms = now_ms;
    hold->due_ms = now_ms;
}

bool hold_note_frame(struct hold *hold, bool taken, int64_t now_ms)
{
    bool is_news = hold->is_failing == taken;
    hold->is_failing = !taken;
    // Dates that passed are not made up for.
    int64_t passed = (now_ms - hold->due_ms) / hold->every_ms;
    hold->due_ms += (passed > 0 ? passed + 1 : 1) * hold->every_ms;
    if (hold->due_ms > hold->until_ms)
        hold->due_ms = hold->until_ms;
    return is_news;
}

bool hold_note_late(struct hold *hold, int64_t now_ms)
{
    bool is_news = !hold->is_failing;
    hold->is_failing = true;
    hold->is_being_over = false;
    hold->due_ms = now_ms + hold->pause_ms;
    hold->pause_ms *= 2;
    if (hold->pause_ms > HOLD_LONGEST_PAUSE_MS)
        hold->pause_ms = HOLD_LONGEST_PAUSE_MS;
    return is_news;
}

// Whether a request covers an address of a table of a unit.
static bool covers(const struct request *request, uint8_t unit_id, enum table table,
                   uint16_t address)
{
    return request->unit_id == unit_id &&
           pdu_find_function(request->function)->table == table &&
           address >= request->address && address - request->address < request->count;
}

static bool frames_meet(const struct request *a, const struct request *b)
{
    const struct pdu_function *function = pdu_find_function(a->function);
    for (uint16_t i = 0; function && i < a->count; i++) {
        if (covers(b, a->unit_id, function->table, (uint16_t)(a->address + i)))
            return true;
    }
    return false;
}

bool hold_overwrite(struct hold *hold, const struct map *map, int unit_id,
                    const struct request *request, uint8_t model, int64_t now_ms)
{
    struct hold_end *end = hold->end;
    size_t kept = 0;
    for (size_t i = 0; i < end->count; i++) {
        if (!written_touches(map, unit_id, request, model, end->entries[i].point))
            end->entries[kept++] = end->entries[i];
    }
    bool is_touched = kept < end->count || (!hold->is_over && hold->model == model &&
                                            frames_meet(&hold->request, request));
    end->count = kept;
    if (is_touched)
        hold_finish(hold, now_ms);
    return is_touched;
}
