// SPDX-License-Identifier: MIT
#include "registers/cover.h"

#include <stdlib.h>

#include "base/mem.h"

// The cheapest way to cover an item and all that follow it.
struct choice {
    int64_t cost_ns;
    size_t next; // the first item that the request beginning here does not cover
};

static struct choice choose(const struct cover_problem *problem, const struct choice *choices,
                            size_t first)
{
    const struct extent *items = problem->items;
    struct choice best = {INT64_MAX, first + 1};
    for (size_t last = first; last < problem->count; last++) {
        int length = items[last].to - items[first].from;
        if (last > first && (length > problem->limit || !problem->joins[last - 1]))
            break;
        int64_t cost_ns = wire_cost_of_read(problem->cost, problem->table, length) +
                          choices[last + 1].cost_ns;
        if (cost_ns <= best.cost_ns)
            best = (struct choice){cost_ns, last + 1};
    }
    return best;
}

size_t cover_cheapest(const struct cover_problem *problem, struct extent *ret_requests)
{
    struct choice *choices = mem_new(problem->count + 1, sizeof *choices);
    for (size_t first = problem->count; first-- > 0;)
        choices[first] = choose(problem, choices, first);
    size_t count = 0;
    for (size_t first = 0; first < problem->count; first = choices[first].next) {
        const struct extent *last = &problem->items[choices[first].next - 1];
        ret_requests[count++] = (struct extent){problem->items[first].from, last->to};
    }
    free(choices);
    return count;
}
