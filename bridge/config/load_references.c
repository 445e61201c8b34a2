// SPDX-License-Identifier: MIT
// What an entry takes from others (from:, sf:), and what its type allows: needs all addresses
// and types, and comes before all formulas.
#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "registers/codec.h"

int load_reference(struct loader *loader, const struct node *node, const char *name)
{
    const struct name *row = names_find(&loader->names, node->text);
    if (row && row->kind == NAME_POINT)
        return row->index;
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < loader->count; i++)
        suggest_candidate(&suggestion, loader->points[i].key ? loader->points[i].key
                                                             : loader->entries[i].spot.key);
    strbuf_printf(&text,
                  row ? "%s: '%s' is a parameter, not an entry" : "%s: there is no entry '%s'",
                  name, node->text);
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(loader->reader.diagnostics, &node->at, "%s", strbuf_text(&text));
    strbuf_done(&text);
    return NO_INDEX;
}

// Keys that need a certain kind of type.
static const struct {
    const char *key;
    bool on_bool; // besides numbers
} numeric_keys[] = {
    {"bits", true},   {"scale", false}, {"sf", false},       {"offset", false},
    {"range", false}, {"enum", true},   {"decimals", false},
};

static int check_numeric_keys(struct loader *loader, int index)
{
    const struct point *point = &loader->points[index];
    int result = 0;
    if (codec_type(point->type)->is_number || loader->entries[index].fields.value)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(numeric_keys); i++) {
        const struct node *node =
            layers_find(&loader->entries[index].layers, numeric_keys[i].key);
        if (node && !(numeric_keys[i].on_bool && point->type == TYPE_BOOL))
            result = diagnostics_error(loader->reader.diagnostics, &node->at,
                                       "%s: '%s' is of type %s, which is no number",
                                       numeric_keys[i].key, point->key,
                                       codec_type(point->type)->name);
    }
    return result;
}

static int set_bits(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    const struct codes *bits = &entry->fields.bits;
    int width = 16 * point->word_count;
    if (!bits->is_given)
        return 0;
    const struct node *node = layers_find(&entry->layers, "bits");
    if (!codec_type(point->type)->is_integer && point->type != TYPE_BOOL)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "bits: '%s' is of type %s, which has no bits of its own",
                                 point->key, codec_type(point->type)->name);
    if (table_is_bits(point->table))
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "bits: a %s is a single bit", table_names[point->table]);
    if (bits->low < 0 || bits->high >= width)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "bits: the bits of %s are 0 (lowest) to %d",
                                 codec_type(point->type)->name, width - 1);
    point->bit_low = (int8_t)bits->low;
    point->bit_high = (int8_t)bits->high;
    return 0;
}

static int report_scale(struct loader *loader, const struct node *node, const char *why)
{
    return diagnostics_error(loader->reader.diagnostics, &node->at, "scale: %s", why);
}

static int set_scale(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    const struct node *node = entry->fields.scale;
    if (node && entry->fields.sf)
        return report_scale(loader, node, "an entry has either scale or sf");
    const struct node *offset = layers_find(&entry->layers, "offset");
    const struct node *replaced = node ? node : entry->fields.sf ? entry->fields.sf : offset;
    if (entry->fields.value && replaced)
        return diagnostics_error(loader->reader.diagnostics, &replaced->at,
                                 "'%s' has value:, which takes the place of scale, sf and "
                                 "offset: calculate with raw in the formula",
                                 entry->spot.key);
    if (!node)
        return 0;
    if (!num_parse_decimal(node->text, &point->scale)) {
        if (explain_number(node->text))
            return field_read_decimal(&loader->reader, node, "scale", &point->scale);
        entry->scale_is_formula = true;
    }
    if (point->scale.mantissa == 0)
        return report_scale(loader, node, "0 makes every value 0");
    return 0;
}

static int set_sf(struct loader *loader, int index)
{
    const struct node *node = loader->entries[index].fields.sf;
    struct point *point = &loader->points[index];
    if (!node)
        return 0;
    int sf = load_reference(loader, node, "sf");
    if (sf == NO_INDEX)
        return -1;
    const struct point *power = &loader->points[sf];
    if (loader->entries[sf].is_broken)
        return -1;
    if (sf == index || power->source == SOURCE_FORMULA ||
        !codec_type(power->type)->is_integer || !(power->access & ACCESS_READ))
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "sf: '%s' must be a readable register of an integer type, the "
                                 "power of ten",
                                 power->key);
    point->sf = sf;
    return 0;
}

static int check_access(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    const struct point *point = &loader->points[index];
    const struct node *node = layers_find(&entry->layers, "access");
    if (!(point->access & ACCESS_WRITE))
        return 0;
    if (point->table == TABLE_INPUT || point->table == TABLE_DISCRETE)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "access: no Modbus function writes the table '%s'; writable "
                                 "are holding and coil",
                                 table_names[point->table]);
    if (!(point->access & ACCESS_READ) && point->section != SECTION_REGISTERS)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "access: '%s' cannot be read, so there is nothing to publish: "
                                 "put it under registers:",
                                 point->key);
    if (entry->fields.value)
        return diagnostics_error(
            loader->reader.diagnostics, &node->at,
            "access: '%s' cannot be written, since value: cannot be turned "
            "around; use scale and offset",
            point->key);
    return 0;
}

