// SPDX-License-Identifier: MIT
#include <string.h>

#include "config/load.h"
#include "registers/codec.h"

// What reading the labels of one entry needs.
struct labelling {
    struct loader *loader;
    const struct point *point;
    struct label *rows;
    size_t count;
    size_t booleans; // labels that are true or false
    size_t texts;
    const struct node *first_text;
};

static bool is_boolean_label(const struct node *node)
{
    return !node->quoted &&
           (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0);
}

static int read_label(struct labelling *labelling, const struct node *node,
                      const char **ret_text)
{
    if (field_read_text(&labelling->loader->reader, node, "enum", ret_text) < 0)
        return -1;
    if (is_boolean_label(node)) {
        labelling->booleans++;
    } else {
        labelling->texts++;
        if (!labelling->first_text)
            labelling->first_text = node;
    }
    return 0;
}

// The codes an entry can hold; wide open for what is no integer.
static void code_limits(const struct point *point, int64_t *ret_min, int64_t *ret_max)
{
    const struct type_row *type = codec_type(point->type);
    *ret_min = INT64_MIN;
    *ret_max = INT64_MAX;
    if (point->source == SOURCE_FORMULA || point->formula)
        return;
    if (point->type == TYPE_BOOL) {
        *ret_min = 0;
        *ret_max = 1;
    } else if (point->bit_low != NO_INDEX) {
        int width = point->bit_high - point->bit_low + 1;
        *ret_min = 0;
        if (width < 63)
            *ret_max = (INT64_C(1) << width) - 1;
    } else if (type->is_integer) {
        *ret_min = type->integer_min;
        if (type->integer_max <= INT64_MAX)
            *ret_max = (int64_t)type->integer_max;
    }
}

static int check_codes(const struct labelling *labelling, const struct child *child,
                       const struct codes *codes)
{
    struct diagnostics *diagnostics = labelling->loader->reader.diagnostics;
    int64_t min = 0;
    int64_t max = 0;
    code_limits(labelling->point, &min, &max);
    if (codes->low > codes->high)
        return diagnostics_error(diagnostics, &child->key_at,
                                 "enum: the range %s runs backwards", child->key);
    if (codes->low < min || codes->high > max)
        return diagnostics_error(diagnostics, &child->key_at,
                                 "enum: the code %s cannot occur: the entry holds %lld to %lld",
                                 child->key, (long long)min, (long long)max);
    for (size_t i = 0; i < labelling->count; i++) {
        const struct label *row = &labelling->rows[i];
        if (codes->low <= row->high && row->low <= codes->high)
            return diagnostics_error(diagnostics, &child->key_at,
                                     "enum: the code %s already has the label '%s'", child->key,
                                     row->text);
    }
    return 0;
}

static int read_row(struct labelling *labelling, const struct child *child,
                    struct labels *labels)
{
    struct codes codes;
    const char *text = NULL;
    if (read_label(labelling, child->value, &text) < 0)
        return -1;
    if (strcmp(child->key, "otherwise") == 0) {
        labels->otherwise = text;
        return 0;
    }
    if (!codes_parse(child->key, &codes)) {
        const char *why = explain_number(child->key);
        return diagnostics_error(labelling->loader->reader.diagnostics, &child->key_at,
                                 "enum: '%s' is not a code: %s", child->key,
                                 why ? why
                                     : "a number, a range such as 1..3, or 'otherwise' comes "
                                       "before the ':', the label behind it");
    }
    if (check_codes(labelling, child, &codes) < 0)
        return -1;
    labelling->rows[labelling->count++] = (struct label){codes.low, codes.high, text};
    return 0;
}

static int read_mapping(struct labelling *labelling, const struct node *node,
                        struct labels *labels)
{
    int result = 0;
    for (size_t i = 0; i < node->count; i++) {
        if (read_row(labelling, &node->children[i], labels) < 0)
            result = -1;
    }
    return result;
}

static int read_list(struct labelling *labelling, const struct node *node)
{
    if (labelling->point->source != SOURCE_FORMULA)
        return diagnostics_error(labelling->loader->reader.diagnostics, &node->at,
                                 "enum: a register needs its codes: {0: %s, 1: ...}",
                                 node->count && node->children[0].value->kind == NODE_SCALAR
                                     ? node->children[0].value->text
                                     : "first");
    for (size_t i = 0; i < node->count; i++) {
        const char *text = NULL;
        if (read_label(labelling, node->children[i].value, &text) < 0)
            return -1;
        labelling->rows[labelling->count++] = (struct label){(int64_t)i, (int64_t)i, text};
    }
    return 0;
}

const struct labels *load_labels(struct loader *loader, int index)
{
    const struct node *node = loader->entries[index].fields.labels;
    struct labels *labels = ARENA_NEW(loader->reader.arena, struct labels);
    struct labelling labelling = {
        .loader = loader,
        .point = &loader->points[index],
        .rows = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct label),
    };
    if (node->kind == NODE_SCALAR || node->count == 0) {
        (void)diagnostics_error(loader->reader.diagnostics, &node->at,
                                "enum: expected codes and labels, such as {0: standby, 1: "
                                "running}");
        return NULL;
    }
    int result = node->kind == NODE_MAPPING ? read_mapping(&labelling, node, labels)
                                            : read_list(&labelling, node);
    if (result < 0)
        return NULL;
    if (labelling.booleans > 0 && labelling.texts > 0) {
        (void)diagnostics_error(loader->reader.diagnostics, &labelling.first_text->at,
                                "enum: the labels are true and false or texts, not both");
        return NULL;
    }
    labels->rows = labelling.rows;
    labels->count = labelling.count;
    labels->is_boolean = labelling.booleans > 0;
    return labels;
}
