// SPDX-License-Identifier: MIT
// identify: which registers tell that this is the right kind of device.
#include "config/load.h"
#include "registers/codec.h"

// A number that the register can never hold: no device would be the right one.
static int check_fit(struct loader *loader, const struct node *node, int index,
                     const struct value *value)
{
    const struct point *point = &loader->points[index];
    struct value low = {0};
    struct value high = {0};
    char least[48];
    char most[48];
    if (!value_is_number(value) || !codec_limits(point, false, &low, &high) ||
        (value_number(value) >= value_number(&low) &&
         value_number(value) <= value_number(&high)))
        return 0;
    value_format(&low, least, sizeof least);
    value_format(&high, most, sizeof most);
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "identify: '%s' is %s to %s, never %s", point->key, least, most,
                             node->text);
}

static int load_row(struct loader *loader, const struct child *child, struct identify *row)
{
    const struct node *node = child->value;
    struct node name = {.kind = NODE_SCALAR, .at = child->key_at, .text = child->key};
    size_t count = node->kind == NODE_SEQUENCE ? node->count : 1;
    int point = load_reference(loader, &name, "identify");
    if (point == NO_INDEX || loader->entries[point].typing != TYPING_DONE)
        return -1;
    if (loader->points[point].source == SOURCE_FORMULA ||
        !(loader->points[point].access & ACCESS_READ))
        return diagnostics_error(loader->reader.diagnostics, &child->key_at,
                                 "identify: '%s' must be read from the equipment", child->key);
    struct value *values = ARENA_NEW_ARRAY(loader->reader.arena, count, struct value);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = node->kind == NODE_SEQUENCE ? node->children[i].value : node;
        if (load_value(loader, item, child->key, loader->entries[point].type, &values[i]) < 0)
            return -1;
        if (check_fit(loader, item, point, &values[i]) < 0)
            return -1;
    }
    *row = (struct identify){point, values, count};
    return 0;
}

void load_identify(struct loader *loader, const struct node *node)
{
    if (!node || fields_expect_mapping(&loader->reader, node, "identify") < 0)
        return;
    struct identify *rows = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct identify);
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        if (load_row(loader, &node->children[i], &rows[count]) == 0)
            count++;
    }
    loader->map.identify = rows;
    loader->map.identify_count = count;
}