static int finish_words(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    int result = 0;
    if (check_numeric_keys(loader, index) < 0)
        return -1;
    if (set_bits(loader, index) < 0)
        result = -1;
    if (load_invalid(loader, index) < 0)
        result = -1;
    if (set_scale(loader, index) < 0)
        result = -1;
    if (check_access(loader, index) < 0)
        result = -1;
    if (entry->fields.labels && result == 0) {
        loader->points[index].labels = load_labels(loader, index);
        result = loader->points[index].labels ? 0 : -1;
    }
    return result;
}

// Follows from: to the entry with the words. Writes the indexes on the way, this entry first.
static int follow_views(struct loader *loader, int index, int path[MAX_CHAIN],
                        size_t *ret_count)
{
    size_t count = 0;
    int at = index;
    for (;;) {
        const struct node *node = loader->entries[at].fields.from;
        path[count++] = at;
        if (loader->points[at].source != SOURCE_VIEW)
            break;
        if (count == MAX_CHAIN)
            return diagnostics_error(loader->reader.diagnostics, &node->at,
                                     "from: '%s' leads back to itself: no entry on the way has "
                                     "an address",
                                     loader->points[index].key);
        at = load_reference(loader, node, "from");
        if (at == NO_INDEX || loader->entries[at].is_broken)
            return -1;
    }
    if (loader->points[at].source != SOURCE_FORMULA) {
        *ret_count = count;
        return 0;
    }
    const struct node *node = loader->entries[path[count - 2]].fields.from;
    return diagnostics_error(
        loader->reader.diagnostics, &node->at,
        "from: '%s' is computed and has no words: use value:", loader->points[at].key);
}

// The view's own keys, or those of what it is a view of.
static void inherit(struct loader *loader, int index, int source, int words)
{
    const struct entry_fields *fields = &loader->entries[index].fields;
    const struct point *of = &loader->points[source];
    const struct point *owner = &loader->points[words];
    struct point *view = &loader->points[index];
    view->from = words;
    loader->entries[index].of = source;
    view->type = fields->type == NO_INDEX ? of->type : (enum point_type)fields->type;
    view->word_count = codec_type(view->type)->word_count;
    if (view->word_count == 0)
        view->word_count = fields->length ? (uint16_t)fields->length : owner->word_count;
    if (fields->word_order == NO_INDEX)
        view->word_order = of->word_order;
    if (fields->byte_order == NO_INDEX)
        view->byte_order = of->byte_order;
    view->table = owner->table;
    view->model = owner->model;
    view->address = owner->address;
    memcpy(view->parts, owner->parts, sizeof view->parts);
    view->part_count = owner->part_count;
    view->unit_id = owner->unit_id;
    view->write_function = owner->write_function;
}

static int check_view(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    const struct point *view = &loader->points[index];
    const struct point *owner = &loader->points[view->from];
    const struct node *from = entry->fields.from;
    if (table_is_bits(owner->table) && view->type != TYPE_BOOL)
        return diagnostics_error(loader->reader.diagnostics, &from->at,
                                 "from: '%s' is a single bit: type: bool", owner->key);
    if (view->word_count != owner->word_count)
        return diagnostics_error(loader->reader.diagnostics, &from->at,
                                 "from: '%s' has %d registers, but %s is made of %d",
                                 owner->key, owner->word_count, codec_type(view->type)->name,
                                 view->word_count);
    if ((view->access & ACCESS_READ) && !(owner->access & ACCESS_READ))
        return diagnostics_error(loader->reader.diagnostics, &from->at,
                                 "from: '%s' can only be written (access: w)", owner->key);
    return 0;
}

static int resolve_view(struct loader *loader, int index)
{
    int path[MAX_CHAIN] = {0};
    size_t count = 0;
    if (follow_views(loader, index, path, &count) < 0)
        return -1;
    for (size_t i = count; i-- > 1;)
        inherit(loader, path[i - 1], path[i], path[count - 1]);
    return check_view(loader, index);
}

static int finish_computed(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    if (!entry->fields.labels)
        return 0;
    loader->points[index].labels = load_labels(loader, index);
    return loader->points[index].labels ? 0 : -1;
}

void load_references(struct loader *loader)
{
    for (size_t i = 0; i < loader->count; i++) {
        struct entry *entry = &loader->entries[i];
        if (!entry->is_broken && loader->points[i].source == SOURCE_VIEW)
            entry->is_broken = resolve_view(loader, (int)i) < 0;
    }
    for (size_t i = 0; i < loader->count; i++) {
        struct entry *entry = &loader->entries[i];
        if (entry->is_broken)
            continue;
        entry->is_broken =
            (loader->points[i].source == SOURCE_FORMULA ? finish_computed(loader, (int)i)
                                                        : finish_words(loader, (int)i)) < 0;
    }
    load_inherited_invalid(loader);
    for (size_t i = 0; i < loader->count; i++) {
        struct entry *entry = &loader->entries[i];
        if (!entry->is_broken)
            entry->is_broken = set_sf(loader, (int)i) < 0;
    }
}
