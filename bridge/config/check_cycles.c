// SPDX-License-Identifier: MIT
// An entry must not need itself, also not by its condition: evaluation follows these edges.
#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/load.h"
#include "config/periods.h"

enum colour { COLOUR_NEW, COLOUR_OPEN, COLOUR_DONE };

struct step_in {
    int point;
    size_t next; // in needs->items
};

struct walk {
    struct loader *loader;
    struct dependencies needs;
    unsigned char *colours;
    struct step_in path[MAX_CHAIN];
    size_t depth;
};

static void report_cycle(struct walk *walk, int point)
{
    struct loader *loader = walk->loader;
    struct strbuf chain = {0};
    size_t start = 0;
    while (walk->path[start].point != point)
        start++;
    for (size_t i = start; i < walk->depth; i++)
        strbuf_printf(&chain, "%s -> ", loader->points[walk->path[i].point].key);
    (void)diagnostics_error(loader->reader.diagnostics, &loader->points[point].at,
                            "'%s' depends on itself: %s%s", loader->points[point].key,
                            strbuf_text(&chain), loader->points[point].key);
    strbuf_done(&chain);
}

static void enter(struct walk *walk, int point)
{
    if (walk->depth == MAX_CHAIN) {
        (void)diagnostics_error(
            walk->loader->reader.diagnostics, &walk->loader->points[walk->path[0].point].at,
            "more than %d entries depend on each other in a row", MAX_CHAIN);
        return;
    }
    walk->colours[point] = COLOUR_OPEN;
    walk->path[walk->depth++] = (struct step_in){point, walk->needs.starts[point]};
}

// One edge of the entry at the end of the path, or back.
static void go_on(struct walk *walk)
{
    struct step_in *last = &walk->path[walk->depth - 1];
    if (last->next == walk->needs.starts[last->point + 1]) {
        walk->colours[last->point] = COLOUR_DONE;
        walk->depth--;
        return;
    }
    int need = walk->needs.items[last->next++];
    if (walk->colours[need] == COLOUR_OPEN)
        report_cycle(walk, need);
    else if (walk->colours[need] == COLOUR_NEW)
        enter(walk, need);
}

void check_cycles(struct loader *loader)
{
    struct walk walk = {
        .loader = loader,
        .needs = dependencies_collect(loader->reader.arena, loader->points, loader->count),
        .colours = mem_new(loader->count + 1, 1),
    };
    for (size_t i = 0; i < loader->count; i++) {
        if (walk.colours[i] != COLOUR_NEW)
            continue;
        enter(&walk, (int)i);
        while (walk.depth > 0)
            go_on(&walk);
    }
    free(walk.colours);
}
