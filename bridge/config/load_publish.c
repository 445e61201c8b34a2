// SPDX-License-Identifier: MIT
// What is published: type and digits, and the conditions under which it is read.
#include "config/load.h"
#include "registers/codec.h"

static int implied_decimals(const struct point *point, const struct entry *entry)
{
    if (point->formula || point->source == SOURCE_FORMULA)
        return entry->is_integer ? 0 : DECIMALS_SHORTEST;
    if (point->type == TYPE_F32)
        return DECIMALS_SHORTEST_FLOAT;
    if (point->type == TYPE_F64 || point->sf != NO_INDEX || point->scale_formula)
        return entry->is_integer ? 0 : DECIMALS_SHORTEST;
    int scale = point->scale.exponent < 0 ? -point->scale.exponent : 0;
    int offset = point->offset.exponent < 0 ? -point->offset.exponent : 0;
    return scale > offset ? scale : offset;
}

static enum publish implied_publish(const struct entry *entry)
{
    switch (entry->type) {
    case FORMULA_BOOLEAN:
        return PUBLISH_BOOLEAN;
    case FORMULA_NUMBER:
        return entry->is_integer ? PUBLISH_INTEGER : PUBLISH_FLOAT;
    case FORMULA_TEXT:
    case FORMULA_EVENTS:
    case FORMULA_ANY:
        break;
    }
    return PUBLISH_STRING;
}

static int check_publish(struct loader *loader, const struct entry *entry,
                         const struct point *point)
{
    static const char *const type_names[] = {
        [FORMULA_ANY] = "a text",
        [FORMULA_BOOLEAN] = "true or false",
        [FORMULA_NUMBER] = "a number",
        [FORMULA_TEXT] = "a text",
        [FORMULA_EVENTS] = "a list of events",
    };
    const struct node *node = layers_find(&entry->layers, "publish");
    bool good = true;
    switch (point->publish) {
    case PUBLISH_INTEGER:
    case PUBLISH_FLOAT:
        good = entry->type == FORMULA_NUMBER;
        break;
    case PUBLISH_BOOLEAN:
        good = entry->type == FORMULA_BOOLEAN;
        break;
    case PUBLISH_STRING:
    case PUBLISH_AUTO:
        break;
    }
    if (good)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "publish: '%s' is %s and cannot be published as %s", point->key,
                             type_names[entry->type], node->text);
}

void load_publish(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    if (entry->type == FORMULA_EVENTS && point->section != SECTION_REGISTERS) {
        (void)diagnostics_error(
            loader->reader.diagnostics, &entry->spot.at,
            "'%s' is a list of events, which is no value to publish: put it "
            "under registers: and name its codes under alerts:",
            point->key);
        return;
    }
    if (point->publish == PUBLISH_AUTO)
        point->publish = implied_publish(entry);
    else if (check_publish(loader, entry, point) < 0)
        return;
    if (point->decimals == NO_INDEX) // -1 is a meaning of its own in the model
        point->decimals =
            point->publish == PUBLISH_INTEGER ? 0 : implied_decimals(point, entry);
}

static void load_when(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    struct scope scope = {.loader = loader, .spot = &entry->spot, .owner = index};
    const struct formula **when = &loader->points[index].when;
    if (entry->fields.when &&
        load_formula(&scope, entry->fields.when, "when", FORMULA_BOOLEAN, when) == 0)
        check_verdict(loader, entry->fields.when, "when", *when, "leave it out",
                      "the entry is never read");
}

void load_point_formulas(struct loader *loader)
{
    for (size_t i = 0; i < loader->count; i++) {
        struct error err = {0};
        if (load_entry_type(loader, (int)i, &err) == 0)
            load_publish(loader, (int)i);
    }
    for (size_t i = 0; i < loader->count; i++)
        load_when(loader, (int)i);
}
