// SPDX-License-Identifier: MIT
// Addresses, plain or in a SunSpec model, and the models a map names.
#include <string.h>

#include "config/load.h"
#include "registers/sunspec.h"

int load_sunspec(struct loader *loader, const struct node *node)
{
    struct modbus_settings *modbus = &loader->map.modbus;
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (!node)
        return 0;
    if (fields_expect_list(&loader->reader, node, "sunspec") < 0)
        return -1;
    if (node->count == 0 || node->count > MAX_SUNSPEC_BASES)
        return diagnostics_error(diagnostics, &node->at,
                                 "sunspec: expected 1 to %d addresses, such as [40000, 50000, "
                                 "0]",
                                 MAX_SUNSPEC_BASES);
    if (modbus->max_registers < SUNSPEC_READ_COUNT)
        return diagnostics_error(diagnostics, &node->at,
                                 "sunspec: walking the chain needs max_registers of at least "
                                 "%d",
                                 SUNSPEC_READ_COUNT);
    uint16_t *bases = ARENA_NEW_ARRAY(loader->reader.arena, node->count, uint16_t);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *item = node->children[i].value;
        int64_t base = 0;
        if (field_read_int(&loader->reader, item, "sunspec", &base) < 0)
            return -1;
        if (base < 0 || base > UINT16_MAX - 1)
            return diagnostics_error(diagnostics, &item->at,
                                     "sunspec: the marker is at a PDU address from 0 to %d, "
                                     "not %lld",
                                     UINT16_MAX - 1, (long long)base);
        bases[i] = (uint16_t)base;
    }
    modbus->sunspec = bases;
    modbus->sunspec_count = node->count;
    return 0;
}

static bool is_same(const struct sunspec_model *a, const struct sunspec_model *b)
{
    return a->low == b->low && a->high == b->high && a->instance == b->instance;
}

int load_model(struct loader *loader, const struct sunspec_model *model, struct error *err)
{
    struct map *map = &loader->map;
    if (!map->modbus.sunspec_count) {
        // Written, but refused: that was said already.
        if (tree_find(tree_find(loader->root, "modbus"), "sunspec"))
            loader->is_quiet = true;
        return error_set(err, ERROR_CONFIG,
                         "model() needs modbus: {sunspec: [40000, 50000, 0]}: where the chain "
                         "of models may begin");
    }
    for (size_t i = 0; i < map->model_count; i++) {
        if (is_same(&loader->models[i], model))
            return (int)i + 1;
    }
    if (map->model_count == MAX_SUNSPEC_MODELS)
        return error_set(err, ERROR_CONFIG, "a map names at most %d SunSpec models",
                         MAX_SUNSPEC_MODELS);
    if (!loader->models)
        loader->models =
            ARENA_NEW_ARRAY(loader->reader.arena, MAX_SUNSPEC_MODELS, struct sunspec_model);
    map->models = loader->models;
    loader->models[map->model_count++] = *model;
    return (int)map->model_count;
}

// An address in a model counts as the model's own table does, whatever addressing: says.
static int set_in_model(struct loader *loader, const struct node *node, enum table table,
                        int64_t offset, struct written_address *ret_place)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (table != TABLE_HOLDING)
        return diagnostics_error(diagnostics, &node->at,
                                 "%s: SunSpec models are holding registers",
                                 table_names[table]);
    if (offset < 0 || offset > UINT16_MAX)
        return diagnostics_error(diagnostics, &node->at,
                                 "%s: %lld is no register of a model: 0 is its id, 1 its "
                                 "length, 2 and more its points",
                                 table_names[table], (long long)offset);
    ret_place->address = (uint16_t)offset;
    return 0;
}

int load_place(struct loader *loader, const struct spot *spot, const struct node *node,
               enum table table, struct written_address *ret_place)
{
    struct scope scope = {.loader = loader,
                          .spot = spot,
                          .owner = NO_INDEX,
                          .constants_only = true,
                          .model_is_address = true};
    const struct formula *formula = NULL;
    struct error err;
    int64_t written = 0;
    int model = SUNSPEC_NONE;
    *ret_place = (struct written_address){0};
    if (fields_expect_scalar(&loader->reader, node, table_names[table]) < 0)
        return -1;
    if (num_parse_int(node->text, &written))
        return load_pdu_address(loader, node, table, written, &ret_place->address);
    if (explain_number(node->text))
        return field_read_int(&loader->reader, node, table_names[table], &written);
    if (load_formula(&scope, node, table_names[table], FORMULA_NUMBER, &formula) < 0)
        return -1;
    if (formula_constant_value(formula))
        return load_whole(loader, node, table_names[table], formula, &written) < 0
                   ? -1
                   : load_pdu_address(loader, node, table, written, &ret_place->address);
    if (formula_split_address(formula, &model, &written, &err) < 0)
        return diagnostics_error(loader->reader.diagnostics, &node->at, "%s: %s",
                                 table_names[table], err.text);
    ret_place->model = (uint8_t)model;
    return set_in_model(loader, node, table, written, ret_place);
}

// Where the ".." of a range is that is not one of ids in parentheses; the end when there is
// none.
static size_t find_points(const char *text)
{
    int depth = 0;
    size_t at = 0;
    for (; text[at]; at++) {
        if (text[at] == '(')
            depth++;
        if (text[at] == ')')
            depth--;
        if (depth == 0 && strncmp(text + at, "..", 2) == 0)
            break;
    }
    return at;
}

static int load_end(struct loader *loader, const struct node *range, size_t from, size_t to,
                    enum table table, struct written_address *ret_place)
{
    struct node end = *range;
    end.text = arena_copy(loader->reader.arena, range->text + from, to - from);
    end.at = tree_place_in(range, from);
    return load_place(loader, NULL, &end, table, ret_place);
}

int load_place_range(struct loader *loader, const struct node *node, const char *name,
                     enum table table, struct span *ret_span)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    struct written_address first;
    struct written_address last;
    if (fields_expect_scalar(&loader->reader, node, name) < 0)
        return -1;
    size_t end = strlen(node->text);
    size_t points = find_points(node->text);
    if (load_end(loader, node, 0, points, table, &first) < 0)
        return -1;
    last = first;
    if (points < end && load_end(loader, node, points + 2, end, table, &last) < 0)
        return -1;
    if (first.model != last.model)
        return diagnostics_error(diagnostics, &node->at,
                                 "%s: both ends of a range are in one SunSpec model", name);
    if (first.address > last.address)
        return diagnostics_error(diagnostics, &node->at, "%s: the range %s runs backwards",
                                 name, node->text);
    if (last.address - first.address == UINT16_MAX)
        return diagnostics_error(diagnostics, &node->at, "%s: the whole table is no range",
                                 name);
    *ret_span = (struct span){table, first.address,
                              (uint16_t)(last.address - first.address + 1), first.model};
    return 0;
}
