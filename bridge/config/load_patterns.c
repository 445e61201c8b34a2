// SPDX-License-Identifier: MIT
// "No value" patterns: what a register holds when the equipment has nothing to say.
#include <string.h>

#include "config/load.h"
#include "registers/codec.h"
#include "registers/codec_order.h"

static int width_of(enum point_type type)
{
    return 16 * codec_type(type)->word_count;
}

// A number for a float: 0x is its bit pattern, anything else its value.
static int read_float(struct loader *loader, const struct node *node, enum point_type type,
                      uint64_t *ret_pattern)
{
    double real = 0;
    if (!num_parse_real(node->text, &real))
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "invalid: '%s' is not a number", node->text);
    if (type == TYPE_F64) {
        memcpy(ret_pattern, &real, sizeof *ret_pattern);
        return 0;
    }
    float single = (float)real;
    uint32_t bits = 0;
    memcpy(&bits, &single, sizeof bits);
    *ret_pattern = bits;
    return 0;
}

static int read_pattern(struct loader *loader, const struct node *node, enum point_type type,
                        uint64_t *ret_pattern)
{
    int128 number = 0;
    int width = width_of(type);
    bool is_float = type == TYPE_F32 || type == TYPE_F64;
    if (fields_expect_scalar(&loader->reader, node, "invalid") < 0)
        return -1;
    if (is_float && strncmp(node->text, "0x", 2) != 0)
        return read_float(loader, node, type, ret_pattern);
    if (!num_parse_wide(node->text, &number)) {
        const char *why = explain_number(node->text);
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "invalid: '%s' is not a number%s%s", node->text,
                                 why ? ": " : "", why ? why : ", such as 0xFFFF");
    }
    int128 most = ((int128)1 << width) - 1;
    int128 least = codec_type(type)->is_signed ? -((int128)1 << (width - 1)) : 0;
    if (number < least || number > most)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "invalid: %s does not fit the %d bits of %s", node->text,
                                 width, codec_type(type)->name);
    *ret_pattern = (uint64_t)(number & most);
    return 0;
}

int load_patterns(struct loader *loader, const struct node *node, enum point_type type,
                  struct patterns *ret_patterns)
{
    struct patterns patterns = {0};
    size_t count = node->kind == NODE_SEQUENCE ? node->count : 1;
    if (!codec_type(type)->is_number)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "invalid: %s has no bit pattern that means 'no value'",
                                 codec_type(type)->name);
    if (count > MAX_INVALID)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "invalid: at most %d values", MAX_INVALID);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = node->kind == NODE_SEQUENCE ? node->children[i].value : node;
        if (read_pattern(loader, item, type, &patterns.items[i]) < 0)
            return -1;
    }
    patterns.count = count;
    *ret_patterns = patterns;
    return 0;
}

static void set_patterns(struct point *point, const struct patterns *patterns)
{
    memcpy(point->invalid, patterns->items, sizeof point->invalid);
    point->invalid_count = (uint8_t)patterns->count;
}

int load_invalid(struct loader *loader, int index)
{
    const struct node *node = loader->entries[index].fields.invalid;
    struct point *point = &loader->points[index];
    struct patterns patterns = loader->type_invalid[point->type];
    if (node && load_patterns(loader, node, point->type, &patterns) < 0)
        return -1;
    set_patterns(point, &patterns);
    return 0;
}

// The nearest entry that a view leads to and that says `invalid` itself; NO_INDEX: none does.
static int find_giver(const struct loader *loader, int index)
{
    while (loader->points[index].source == SOURCE_VIEW) {
        index = loader->entries[index].of;
        if (loader->entries[index].fields.invalid)
            return index;
    }
    return NO_INDEX;
}

// Patterns of words as another entry orders them.
static struct patterns reorder(const struct patterns *patterns, const struct point *from,
                               const struct point *to)
{
    struct patterns reordered = {.count = patterns->count};
    for (size_t i = 0; i < patterns->count; i++) {
        uint16_t words[MAX_PATTERN_WORDS];
        order_words(from, patterns->items[i], words);
        reordered.items[i] = order_pattern(to, words);
    }
    return reordered;
}

static struct patterns patterns_of(const struct point *point)
{
    struct patterns patterns = {.count = point->invalid_count};
    memcpy(patterns.items, point->invalid, sizeof point->invalid);
    return patterns;
}

// Words that mean "no value" have no bits either. A view of another number type goes by the
// patterns of that type: 0xFFFF is none of a u16 and -1 of an i16.
static void inherit_invalid(struct loader *loader, int index)
{
    struct point *view = &loader->points[index];
    const struct point *owner = &loader->points[view->from];
    int giver = find_giver(loader, index);
    struct patterns patterns = loader->type_invalid[owner->type];
    if (giver != NO_INDEX)
        patterns = patterns_of(&loader->points[giver]);
    else if (patterns.count == 0 || !(view->type == TYPE_BOOL || view->bit_low != NO_INDEX))
        return;
    patterns = reorder(&patterns, giver == NO_INDEX ? owner : &loader->points[giver], view);
    set_patterns(view, &patterns);
}

void load_inherited_invalid(struct loader *loader)
{
    for (size_t i = 0; i < loader->count; i++) {
        const struct entry *entry = &loader->entries[i];
        if (!entry->is_broken && loader->points[i].source == SOURCE_VIEW &&
            !entry->fields.invalid)
            inherit_invalid(loader, (int)i);
    }
}
