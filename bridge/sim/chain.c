// SPDX-License-Identifier: MIT
#include "sim/chain.h"

#include "base/mem.h"

enum {
    COMMON_ID = 1,
    COMMON_LENGTH = 66, // SunSpec model 1
    ADDRESS_END = 65536,
};

static void add_link(struct sunspec_chain *chain, uint16_t id, uint16_t length)
{
    if (chain->count < ARRAY_LENGTH(chain->links))
        chain->links[chain->count++] = (struct sunspec_link){id, {0, length}};
}

static size_t count_ids(const struct sunspec_chain *chain, const struct sunspec_model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < chain->count; i++)
        count += chain->links[i].id >= model->low && chain->links[i].id <= model->high;
    return count;
}

// The common model first, as the standard wants it; then whatever the map names that is not
// there yet.
static void add_named(struct sunspec_chain *chain, const struct map *map)
{
    add_link(chain, COMMON_ID, 0);
    for (size_t i = 0; i < map->model_count; i++) {
        const struct sunspec_model *model = &map->models[i];
        for (size_t k = count_ids(chain, model); k < model->instance; k++)
            add_link(chain, model->low, 0);
    }
}

// The length that makes every entry at this model of the map fit.
static uint16_t needed_length(const struct map *map, const struct modbus_settings *modbus,
                              size_t model)
{
    uint32_t end = SUNSPEC_HEADER_WORDS + 1;
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->source != SOURCE_WORDS || point->model != model + 1)
            continue;
        uint32_t last = (uint32_t)point->address + point->word_count;
        for (size_t k = 0; k < point->part_count; k++)
            last = point->parts[k] + 1u > last ? point->parts[k] + 1u : last;
        end = last > end ? last : end;
    }
    for (size_t i = 0; i < modbus->block_count; i++) {
        const struct span *block = &modbus->blocks[i];
        uint32_t last = (uint32_t)block->address + block->count;
        if (block->model == model + 1 && last > end)
            end = last;
    }
    return (uint16_t)(end - SUNSPEC_HEADER_WORDS);
}

static void set_lengths(struct sunspec_chain *chain, const struct map *map,
                        const struct modbus_settings *modbus)
{
    struct sunspec_chain numbered = *chain;
    struct sunspec_places places;
    // Who is meant by which model of the map: the links' numbers in place of addresses.
    for (size_t i = 0; i < chain->count; i++)
        numbered.links[i].place = (struct sunspec_place){(uint16_t)i, 1};
    sunspec_find(&numbered, map->models, map->model_count, &places);
    for (size_t i = 0; i < chain->count; i++) {
        bool is_given = chain->links[i].place.length != 0;
        uint16_t length = chain->links[i].id == COMMON_ID ? COMMON_LENGTH : 1;
        for (size_t k = 0; k < map->model_count; k++) {
            uint16_t needed = needed_length(map, modbus, k);
            if (places.items[k].length && places.items[k].address == i && needed > length)
                length = needed;
        }
        if (!is_given)
            chain->links[i].place.length = length;
    }
}

// One after the other behind the marker.
static void set_addresses(struct sunspec_chain *chain)
{
    uint32_t next = (uint32_t)chain->base + SUNSPEC_HEADER_WORDS;
    size_t kept = 0;
    while (kept < chain->count) {
        struct sunspec_place *place = &chain->links[kept].place;
        uint32_t after = next + SUNSPEC_HEADER_WORDS + place->length;
        if (after + SUNSPEC_HEADER_WORDS > ADDRESS_END)
            break;
        place->address = (uint16_t)next;
        next = after;
        kept++;
    }
    chain->count = kept;
}

void chain_make(const struct map *map, const struct modbus_settings *modbus,
                const struct given_chain *given, struct sunspec_chain *ret_chain)
{
    *ret_chain = (struct sunspec_chain){0};
    if (modbus->sunspec_count)
        ret_chain->base = modbus->sunspec[0];
    if (given && given->has_base)
        ret_chain->base = given->base;
    for (size_t i = 0; given && i < given->model_count; i++)
        add_link(ret_chain, given->models[i].id, given->models[i].length);
    if (!given || !given->model_count)
        add_named(ret_chain, map);
    set_lengths(ret_chain, map, modbus);
    set_addresses(ret_chain);
}
