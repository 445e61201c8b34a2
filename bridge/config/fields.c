// SPDX-License-Identifier: MIT
#include "config/fields.h"

#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/suggest.h"

const struct node *layers_find(const struct layers *layers, const char *key)
{
    for (size_t i = 0; i < MAX_LAYERS; i++) {
        const struct node *node = tree_find(layers->nodes[i], key);
        if (node)
            return node;
    }
    return NULL;
}

// The words a field knows, for messages: "big, little".
static void list_words(const struct field *row, struct strbuf *text)
{
    for (const struct word *word = row->words; word->text; word++) {
        const char *joint = word == row->words ? "" : word[1].text ? ", " : " or ";
        strbuf_printf(text, "%s%s", joint, word->text);
    }
}

static bool find_word(const struct field *row, const struct node *node, int *ret_value)
{
    if (!row->words || node->kind != NODE_SCALAR)
        return false;
    for (const struct word *word = row->words; word->text; word++) {
        if (strcmp(word->text, node->text) == 0) {
            *ret_value = word->value;
            return true;
        }
    }
    return false;
}

// Words of other programs and languages, and ours.
static const struct {
    const char *foreign;
    const char *ours;
} hints[] = {
    {"uint16", "u16"},   {"int16", "i16"},      {"uint32", "u32"},
    {"int32", "i32"},    {"uint64", "u64"},     {"int64", "i64"},
    {"float32", "f32"},  {"float64", "f64"},    {"s16", "i16"},
    {"s32", "i32"},      {"word", "u16"},       {"dword", "u32"},
    {"short", "i16"},    {"unsigned", "u16"},   {"signed", "i16"},
    {"float", "f32"},    {"double", "f64"},     {"real", "f32"},
    {"boolean", "bool"}, {"bit", "bool"},       {"text", "string"},
    {"str", "string"},   {"char", "string"},    {"int", "integer"},
    {"number", "float"}, {"double", "float"},   {"bool", "boolean"},
    {"bcd", "bcd16"},    {"read", "r"},         {"write", "w"},
    {"ro", "r"},         {"wo", "w"},           {"RW", "rw"},
    {"R/W", "rw"},       {"read_write", "rw"},  {"critical", "error"},
    {"N", "none"},       {"E", "even"},         {"O", "odd"},
    {"warn", "warning"}, {"big_endian", "big"}, {"little_endian", "little"},
};

static void suggest_by_hint(struct suggestion *suggestion, const struct field *row)
{
    for (size_t i = 0; i < ARRAY_LENGTH(hints) && !suggestion->best; i++) {
        if (strcmp(hints[i].foreign, suggestion->word) != 0)
            continue;
        for (const struct word *word = row->words; word->text; word++) {
            if (strcmp(word->text, hints[i].ours) == 0)
                suggestion->best = word->text;
        }
    }
}

