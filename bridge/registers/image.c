// SPDX-License-Identifier: MIT
#include "registers/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "registers/apart.h"
#include "registers/sunspec.h"

enum {
    NEVER = APART_NEVER,
    STALE_ON_NEED_MS = 60 * 1000, // what a command read is good for one command
    STALE_FAST_MS = 30 * 1000,    // every: 0s has no period of its own
};

// The last words of one entry.
struct cell {
    uint32_t offset;  // into image->words
    uint32_t parts;   // into image->parts, where its words lie apart
    int64_t read_ms;  // ... where they do not
    enum fault fault; // of the last try
    uint8_t exception;
    bool not_fitted;
};

struct image {
    const struct map *map;
    const struct modbus_settings *modbus;
    struct cell *cells; // one per entry of the map
    uint16_t *words;
    struct apart *parts;
    uint64_t stores; // so far
    int64_t wall_ms; // what now.* means
    bool knows_models;
    struct sunspec_places places;
};

// What an evaluation needs to find the values of names.
struct view {
    const struct image *image;
    const struct value *arguments;
    int64_t now_ms;
    struct image_space *space;
    const struct point *given; // an entry with words, whose words are `words`; or NULL
    const uint16_t *words;
};

struct image *image_new(const struct map *map, const struct modbus_settings *modbus)
{
    struct image *image = mem_new(1, sizeof *image);
    image->map = map;
    image->modbus = modbus;
    image->cells = mem_new(map->point_count, sizeof *image->cells);
    uint32_t words = 0;
    uint32_t parts = 0;
    for (size_t i = 0; i < map->point_count; i++) {
        image->cells[i].offset = words;
        image->cells[i].parts = parts;
        if (map->points[i].source != SOURCE_WORDS)
            continue;
        words += map->points[i].word_count;
        parts += map->points[i].part_count;
    }
    image->words = mem_new(words, sizeof *image->words);
    image->parts = mem_new(parts, sizeof *image->parts);
    image_forget(image);
    return image;
}

void image_free(struct image *image)
{
    if (!image)
        return;
    free(image->cells);
    free(image->words);
    free(image->parts);
    free(image);
}

static struct apart *parts_of(const struct image *image, size_t index)
{
    return &image->parts[image->cells[index].parts];
}

static void forget_words(struct image *image, size_t index)
{
    const struct point *point = &image->map->points[index];
    image->cells[index].read_ms = NEVER;
    for (size_t i = 0; point->source == SOURCE_WORDS && i < point->part_count; i++)
        parts_of(image, index)[i].read_ms = NEVER;
}

void image_forget(struct image *image)
{
    image->knows_models = false;
    for (size_t i = 0; i < image->map->point_count; i++) {
        struct cell *cell = &image->cells[i];
        forget_words(image, i);
        cell->fault = FAULT_NONE;
        cell->exception = 0;
        cell->not_fitted = false;
    }
}

void image_set_models(struct image *image, const struct sunspec_places *places)
{
    image->knows_models = places != NULL;
    if (places)
        image->places = *places;
}

const struct sunspec_places *image_models(const struct image *image)
{
    return image->knows_models ? &image->places : NULL;
}

const struct map *image_map(const struct image *image)
{
    return image->map;
}

// The registers of a model with those of its header; 0 when it is not there or not known.
static uint32_t model_size(const struct image *image, uint8_t model)
{
    if (!image->knows_models || model > image->places.count)
        return 0;
    uint16_t length = image->places.items[model - 1].length;
    return length ? (uint32_t)length + SUNSPEC_HEADER_WORDS : 0;
}

bool image_place(const struct image *image, const struct block *block, uint16_t *ret_address,
                 uint16_t *ret_count)
{
    *ret_address = block->address;
    *ret_count = block->count;
    if (block->model == SUNSPEC_NONE)
        return true;
    uint32_t size = model_size(image, block->model);
    if (block->address >= size)
        return false;
    if (*ret_count > size - block->address)
        *ret_count = (uint16_t)(size - block->address);
    *ret_address = (uint16_t)(image->places.items[block->model - 1].address + block->address);
    return true;
}

// Whether all registers of an entry in a model are within it.
static bool is_in_model(const struct image *image, const struct point *point)
{
    uint32_t end = (uint32_t)point->address + point->word_count;
    for (size_t i = 0; i < point->part_count; i++) {
        if (i == 0 || point->parts[i] + 1u > end)
            end = point->parts[i] + 1u;
    }
    return end <= model_size(image, point->model);
}

bool image_lacks(const struct image *image, const struct point *point)
{
    return point->model != SUNSPEC_NONE && image->knows_models && !is_in_model(image, point);
}

void image_name_place(const struct image *image, enum table table, uint8_t model,
                      uint16_t address, char *ret_text, size_t size)
{
    char name[40];
    char known[16] = "";
    if (model == SUNSPEC_NONE) {
        (void)snprintf(ret_text, size, "%s %u", table_names[table], address);
        return;
    }
    sunspec_name(&image->map->models[model - 1], name, sizeof name);
    if (model_size(image, model))
        (void)snprintf(known, sizeof known,
                       "%u = ", (unsigned)image->places.items[model - 1].address + address);
    (void)snprintf(ret_text, size, "%s %s%s + %u", table_names[table], known, name, address);
}

