// SPDX-License-Identifier: MIT
#include "sim/entries.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct entries {
    struct bank *bank;
    struct image *image;
    uint64_t revision; // of the bank when the image was made
    bool is_made;
};

// The image never ages: all its words are from this moment, and so is every question.
enum { NOW_MS = 0 };

struct entries *entries_new(struct bank *bank, const struct modbus_settings *modbus)
{
    struct entries *entries = mem_new(1, sizeof *entries);
    entries->bank = bank;
    entries->image = image_new(bank_map(bank), modbus);
    return entries;
}

void entries_free(struct entries *entries)
{
    if (!entries)
        return;
    image_free(entries->image);
    free(entries);
}

struct bank *entries_bank(const struct entries *entries)
{
    return entries->bank;
}

static void store_point(struct entries *entries, const struct point *point, uint16_t index)
{
    uint16_t words[MAX_POINT_WORDS] = {0};
    bank_get_point(entries->bank, point, words);
    struct block block = {
        .table = point->table,
        .unit_id = point->unit_id,
        .model = point->model,
        .address = point->address,
        .count = point->word_count,
        .points = &index,
        .point_count = 1,
    };
    if (!point->part_count) {
        image_store(entries->image, &block, words, NOW_MS);
        return;
    }
    // Twice, so that they are seen not to change in between.
    block.count = 1;
    for (int i = 0; i < 2 * point->part_count; i++) {
        block.address = point->parts[i % point->part_count];
        image_store(entries->image, &block, &words[i % point->part_count], NOW_MS);
    }
}

static const struct image *present_image(struct entries *entries)
{
    if (entries->is_made && entries->revision == bank_revision(entries->bank))
        return entries->image;
    const struct map *map = bank_map(entries->bank);
    image_set_models(entries->image, bank_models(entries->bank));
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].source == SOURCE_WORDS)
            store_point(entries, &map->points[i], (uint16_t)i);
    }
    entries->revision = bank_revision(entries->bank);
    entries->is_made = true;
    return entries->image;
}

struct value entries_value(struct entries *entries, int point, struct image_space *space)
{
    return image_value(present_image(entries), point, NOW_MS, space);
}

struct value entries_evaluate(struct entries *entries, const struct formula *formula,
                              struct image_space *space)
{
    return image_evaluate(present_image(entries), formula, NULL, NOW_MS, space);
}

bool entries_holds(struct entries *entries, const struct formula *condition)
{
    struct image_space space = {0};
    struct value value = entries_evaluate(entries, condition, &space);
    return value.kind == VALUE_BOOLEAN && value.boolean;
}

// The number before a scale that is itself a formula.
static int unscale_by_formula(struct entries *entries, const struct point *point,
                              const struct value *value, struct value *ret_raw,
                              struct error *err)
{
    struct image_space space = {0};
    struct value factor = entries_evaluate(entries, point->scale_formula, &space);
    if (!value_is_number(&factor) || value_number(&factor) == 0 || !value_is_number(value))
        return error_set(err, ERROR_FAILED, "%s: its scale is not a number other than 0 now",
                         point->key);
    double number = value_number(value) / value_number(&factor);
    bool is_integer = codec_type(point->type)->is_integer;
    if (is_integer && fabs(number) < 9e18)
        *ret_raw = value_integer((int128)llround(number));
    else
        *ret_raw = value_real(number, DECIMALS_SHORTEST);
    return 0;
}

// The words that mean "no value".
static int set_absent(struct entries *entries, int index, struct error *err)
{
    const struct point *point = &bank_map(entries->bank)->points[index];
    uint64_t pattern = 0x7FC00000; // a quiet NaN, IEEE 754 section 6.2.1
    uint16_t words[MAX_POINT_WORDS] = {0};
    struct point bare = *point;
    if (point->invalid_count)
        pattern = point->invalid[0];
    else if (point->type == TYPE_F64)
        pattern = 0x7FF8000000000000;
    else if (point->type != TYPE_F32)
        return error_set(err, ERROR_FAILED,
                         "%s: its map names no pattern that means \"no value\"", point->key);
    static const enum point_type types[] = {TYPE_U16, TYPE_U16, TYPE_U32, TYPE_U64, TYPE_U64};
    uint16_t size = codec_type(point->type)->word_count;
    bare.type = size < ARRAY_LENGTH(types) ? types[size] : TYPE_U16;
    bare.bit_low = NO_INDEX;
    bare.bit_high = NO_INDEX;
    struct value raw = value_integer((int128)pattern);
    if (codec_encode_raw(&bare, &raw, words, err))
        return -1;
    bank_set_point(entries->bank, point, words);
    return 0;
}

static int power_of(struct entries *entries, const struct point *point, int *ret_power,
                    struct error *err)
{
    *ret_power = 0;
    if (point->sf == NO_INDEX)
        return 0;
    struct image_space space = {0};
    struct value power = entries_value(entries, point->sf, &space);
    if (power.kind != VALUE_INTEGER || power.integer < -10 || power.integer > 10)
        return error_set(err, ERROR_FAILED, "%s: its scale factor %s is not within -10..10",
                         point->key, bank_map(entries->bank)->points[point->sf].key);
    *ret_power = (int)power.integer;
    return 0;
}

int entries_set(struct entries *entries, int index, const struct value *value,
                struct error *err)
{
    const struct point *point = &bank_map(entries->bank)->points[index];
    struct value raw = value_unknown();
    int power = 0;
    if (value->kind == VALUE_ABSENT && point->source != SOURCE_FORMULA)
        return set_absent(entries, index, err);
    if (point->source == SOURCE_FORMULA)
        return error_set(err, ERROR_FAILED,
                         "%s is computed: set the entries that it is made from", point->key);
    if (point->formula)
        return error_set(err, ERROR_FAILED,
                         "%s: a formula makes its value: give its words by address instead",
                         point->key);
    if (point->scale_formula) {
        if (unscale_by_formula(entries, point, value, &raw, err))
            return -1;
        return entries_set_raw(entries, index, &raw, err);
    }
    if (power_of(entries, point, &power, err) || codec_unscale(point, value, power, &raw, err))
        return -1;
    return entries_set_raw(entries, index, &raw, err);
}

int entries_set_raw(struct entries *entries, int index, const struct value *raw,
                    struct error *err)
{
    const struct point *point = &bank_map(entries->bank)->points[index];
    uint16_t words[MAX_POINT_WORDS] = {0};
    bank_get_point(entries->bank, point, words);
    if (codec_encode_raw(point, raw, words, err))
        return -1;
    bank_set_point(entries->bank, point, words);
    return 0;
}
