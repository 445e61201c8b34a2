// SPDX-License-Identifier: MIT
#include "bus/tries.h"

#include <stdbool.h>

// A walk over tries until one has the wanted place or number.
struct search {
    const struct step *trying; // wanted, or NULL
    unsigned ordinal;          // wanted, or 0
    unsigned count;            // passed so far
    const struct step *found;
};

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static void walk(const struct step *steps, size_t count, struct search *search)
{
    for (size_t i = 0; i < count && !search->found; i++) {
        const struct step *step = &steps[i];
        if (step->kind != STEP_TRY)
            continue;
        search->count++;
        if (step == search->trying || search->count == search->ordinal)
            search->found = step;
        walk(step->steps, step->step_count, search);
        walk(step->on_failure, step->on_failure_count, search);
    }
}

unsigned tries_ordinal(const struct command *command, const struct step *trying)
{
    struct search search = {.trying = trying};
    walk(command->steps, command->step_count, &search);
    return search.found ? search.count : 0;
}

const struct step *tries_find(const struct command *command, unsigned ordinal)
{
    struct search search = {.ordinal = ordinal};
    walk(command->steps, command->step_count, &search);
    return search.found;
}
