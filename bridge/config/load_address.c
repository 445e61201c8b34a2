// SPDX-License-Identifier: MIT
// Where an entry's words are.
#include "config/load.h"
#include "registers/codec.h"

// The one table an entry has an address in; TABLE_COUNT for none or, after a finding, several.
static enum table find_table(struct loader *loader, const struct entry *entry)
{
    enum table found = TABLE_COUNT;
    for (int i = 0; i < TABLE_COUNT; i++) {
        const struct node *node = entry->fields.tables[i];
        if (!node)
            continue;
        if (found != TABLE_COUNT) {
            (void)diagnostics_error(loader->reader.diagnostics, &node->at,
                                    "'%s' has both %s and %s: one entry is one value",
                                    entry->spot.key, table_names[found], table_names[i]);
            return TABLE_COUNT;
        }
        found = (enum table)i;
    }
    return found;
}

static int read_address(struct loader *loader, int index, const struct node *node,
                        struct written_address *ret_place)
{
    return load_place(loader, &loader->entries[index].spot, node, loader->points[index].table,
                      ret_place);
}

// Words that lie apart: one address each.
static int read_parts(struct loader *loader, int index, const struct node *node)
{
    struct point *point = &loader->points[index];
    if (node->count != point->word_count || node->count > MAX_PARTS)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "%s: %s is made of %d words, here are %zu addresses",
                                 table_names[point->table], codec_type(point->type)->name,
                                 point->word_count, node->count);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *part = node->children[i].value;
        struct written_address place;
        if (read_address(loader, index, part, &place) < 0)
            return -1;
        if (i > 0 && place.model != point->model)
            return diagnostics_error(loader->reader.diagnostics, &part->at,
                                     "%s: the words of one value are in one SunSpec model",
                                     table_names[point->table]);
        point->model = place.model;
        point->parts[i] = place.address;
    }
    point->address = point->parts[0];
    point->part_count = node->count > 1 ? (uint8_t)node->count : 0;
    return 0;
}

static int read_words(struct loader *loader, int index, const struct node *node)
{
    struct point *point = &loader->points[index];
    const struct modbus_settings *modbus = &loader->map.modbus;
    if (node->kind == NODE_SEQUENCE)
        return read_parts(loader, index, node);
    struct written_address place;
    if (read_address(loader, index, node, &place) < 0)
        return -1;
    point->model = place.model;
    point->address = place.address;
    if (point->address + point->word_count > UINT16_MAX + 1)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "%s: %d registers from this address reach beyond the last one",
                                 table_names[point->table], point->word_count);
    if (!table_is_bits(point->table) && point->word_count > modbus->max_registers)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "%s: %d registers are more than one request of this device "
                                 "holds (max_registers: %d)",
                                 table_names[point->table], point->word_count,
                                 modbus->max_registers);
    return 0;
}

static int read_unit_id(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    const struct node *node = entry->fields.unit_id;
    int64_t unit_id = 0;
    loader->points[index].unit_id = NO_INDEX;
    if (!node)
        return 0;
    if (load_constant(loader, &entry->spot, node, "unit_id", &unit_id) < 0)
        return -1;
    if (unit_id < 1 || unit_id > 255)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "unit_id: %lld is outside 1 to 255%s", (long long)unit_id,
                                 unit_id == 0 ? " (0 is the broadcast address)" : "");
    loader->points[index].unit_id = (int)unit_id;
    return 0;
}

// The chain that is walked is the device's own.
static int check_model_unit(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    const struct point *point = &loader->points[index];
    if (point->model == SUNSPEC_NONE || point->unit_id == NO_INDEX)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &entry->fields.unit_id->at,
                             "unit_id: model() is about the chain of the device itself: make "
                             "the other unit a device of its own");
}

static int check_bit_table(struct loader *loader, int index)
{
    const struct point *point = &loader->points[index];
    const struct entry *entry = &loader->entries[index];
    if (table_is_bits(point->table) && point->type != TYPE_BOOL)
        return diagnostics_error(loader->reader.diagnostics,
                                 &layers_find(&entry->layers, "type")->at,
                                 "type: a %s is a single bit: type: bool, or leave it out",
                                 table_names[point->table]);
    return 0;
}

int load_address(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    size_t errors = loader->reader.diagnostics->error_count;
    enum table table = find_table(loader, entry);
    const struct node *from = entry->fields.from;
    if (loader->reader.diagnostics->error_count > errors)
        return -1;
    if (table == TABLE_COUNT && !from && !entry->fields.value)
        return diagnostics_error(loader->reader.diagnostics, &entry->spot.at,
                                 "'%s' has no source: give an address (holding, input, coil or "
                                 "discrete), from: or value:",
                                 entry->spot.key);
    if (table != TABLE_COUNT && from)
        return diagnostics_error(loader->reader.diagnostics, &from->at,
                                 "'%s' has both %s and from: one of them", entry->spot.key,
                                 table_names[table]);
    point->from = NO_INDEX;
    point->source = from ? SOURCE_VIEW : table == TABLE_COUNT ? SOURCE_FORMULA : SOURCE_WORDS;
    if (point->source != SOURCE_WORDS)
        return 0;
    point->table = table;
    return 0;
}

int load_words(struct loader *loader, int index)
{
    const struct point *point = &loader->points[index];
    int result = read_unit_id(loader, index);
    if (check_bit_table(loader, index) < 0 ||
        read_words(loader, index, loader->entries[index].fields.tables[point->table]) < 0 ||
        check_model_unit(loader, index) < 0)
        result = -1;
    return result;
}
