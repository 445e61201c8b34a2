// SPDX-License-Identifier: MIT
// Entries of registers:, telemetry: and properties:, without their formulas.
#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "registers/codec.h"

static const struct {
    const char *name;
    enum section section;
} sections[] = {
    {"registers", SECTION_REGISTERS},
    {"telemetry", SECTION_TELEMETRY},
    {"properties", SECTION_PROPERTIES},
};

// Keys that mean nothing on an entry without an address of its own.
static const struct {
    const char *key;
    bool on_computed;
    bool on_view;
    const char *why; // the entry has ...
} misplaced_keys[] = {
    {"type", true, false, "its formula says it"},
    {"length", true, false, "it has no registers"},
    {"word_order", true, false, "it has no registers"},
    {"byte_order", true, false, "it has no registers"},
    {"invalid", true, false, "it has no registers"},
    {"bits", true, false, "use bits(x, a, b) in the formula"},
    {"scale", true, false, "multiply in the formula"},
    {"sf", true, false, "multiply in the formula"},
    {"offset", true, false, "add in the formula"},
    {"optional", true, true, "it belongs to the entry with the address"},
    {"alone", true, true, "it belongs to the entry with the address"},
    {"unit_id", true, true, "it belongs to the entry with the address"},
    {"access", true, false, "a computed value cannot be written"},
    {"write_function", true, true, "it belongs to the entry with the address"},
    {"wear", true, false, "a computed value cannot be written"},
    {"hold", true, false, "a computed value cannot be written"},
};

static int check_misplaced_keys(struct loader *loader, int index)
{
    const struct point *point = &loader->points[index];
    int result = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(misplaced_keys); i++) {
        const struct node *node =
            layers_find(&loader->entries[index].layers, misplaced_keys[i].key);
        bool misplaced = (point->source == SOURCE_FORMULA && misplaced_keys[i].on_computed) ||
                         (point->source == SOURCE_VIEW && misplaced_keys[i].on_view);
        if (node && misplaced)
            result = diagnostics_error(
                loader->reader.diagnostics, &node->at, "'%s' is %s and cannot have %s: %s",
                point->key, point->source == SOURCE_VIEW ? "a view (from:)" : "computed",
                misplaced_keys[i].key, misplaced_keys[i].why);
    }
    return result;
}

static int add_preset(struct loader *loader, struct entry *entry, const struct node *name,
                      size_t layer)
{
    const struct node *preset = NULL;
    if (fields_expect_scalar(&loader->reader, name, "use") < 0)
        return -1;
    preset = tree_find(loader->presets, name->text);
    if (!preset) {
        struct strbuf text = {0};
        struct suggestion suggestion;
        suggest_start(&suggestion, name->text);
        for (size_t i = 0; loader->presets && i < loader->presets->count; i++)
            suggest_candidate(&suggestion, loader->presets->children[i].key);
        strbuf_printf(&text, "use: there is no preset '%s'", name->text);
        suggest_append(&suggestion, &text);
        (void)diagnostics_error(loader->reader.diagnostics, &name->at, "%s",
                                strbuf_text(&text));
        strbuf_done(&text);
        return -1;
    }
    entry->layers.nodes[layer] = spot_fill(loader, &entry->spot, preset);
    return 0;
}

static int add_presets(struct loader *loader, struct entry *entry)
{
    const struct node *use = tree_find(entry->spot.node, "use");
    if (!use)
        return 0;
    if (use->kind != NODE_SEQUENCE)
        return add_preset(loader, entry, use, 1);
    if (use->count >= MAX_LAYERS)
        return diagnostics_error(loader->reader.diagnostics, &use->at,
                                 "use: at most %d presets", MAX_LAYERS - 1);
    for (size_t i = 0; i < use->count; i++) {
        if (add_preset(loader, entry, use->children[i].value, i + 1) < 0)
            return -1;
    }
    return 0;
}

static int check_length(struct loader *loader, const struct entry *entry,
                        const struct point *point)
{
    const struct node *node = layers_find(&entry->layers, "length");
    bool wanted = codec_type(point->type)->word_count == 0;
    if (wanted && entry->fields.length == 0)
        return diagnostics_error(loader->reader.diagnostics, &entry->spot.at,
                                 "'%s' needs length: how many registers the %s has",
                                 entry->spot.key, codec_type(point->type)->name);
    if (!wanted && entry->fields.length != 0 &&
        entry->fields.length != codec_type(point->type)->word_count)
        return diagnostics_error(
            loader->reader.diagnostics, &node->at, "length: %s always has %d registers",
            codec_type(point->type)->name, codec_type(point->type)->word_count);
    return 0;
}

static int set_type(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    bool is_bit = point->source == SOURCE_WORDS && table_is_bits(point->table);
    if (entry->fields.type == NO_INDEX && !is_bit)
        return diagnostics_error(
            loader->reader.diagnostics, &entry->spot.at,
            "'%s' needs a type: u16, i16, u32, i32, f32, bool, string, ...", entry->spot.key);
    point->type = is_bit && entry->fields.type == NO_INDEX
                      ? TYPE_BOOL
                      : (enum point_type)entry->fields.type;
    if (check_length(loader, entry, point) < 0)
        return -1;
    uint16_t fixed = codec_type(point->type)->word_count;
    point->word_count = fixed ? fixed : (uint16_t)entry->fields.length;
    return 0;
}

