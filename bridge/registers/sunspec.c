// SPDX-License-Identifier: MIT
#include "registers/sunspec.h"

#include <stdio.h>

#include "model/message.h"

enum {
    ADDRESS_END = 65536,
    COMMON_ID = 1,
    ILLEGAL_DATA_ADDRESS = 2, // Modbus Application Protocol V1.1b3, section 7
};

static void try_base(struct sunspec_walk *walk)
{
    walk->address = walk->bases[walk->base];
    walk->state = SUNSPEC_READ;
}

static void fail_without_marker(struct sunspec_walk *walk)
{
    size_t used = (size_t)snprintf(walk->text, sizeof walk->text, "no SunSpec marker at ");
    for (size_t i = 0; i < walk->base_count && used < sizeof walk->text; i++)
        used += (size_t)snprintf(walk->text + used, sizeof walk->text - used, "%s%u",
                                 i ? ", " : "", walk->bases[i]);
    if (used < sizeof walk->text)
        (void)snprintf(walk->text + used, sizeof walk->text - used,
                       ": check the unit id and whether SunSpec is switched on");
    walk->state = SUNSPEC_FAILED;
}

static void try_next_base(struct sunspec_walk *walk)
{
    walk->base++;
    if (walk->base < walk->base_count)
        try_base(walk);
    else
        fail_without_marker(walk);
}

void sunspec_begin(struct sunspec_walk *walk, const uint16_t *bases, size_t base_count)
{
    *walk = (struct sunspec_walk){.bases = bases, .base_count = base_count};
    if (base_count)
        try_base(walk);
    else
        fail_without_marker(walk);
}

static void fail_chain(struct sunspec_walk *walk, const char *what)
{
    const struct sunspec_chain *chain = &walk->chain;
    char after[64] = "after the marker";
    if (chain->count) {
        const struct sunspec_link *last = &chain->links[chain->count - 1];
        (void)snprintf(after, sizeof after, "after model %u at %u with length %u", last->id,
                       last->place.address, last->place.length);
    }
    (void)snprintf(walk->text, sizeof walk->text,
                   "the chain of SunSpec models is broken at %u, %s: %s", walk->address, after,
                   what);
    walk->state = SUNSPEC_FAILED;
}

// Goes on at `next`, when two registers still fit there.
static void go_on(struct sunspec_walk *walk, uint32_t next)
{
    if (next + SUNSPEC_READ_COUNT > ADDRESS_END) {
        fail_chain(walk, "it runs beyond the last register");
        return;
    }
    walk->address = (uint16_t)next;
    walk->state = SUNSPEC_READ;
}

static void take_marker(struct sunspec_walk *walk, const uint16_t *words)
{
    if (words[0] != SUNSPEC_MARKER_HIGH || words[1] != SUNSPEC_MARKER_LOW) {
        try_next_base(walk);
        return;
    }
    walk->has_begun = true;
    walk->chain.base = walk->address;
    go_on(walk, (uint32_t)walk->address + SUNSPEC_READ_COUNT);
}

static void take_header(struct sunspec_walk *walk, uint16_t id, uint16_t length)
{
    struct sunspec_chain *chain = &walk->chain;
    uint32_t next = (uint32_t)walk->address + SUNSPEC_HEADER_WORDS + length;
    if (id == SUNSPEC_END_ID || length == 0) {
        walk->state = SUNSPEC_DONE;
        return;
    }
    if (chain->count == MAX_SUNSPEC_CHAIN) {
        fail_chain(walk, "it has more models than any device");
        return;
    }
    if (next > ADDRESS_END) {
        fail_chain(walk, "the next length reaches beyond the last register");
        return;
    }
    chain->links[chain->count++] = (struct sunspec_link){id, {walk->address, length}};
    go_on(walk, next);
}

void sunspec_take(struct sunspec_walk *walk, const uint16_t *words)
{
    if (walk->state != SUNSPEC_READ)
        return;
    if (walk->has_begun)
        take_header(walk, words[0], words[1]);
    else
        take_marker(walk, words);
}

// Some devices have no registers behind their last model, not even those that say so.
static bool may_end_here(const struct sunspec_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->links[i].id != COMMON_ID)
            return true;
    }
    return false;
}

void sunspec_refuse(struct sunspec_walk *walk, uint8_t exception)
{
    if (walk->state != SUNSPEC_READ)
        return;
    if (walk->has_begun && exception == ILLEGAL_DATA_ADDRESS && may_end_here(&walk->chain))
        walk->state = SUNSPEC_DONE;
    else if (walk->has_begun)
        fail_chain(walk, exception_name(exception));
    else
        try_next_base(walk);
}

static struct sunspec_place find_one(const struct sunspec_chain *chain,
                                     const struct sunspec_model *model)
{
    uint16_t instance = 0;
    for (size_t i = 0; i < chain->count; i++) {
        const struct sunspec_link *link = &chain->links[i];
        if (link->id < model->low || link->id > model->high)
            continue;
        instance++;
        if (instance == model->instance)
            return link->place;
    }
    return (struct sunspec_place){0};
}

void sunspec_find(const struct sunspec_chain *chain, const struct sunspec_model *models,
                  size_t count, struct sunspec_places *ret_places)
{
    *ret_places = (struct sunspec_places){.count = (uint16_t)count};
    for (size_t i = 0; i < count; i++)
        ret_places->items[i] = find_one(chain, &models[i]);
}

void sunspec_name(const struct sunspec_model *model, char *ret_text, size_t size)
{
    char high[16] = "";
    char instance[16] = "";
    if (model->high != model->low)
        (void)snprintf(high, sizeof high, "..%u", model->high);
    if (model->instance > 1)
        (void)snprintf(instance, sizeof instance, ", %u", model->instance);
    (void)snprintf(ret_text, size, "model(%u%s%s)", model->low, high, instance);
}

void sunspec_list(const struct sunspec_chain *chain, char *ret_text, size_t size)
{
    size_t used = 0;
    if (size)
        ret_text[0] = '\0';
    for (size_t i = 0; i < chain->count && used < size; i++) {
        const struct sunspec_link *link = &chain->links[i];
        used += (size_t)snprintf(ret_text + used, size - used, "%s%u at %u (%u)", i ? ", " : "",
                                 link->id, link->place.address, link->place.length);
    }
}
