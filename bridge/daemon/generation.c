// SPDX-License-Identifier: MIT
#include "daemon/generation.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/config.h"

static char *print_findings(struct diagnostics *diagnostics)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        mem_exhausted();
    diagnostics_print(diagnostics, out);
    if (fclose(out) != 0)
        mem_exhausted();
    return text;
}

struct generation *generation_load(const struct generation_source *source,
                                   const struct site *now, char **ret_findings)
{
    struct arena *arena = arena_new();
    struct diagnostics diagnostics;
    const struct site *site = NULL;
    diagnostics_init(&diagnostics, arena);
    int result = config_load_site(arena, source->path, &diagnostics, &site);
    *ret_findings = print_findings(&diagnostics);
    if (result != 0) {
        arena_free(arena);
        return NULL;
    }
    if (source->shard.count)
        site = shard_site(arena, site, &source->shard);
    struct generation *generation = mem_new(1, sizeof *generation);
    generation->arena = arena;
    generation->number = 1;
    generation->findings = arena_text(arena, *ret_findings);
    changes_find(arena, now, site, &generation->changes);
    return generation;
}

void generation_free(struct generation *generation)
{
    if (!generation)
        return;
    arena_free(generation->arena);
    free(generation);
}

static void free_unused(struct generations *generations)
{
    struct generation **link = &generations->first;
    while (*link) {
        struct generation *generation = *link;
        if (generation == generations->present || generation->pins > 0) {
            link = &generation->next;
            continue;
        }
        *link = generation->next;
        generation_free(generation);
    }
}

void generations_begin(struct generations *generations, struct generation *generation)
{
    if (generations->present)
        generation->number = generations->present->number + 1;
    generation->next = generations->first;
    generations->first = generation;
    generations->present = generation;
    free_unused(generations);
}

void generation_pin(struct generation *generation)
{
    generation->pins++;
}

void generation_unpin(struct generation *generation)
{
    if (generation)
        generation->pins--;
}

size_t generations_count(const struct generations *generations)
{
    size_t count = 0;
    for (const struct generation *one = generations->first; one; one = one->next)
        count++;
    return count;
}

void generations_done(struct generations *generations)
{
    while (generations->first) {
        struct generation *generation = generations->first;
        generations->first = generation->next;
        generation_free(generation);
    }
    generations->present = NULL;
}