static uint16_t word_at(const struct block *block, const uint16_t *words, int offset)
{
    if (table_is_bits(block->table))
        return (words[offset / 16] >> (offset % 16)) & 1;
    return words[offset];
}

// `count`: how many words came.
static void store_point(struct image *image, const struct block *block, uint16_t count,
                        uint16_t index, const uint16_t *words, int64_t now_ms)
{
    const struct point *point = &image->map->points[index];
    struct cell *cell = &image->cells[index];
    for (int i = 0; i < point->word_count; i++) {
        int address = point->part_count ? point->parts[i] : point->address + i;
        int offset = address - block->address;
        if (offset < 0 || offset >= count)
            continue;
        uint16_t *word = &image->words[cell->offset + (uint32_t)i];
        uint16_t now_holds = word_at(block, words, offset);
        if (point->part_count) {
            apart_store(&parts_of(image, index)[i], word, now_holds, image->stores, now_ms);
        } else {
            *word = now_holds;
            cell->read_ms = now_ms;
        }
    }
    cell->fault = FAULT_NONE;
    cell->exception = 0;
    cell->not_fitted = false;
}

void image_store(struct image *image, const struct block *block, const uint16_t *words,
                 int64_t now_ms)
{
    uint16_t address = 0;
    uint16_t count = 0;
    if (!image_place(image, block, &address, &count))
        return;
    image->stores++;
    for (size_t i = 0; i < block->point_count; i++)
        store_point(image, block, count, block->points[i], words, now_ms);
}

// Exceptions that mean "there is no such thing here" for an optional entry (docs/maps.md).
static bool means_not_fitted(uint8_t exception)
{
    return (exception >= 1 && exception <= 4) || exception == 10 || exception == 11;
}

void image_fail(struct image *image, const struct block *block, enum fault fault,
                uint8_t exception, int64_t now_ms)
{
    (void)now_ms;
    for (size_t i = 0; i < block->point_count; i++) {
        struct cell *cell = &image->cells[block->points[i]];
        cell->fault = fault;
        cell->exception = exception;
        if (fault != FAULT_EXCEPTION)
            continue;
        cell->not_fitted = block->optional && means_not_fitted(exception);
        forget_words(image, block->points[i]);
    }
}

// When the oldest of an entry's words came; NEVER when it has no value.
static int64_t cell_time(const struct image *image, const struct point *point)
{
    size_t index = (size_t)map_index(image->map, point);
    if (point->part_count)
        return apart_time(parts_of(image, index), point->part_count);
    return image->cells[index].read_ms;
}

static bool is_fresh(const struct image *image, const struct point *point, int64_t now_ms)
{
    int64_t read_ms = cell_time(image, point);
    if (read_ms == NEVER)
        return false;
    // No age makes it stale, but a new connection on which it could not be read.
    if (point->every_ms == EVERY_CONNECT)
        return image->cells[map_index(image->map, point)].fault == FAULT_NONE;
    int64_t limit = 2 * point->every_ms + image->modbus->timeout_ms;
    if (point->every_ms == EVERY_NEED)
        limit = STALE_ON_NEED_MS;
    else if (point->every_ms == 0)
        limit = STALE_FAST_MS;
    return now_ms - read_ms <= limit;
}

const uint16_t *image_words(const struct image *image, int point)
{
    const struct point *source = map_words_of(image->map, &image->map->points[point]);
    if (!source || cell_time(image, source) == NEVER)
        return NULL;
    return &image->words[image->cells[map_index(image->map, source)].offset];
}

static struct value view_value(const struct view *view, int index);

static struct value read_point(void *context, int index, bool raw)
{
    struct view *view = context;
    if (raw)
        return image_raw(view->image, index, view->now_ms, view->space);
    return view_value(view, index);
}

static struct value read_argument(void *context, int index)
{
    const struct view *view = context;
    return view->arguments ? view->arguments[index] : value_unknown();
}

static struct value read_model(void *context, int model)
{
    const struct view *view = context;
    if (!view->image->knows_models)
        return value_unknown();
    return value_boolean(model_size(view->image, (uint8_t)model) > 0);
}

static struct value view_evaluate(const struct view *view, const struct formula *formula,
                                  const struct value *raw)
{
    struct view own = *view;
    struct formula_inputs inputs = {
        .context = &own,
        .point = read_point,
        .argument = read_argument,
        .model = read_model,
        .raw = raw,
        .wall_ms = view->image->wall_ms,
    };
    return formula_evaluate(formula, &inputs, &view->space->formula);
}

// A condition's verdict: known true, or the reason why the value is not there.
static struct value view_condition(const struct view *view, const struct formula *when)
{
    if (!when)
        return value_boolean(true);
    struct value value = view_evaluate(view, when, NULL);
    if (value.kind == VALUE_BOOLEAN && !value.boolean)
        return value_absent();
    return value;
}

