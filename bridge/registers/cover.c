// SPDX-License-Identifier: MIT
#include "registers/cover.h"

#include <stdlib.h>

#include "base/mem.h"

// The cheapest way to cover an item and all that follow it.
struct choice {
    int64_t cost_ns;
    size_t next; // the first item that the request beginning here does not cover
};

// What a request of so many costs, worked out once: the search asks for it again and again.
static int64_t *make_prices(const struct cover_problem *problem)
{
    int64_t *prices = mem_new((size_t)problem->limit + 1, sizeof *prices);
    for (int count = 0; count <= problem->limit; count++)
        prices[count] = wire_cost_of_read(problem->cost, problem->table, count);
    return prices;
}

static struct choice choose(const struct cover_problem *problem, const int64_t *prices,
                            const struct choice *choices, size_t first)
{
    const struct extent *items = problem->items;
    int from = items[first].from;
    struct choice best = {
        .cost_ns = wire_cost_of_read(problem->cost, problem->table, items[first].to - from) +
                   choices[first + 1].cost_ns,
        .next = first + 1,
    };
    for (size_t last = first + 1; last < problem->count && problem->joins[last - 1]; last++) {
        int length = items[last].to - from;
        if (length > problem->limit)
            break;
        int64_t cost_ns = prices[length] + choices[last + 1].cost_ns;
        if (cost_ns <= best.cost_ns)
            best = (struct choice){cost_ns, last + 1};
    }
    return best;
}

size_t cover_cheapest(const struct cover_problem *problem, struct extent *ret_requests)
{
    struct choice *choices = mem_new(problem->count + 1, sizeof *choices);
    int64_t *prices = make_prices(problem);
    for (size_t first = problem->count; first-- > 0;)
        choices[first] = choose(problem, prices, choices, first);
    size_t count = 0;
    for (size_t first = 0; first < problem->count; first = choices[first].next) {
        const struct extent *last = &problem->items[choices[first].next - 1];
        ret_requests[count++] = (struct extent){problem->items[first].from, last->to};
    }
    free(prices);
    free(choices);
    return count;
}