// What every source has.
static void set_common(struct loader *loader, int index, enum section section)
{
    const struct entry_fields *fields = &loader->entries[index].fields;
    const struct modbus_settings *modbus = &loader->map.modbus;
    struct point *point = &loader->points[index];
    *point = (struct point){
        .key = loader->entries[index].spot.key,
        .at = loader->entries[index].spot.at,
        .display_name = fields->display_name,
        .description = fields->description,
        .unit = fields->unit,
        .section = section,
        .unit_id = NO_INDEX,
        .from = NO_INDEX,
        .access = fields->access ? (enum access)fields->access : ACCESS_READ,
        .write_function = fields->write_function != WRITE_AUTO
                              ? (enum write_function)fields->write_function
                              : modbus->write_function,
        .word_order = fields->word_order == NO_INDEX ? modbus->word_order
                                                     : (enum order)fields->word_order,
        .byte_order = fields->byte_order == NO_INDEX ? modbus->byte_order
                                                     : (enum order)fields->byte_order,
        .bit_low = NO_INDEX,
        .bit_high = NO_INDEX,
        .scale = {1, 0},
        .offset = fields->offset,
        .sf = NO_INDEX,
        .has_range = fields->range.is_given,
        .range_low = fields->range.low,
        .range_high = fields->range.high,
        .decimals = fields->decimals,
        .publish = (enum publish)fields->publish,
        .every_ms = fields->every_ms,
        .optional = fields->optional,
        .alone = fields->alone,
        .wear = fields->wear,
        .hold = fields->hold,
    };
}

static int read_entry(struct loader *loader, int index, enum section section)
{
    struct entry *entry = &loader->entries[index];
    entry->fields = (struct entry_fields){
        .type = NO_INDEX,
        .word_order = NO_INDEX,
        .byte_order = NO_INDEX,
        .decimals = NO_INDEX,
        .every_ms = EVERY_DEFAULT,
    };
    entry->layers = (struct layers){{entry->spot.node}};
    int result = 0;
    if (entry->spot.node->kind == NODE_MAPPING)
        result = add_presets(loader, entry);
    if (fields_read(&loader->reader, &table_entry, &entry->layers, &entry->fields) < 0)
        result = -1;
    set_common(loader, index, section);
    if (result == 0)
        result = load_address(loader, index);
    if (result == 0)
        result = check_misplaced_keys(loader, index);
    if (result == 0 && loader->points[index].source == SOURCE_WORDS) {
        result = set_type(loader, index);
        if (result == 0)
            result = load_words(loader, index);
    }
    return result;
}

static void add_entry(struct loader *loader, const struct spot *spot)
{
    struct name name = {spot->key, spot->at, NAME_POINT, (int)loader->count};
    if (names_add(&loader->names, &loader->reader, &name) < 0)
        return;
    loader->entries[loader->count++].spot = *spot;
}

// vendor: and model: are properties of the same name unless the map declares them.
static void add_synthetic(struct loader *loader, const char *key, const char *text)
{
    const struct node *node = tree_find(loader->root, key);
    struct arena *arena = loader->reader.arena;
    if (!text || names_find(&loader->names, key))
        return;
    struct node *value = ARENA_NEW(arena, struct node);
    struct node *entry = ARENA_NEW(arena, struct node);
    struct child *child = ARENA_NEW(arena, struct child);
    struct strbuf formula = {0};
    strbuf_add_char(&formula, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_add_char(&formula, '\\');
        strbuf_add_char(&formula, *text);
    }
    strbuf_add_char(&formula, '"');
    *value = (struct node){.kind = NODE_SCALAR,
                           .at = node->at,
                           .text = arena_text(arena, strbuf_text(&formula)),
                           .quoted = true};
    strbuf_done(&formula);
    *child = (struct child){.key = "value", .key_at = node->at, .value = value};
    *entry = (struct node){.kind = NODE_MAPPING, .at = node->at, .children = child, .count = 1};
    struct spot spot = {.key = key, .at = node->at, .node = entry};
    add_entry(loader, &spot);
}

static size_t expand_sections(struct loader *loader, struct spots spots[])
{
    size_t count = 2; // vendor and model
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
        spots[i] =
            spots_expand(loader, tree_find(loader->root, sections[i].name), sections[i].name);
        count += spots[i].count;
    }
    return count;
}

static void check_presets(struct loader *loader)
{
    if (!loader->presets ||
        fields_expect_mapping(&loader->reader, loader->presets, "presets") < 0) {
        loader->presets = NULL;
        return;
    }
    for (size_t i = 0; i < loader->presets->count; i++)
        (void)fields_check_keys(&loader->reader, &table_entry,
                                loader->presets->children[i].value);
}

void load_points(struct loader *loader)
{
    struct spots spots[ARRAY_LENGTH(sections)];
    size_t ends[ARRAY_LENGTH(sections)];
    check_presets(loader);
    size_t capacity = expand_sections(loader, spots);
    loader->entries = ARENA_NEW_ARRAY(loader->reader.arena, capacity, struct entry);
    loader->points = ARENA_NEW_ARRAY(loader->reader.arena, capacity, struct point);
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
        for (size_t k = 0; k < spots[i].count; k++)
            add_entry(loader, &spots[i].items[k]);
        ends[i] = loader->count;
    }
    add_synthetic(loader, "vendor", loader->map.vendor);
    add_synthetic(loader, "model", loader->map.model);
    ends[ARRAY_LENGTH(sections) - 1] = loader->count; // properties are the last section
    for (size_t i = 0, k = 0; i < ARRAY_LENGTH(sections); i++) {
        for (; k < ends[i]; k++) {
            loader->entries[k].is_broken = read_entry(loader, (int)k, sections[i].section) < 0;
            if (loader->entries[k].is_broken)
                loader->points[k].word_count = 0; // where they are is not known
        }
    }
}