// Decodes the entry's own words with its own type and bits.
static struct value view_raw(const struct view *view, const struct point *point)
{
    const struct image *image = view->image;
    const struct point *source = map_words_of(image->map, point);
    if (source == view->given)
        return codec_decode_raw(point, view->words, &view->space->codec);
    if (source->model != SUNSPEC_NONE && !image->knows_models)
        return value_unknown();
    if (image_lacks(image, source))
        return value_absent();
    struct value condition = view_condition(view, source->when);
    if (!value_is_known(&condition))
        return condition;
    const struct cell *cell = &image->cells[map_index(image->map, source)];
    if (cell->not_fitted)
        return value_absent();
    if (!is_fresh(image, source, view->now_ms))
        return value_unknown();
    return codec_decode_raw(point, &image->words[cell->offset], &view->space->codec);
}

// NOLINTBEGIN(misc-no-recursion): entries name each other without cycles (checked at load), so
// the depth is bounded by the map.

// What the words mean: sf, scale formula, value formula or plain scale and offset.
static struct value view_scaled(const struct view *view, const struct point *point)
{
    struct value raw = view_raw(view, point);
    if (!value_is_known(&raw))
        return raw;
    if (point->formula) {
        struct value made = view_evaluate(view, point->formula, &raw);
        return codec_finish(point, &made);
    }
    if (point->scale_formula) {
        struct value factor = view_evaluate(view, point->scale_formula, &raw);
        return value_is_known(&factor) ? codec_scale_by(point, &raw, &factor) : factor;
    }
    if (point->sf == NO_INDEX)
        return codec_scale(point, &raw, 0);
    struct value power = view_value(view, point->sf);
    if (!value_is_known(&power))
        return power;
    if (power.kind != VALUE_INTEGER || power.integer < -10 || power.integer > 10)
        return value_unknown();
    return codec_scale(point, &raw, (int)power.integer);
}

static struct value view_value(const struct view *view, int index)
{
    const struct point *point = &view->image->map->points[index];
    struct value condition = view_condition(view, point->when);
    if (!value_is_known(&condition))
        return condition;
    if (point->source != SOURCE_FORMULA)
        return view_scaled(view, point);
    struct value made = view_evaluate(view, point->formula, NULL);
    return codec_finish(point, &made);
}
// NOLINTEND(misc-no-recursion)

struct value image_value(const struct image *image, int point, int64_t now_ms,
                         struct image_space *space)
{
    struct view view = {.image = image, .now_ms = now_ms, .space = space};
    return view_value(&view, point);
}

struct value image_value_of_words(const struct image *image, int point, const uint16_t *words,
                                  int64_t now_ms, struct image_space *space)
{
    const struct point *given = map_words_of(image->map, &image->map->points[point]);
    struct view view = {
        .image = image, .now_ms = now_ms, .space = space, .given = given, .words = words};
    return view_value(&view, point);
}

struct value image_raw(const struct image *image, int point, int64_t now_ms,
                       struct image_space *space)
{
    struct view view = {.image = image, .now_ms = now_ms, .space = space};
    if (image->map->points[point].source == SOURCE_FORMULA)
        return view_value(&view, point);
    return view_raw(&view, &image->map->points[point]);
}

struct newest {
    const struct image *image;
    int64_t time_ms;
};

static void keep_newest(void *context, int point)
{
    struct newest *newest = context;
    int64_t time_ms = image_time(newest->image, point);
    if (time_ms > newest->time_ms)
        newest->time_ms = time_ms;
}

// NOLINTNEXTLINE(misc-no-recursion): as view_value
int64_t image_time(const struct image *image, int point)
{
    const struct point *entry = &image->map->points[point];
    const struct point *source = map_words_of(image->map, entry);
    if (source)
        return cell_time(image, source);
    struct newest newest = {image, 0};
    formula_each_point(entry->formula, keep_newest, &newest);
    return newest.time_ms;
}

enum fault image_fault(const struct image *image, int point, uint8_t *ret_exception)
{
    const struct point *source = map_words_of(image->map, &image->map->points[point]);
    *ret_exception = 0;
    if (!source)
        return FAULT_NONE;
    const struct cell *cell = &image->cells[map_index(image->map, source)];
    *ret_exception = cell->exception;
    return cell->not_fitted ? FAULT_NONE : cell->fault;
}

bool image_wants(const struct image *image, const struct block *block, int64_t now_ms)
{
    uint16_t address = 0;
    uint16_t count = 0;
    if (!image_place(image, block, &address, &count))
        return false;
    if (!block->when)
        return true;
    struct image_space space = {0};
    struct value value = image_evaluate(image, block->when, NULL, now_ms, &space);
    return value.kind == VALUE_BOOLEAN && value.boolean;
}

void image_set_wall(struct image *image, int64_t wall_ms)
{
    image->wall_ms = wall_ms;
}

struct value image_evaluate(const struct image *image, const struct formula *formula,
                            const struct value *arguments, int64_t now_ms,
                            struct image_space *space)
{
    struct view view = {
        .image = image, .arguments = arguments, .now_ms = now_ms, .space = space};
    return view_evaluate(&view, formula, NULL);
}
