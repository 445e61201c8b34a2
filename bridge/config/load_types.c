// SPDX-License-Identifier: MIT
// The type of an entry's value is asked for while formulas that name it are parsed, so that
// computed entries may stand in any order.
#include "base/strbuf.h"
#include "config/load.h"
#include "registers/codec.h"
#include "registers/value_type.h"

static int report_cycle(struct loader *loader, int index, struct error *err)
{
    struct strbuf chain = {0};
    size_t start = 0;
    while (loader->chain[start] != index)
        start++;
    for (size_t i = start; i < loader->chain_length; i++)
        strbuf_printf(&chain, "%s -> ", loader->points[loader->chain[i]].key);
    (void)error_set(err, ERROR_CONFIG, "'%s' depends on itself: %s%s",
                    loader->points[index].key, strbuf_text(&chain), loader->points[index].key);
    strbuf_done(&chain);
    return -1;
}

static void set_type(struct entry *entry, struct value_type type)
{
    entry->type = type.type;
    entry->is_integer = type.is_integer;
}

// scale: that is no number. A constant one becomes exact where it can.
static int read_scale(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    struct scope scope = {.loader = loader, .spot = &entry->spot, .owner = index};
    const struct formula *formula = NULL;
    if (load_formula(&scope, entry->fields.scale, "scale", FORMULA_NUMBER, &formula) < 0)
        return -1;
    const struct value *constant = formula_constant_value(formula);
    if (constant && value_is_number(constant) && value_number(constant) == 0)
        return diagnostics_error(loader->reader.diagnostics, &entry->fields.scale->at,
                                 "scale: 0 makes every value 0");
    if (constant && constant->kind == VALUE_INTEGER && constant->integer >= INT32_MIN &&
        constant->integer <= INT32_MAX)
        point->scale = (struct decimal){(int64_t)constant->integer, 0};
    else
        point->scale_formula = formula;
    return 0;
}

static int read_value(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    struct point *point = &loader->points[index];
    struct scope scope = {.loader = loader, .spot = &entry->spot, .owner = index};
    if (point->source != SOURCE_FORMULA) {
        set_type(entry, value_type_of_words(point));
        scope.allow_raw = true;
        scope.raw_type = entry->type;
        scope.raw_is_integer = codec_type(point->type)->is_integer;
    }
    if (load_formula(&scope, entry->fields.value, "value", FORMULA_ANY, &point->formula) < 0)
        return -1;
    return 0;
}

// Reads the formulas that make the value, while the entry is on the chain.
static int read_formulas(struct loader *loader, int index)
{
    const struct entry *entry = &loader->entries[index];
    int result = 0;
    loader->chain[loader->chain_length++] = index;
    if (entry->scale_is_formula)
        result = read_scale(loader, index);
    if (result == 0 && entry->fields.value)
        result = read_value(loader, index);
    loader->chain_length--;
    return result;
}

static int find_type(struct loader *loader, int index)
{
    struct entry *entry = &loader->entries[index];
    const struct point *point = &loader->points[index];
    if (entry->is_broken || read_formulas(loader, index) < 0)
        return -1;
    set_type(entry, value_type_of(point));
    return 0;
}

int load_entry_type(struct loader *loader, int index, struct error *err)
{
    struct entry *entry = &loader->entries[index];
    switch (entry->typing) {
    case TYPING_DONE:
        return 0;
    case TYPING_RUNNING:
        return report_cycle(loader, index, err);
    case TYPING_FAILED:
        loader->is_quiet = true;
        return error_set(err, ERROR_CONFIG, "'%s' has an error of its own",
                         loader->points[index].key);
    case TYPING_OPEN:
        break;
    }
    if (loader->chain_length == MAX_CHAIN)
        return error_set(err, ERROR_CONFIG,
                         "more than %d entries depend on each other in a row", MAX_CHAIN);
    entry->typing = TYPING_RUNNING;
    bool was_quiet = loader->is_quiet;
    if (find_type(loader, index) < 0) {
        entry->typing = TYPING_FAILED;
        loader->is_quiet = true;
        return error_set(err, ERROR_CONFIG, "'%s' has an error of its own",
                         loader->points[index].key);
    }
    loader->is_quiet = was_quiet;
    entry->typing = TYPING_DONE;
    return 0;
}