// What stands where a word should, with the nearest right one.
static int refuse_word(const struct reader *reader, const struct field *row,
                       const struct node *node)
{
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, node->text);
    for (const struct word *word = row->words; word->text; word++)
        suggest_candidate(&suggestion, word->text);
    suggest_by_hint(&suggestion, row);
    strbuf_printf(&text, "%s: '%s' is not one of ", row->name, node->text);
    list_words(row, &text);
    if (row->by_parameter && reader->parameters.find)
        strbuf_add(&text, ", and there is no such parameter");
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(reader->diagnostics, &node->at, "%s", strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

static int refuse_parameter(const struct reader *reader, const struct field *row,
                            const char *name, const struct node *value)
{
    struct strbuf text = {0};
    list_words(row, &text);
    (void)diagnostics_error(reader->diagnostics, &value->at,
                            "%s: '%s' is not one of %s, and the map takes its %s from it", name,
                            value->kind == NODE_SCALAR ? value->text : "", strbuf_text(&text),
                            row->name);
    strbuf_done(&text);
    return -1;
}

static int read_word(const struct reader *reader, const struct field *row,
                     const struct node *node, int *ret_value)
{
    const struct node *value = NULL;
    if (fields_expect_scalar(reader, node, row->name) < 0)
        return -1;
    if (find_word(row, node, ret_value))
        return 0;
    if (!row->by_parameter || !reader->parameters.find ||
        !reader->parameters.find(reader->parameters.context, node->text, &value))
        return refuse_word(reader, row, node);
    if (!value || find_word(row, value, ret_value))
        return 0;
    return refuse_parameter(reader, row, node->text, value);
}

static int check_bounds(const struct reader *reader, const struct field *row,
                        const struct node *node, int64_t value)
{
    bool bounded = row->min != 0 || row->max != 0;
    int64_t min = bounded ? row->min : INT32_MIN;
    int64_t max = bounded ? row->max : INT32_MAX;
    if (value >= min && value <= max)
        return 0;
    return diagnostics_error(reader->diagnostics, &node->at, "%s: %lld is outside %lld to %lld",
                             row->name, (long long)value, (long long)min, (long long)max);
}

// When neither a number nor one of the words was written.
static bool is_stray_word(const struct field *row, const struct node *node)
{
    return row->words && node->kind == NODE_SCALAR && node->text[0] &&
           !strchr("+-0123456789", node->text[0]);
}

static int read_int(const struct reader *reader, const struct field *row,
                    const struct node *node, int *ret_value)
{
    int64_t value = 0;
    if (find_word(row, node, ret_value))
        return 0;
    if (is_stray_word(row, node))
        return read_word(reader, row, node, ret_value);
    if (field_read_int(reader, node, row->name, &value) < 0 ||
        check_bounds(reader, row, node, value) < 0)
        return -1;
    *ret_value = (int)value;
    return 0;
}

static int read_duration(const struct reader *reader, const struct field *row,
                         const struct node *node, int64_t *ret_ms)
{
    int word = 0;
    int64_t ms = 0;
    if (find_word(row, node, &word)) {
        *ret_ms = word;
        return 0;
    }
    if (is_stray_word(row, node))
        return read_word(reader, row, node, &word);
    if (field_read_duration(reader, node, row->name, &ms) < 0)
        return -1;
    if ((row->min != 0 || row->max != 0) && (ms < row->min || ms > row->max)) {
        char low[32];
        char high[32];
        num_format_duration(low, sizeof low, row->min);
        num_format_duration(high, sizeof high, row->max);
        return diagnostics_error(reader->diagnostics, &node->at, "%s: %s is outside %s to %s",
                                 row->name, node->text, low, high);
    }
    *ret_ms = ms;
    return 0;
}

static int read_size(const struct reader *reader, const struct field *row,
                     const struct node *node, int64_t *ret_bytes)
{
    if (fields_expect_scalar(reader, node, row->name) < 0)
        return -1;
    if (num_parse_size(node->text, ret_bytes))
        return 0;
    return diagnostics_error(reader->diagnostics, &node->at,
                             "%s: '%s' is not a size: a whole number and B, kB, MB or GB, such "
                             "as 256MB",
                             row->name, node->text);
}

static int read_formula_node(const struct reader *reader, const struct field *row,
                             const struct node *node, const struct node **ret_node)
{
    if (fields_expect_scalar(reader, node, row->name) < 0)
        return -1;
    *ret_node = node;
    return 0;
}

static int read_field(const struct reader *reader, const struct field *row,
                      const struct node *node, void *member)
{
    switch (row->kind) {
    case FIELD_NODE:
        *(const struct node **)member = node;
        return 0;
    case FIELD_FORMULA:
        return read_formula_node(reader, row, node, member);
    case FIELD_TEXT:
        return field_read_text(reader, node, row->name, member);
    case FIELD_TEXTS:
        return field_read_texts(reader, node, row->name, member);
    case FIELD_BOOL:
        return field_read_bool(reader, node, row->name, member);
    case FIELD_INT:
        return read_int(reader, row, node, member);
    case FIELD_DECIMAL:
        return field_read_decimal(reader, node, row->name, member);
    case FIELD_DURATION:
        return read_duration(reader, row, node, member);
    case FIELD_SIZE:
        return read_size(reader, row, node, member);
    case FIELD_WORD:
        return read_word(reader, row, node, member);
    case FIELD_CODES:
        return field_read_codes(reader, node, row->name, member);
    case FIELD_INTERVAL:
        return field_read_interval(reader, node, row->name, member);
    }
    return 0;
}

static bool has_row(const struct field_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].name, key) == 0)
            return true;
    }
    return false;
}

static void report_unknown_key(const struct reader *reader, const struct field_table *table,
                               const struct child *child)
{
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, child->key);
    for (size_t i = 0; i < table->count; i++)
        suggest_candidate(&suggestion, table->rows[i].name);
    strbuf_printf(&text, "%s has no key '%s'", table->name, child->key);
    if (suggestion.best) {
        suggest_append(&suggestion, &text);
    } else {
        strbuf_add(&text, "; it may have: ");
        for (size_t i = 0; i < table->count; i++)
            strbuf_printf(&text, "%s%s", i ? ", " : "", table->rows[i].name);
    }
    (void)diagnostics_error(reader->diagnostics, &child->key_at, "%s", strbuf_text(&text));
    strbuf_done(&text);
}

int fields_check_keys(const struct reader *reader, const struct field_table *table,
                      const struct node *mapping)
{
    int result = 0;
    if (fields_expect_mapping(reader, mapping, table->name) < 0)
        return -1;
    for (size_t i = 0; i < mapping->count; i++) {
        if (has_row(table, mapping->children[i].key))
            continue;
        report_unknown_key(reader, table, &mapping->children[i]);
        result = -1;
    }
    return result;
}

int fields_read(const struct reader *reader, const struct field_table *table,
                const struct layers *layers, void *target)
{
    const struct node *own = layers->nodes[0];
    int result = 0;
    if (own && fields_check_keys(reader, table, own) < 0)
        result = -1;
    for (size_t i = 0; i < table->count; i++) {
        const struct field *row = &table->rows[i];
        const struct node *node = layers_find(layers, row->name);
        if (node) {
            if (read_field(reader, row, node, (char *)target + row->offset) < 0)
                result = -1;
        } else if (row->required && own && own->kind == NODE_MAPPING) {
            result = diagnostics_error(reader->diagnostics, &own->at, "%s needs '%s': %s",
                                       table->name, row->name, row->help);
        }
    }
    return result;
}
