// SPDX-License-Identifier: MIT
#include "registers/refusals.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/sorted.h"

struct closed {
    struct place place;
    struct extent at;
};

struct refusals {
    struct closed *closed; // by place and address; they neither overlap nor touch
    size_t closed_count;
    const struct refusal **lengths;
    size_t length_count;
};

struct place refusal_place(const struct refusal *refusal)
{
    return (struct place){refusal->unit_id, refusal->span.table, refusal->span.model};
}

static int compare_closed(const void *left, const void *right)
{
    const struct closed *a = left;
    const struct closed *b = right;
    int order = place_compare(&a->place, &b->place);
    return order ? order : (a->at.from > b->at.from) - (a->at.from < b->at.from);
}

// Joins sorted ranges that overlap or touch.
static size_t join(struct closed *closed, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct closed *last = kept ? &closed[kept - 1] : NULL;
        bool is_joint = last && place_compare(&last->place, &closed[i].place) == 0 &&
                        closed[i].at.from <= last->at.to;
        if (!is_joint)
            closed[kept++] = closed[i];
        else if (closed[i].at.to > last->at.to)
            last->at.to = closed[i].at.to;
    }
    return kept;
}

struct refusals *refusals_new(const struct refusal *refusals, size_t count)
{
    struct refusals *sorted = mem_new(1, sizeof *sorted);
    sorted->closed = mem_new(count, sizeof *sorted->closed);
    sorted->lengths = mem_new(count, sizeof *sorted->lengths);
    for (size_t i = 0; i < count; i++) {
        const struct span *span = &refusals[i].span;
        if (refusals[i].kind == REFUSAL_RANGE)
            sorted->closed[sorted->closed_count++] = (struct closed){
                refusal_place(&refusals[i]), {span->address, span->address + span->count}};
        else if (refusals[i].kind == REFUSAL_LENGTH)
            sorted->lengths[sorted->length_count++] = &refusals[i];
    }
    if (sorted->closed_count > 1)
        qsort(sorted->closed, sorted->closed_count, sizeof *sorted->closed, compare_closed);
    sorted->closed_count = join(sorted->closed, sorted->closed_count);
    return sorted;
}

void refusals_free(struct refusals *refusals)
{
    free(refusals->closed);
    free(refusals->lengths);
    free(refusals);
}

bool refusals_touch(const struct refusals *refusals, const struct place *place,
                    struct extent at)
{
    const struct closed end = {*place, {at.to, at.to}};
    size_t behind = sorted_place(&end, refusals->closed, refusals->closed_count,
                                 sizeof *refusals->closed, compare_closed);
    if (behind == 0)
        return false;
    // The last that begins before the end of what is asked.
    const struct closed *last = &refusals->closed[behind - 1];
    return place_compare(&last->place, place) == 0 && last->at.to > at.from;
}

int refusals_limit(const struct refusals *refusals, const struct place *place, int limit)
{
    for (size_t i = 0; i < refusals->length_count; i++) {
        struct place of = refusal_place(refusals->lengths[i]);
        if (place_compare(&of, place) == 0 && refusals->lengths[i]->split < limit)
            limit = refusals->lengths[i]->split;
    }
    return limit;
}
