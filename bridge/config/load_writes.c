// SPDX-License-Identifier: MIT
// What a step writes: one request, whose values are checked as far as they are known.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/load_command.h"
#include "model/message.h"
#include "registers/codec.h"
#include "registers/setter.h"

static void list_labels(const struct labels *labels, struct strbuf *text)
{
    for (size_t i = 0; i < labels->count && i < 12; i++)
        strbuf_printf(text, "%s%s", i ? ", " : "", labels->rows[i].text);
    if (labels->count > 12)
        strbuf_add(text, ", ...");
}

static bool is_label(const struct labels *labels, const char *text, size_t length)
{
    int64_t code = 0;
    return codec_code(labels, text, length, &code);
}

static bool is_argument(const struct draft_command *draft, const char *name)
{
    for (size_t i = 0; i < draft->argument_count; i++) {
        if (strcmp(draft->arguments[i].key, name) == 0)
            return true;
    }
    return false;
}

static int report_label(struct draft_command *draft, const struct node *node,
                        const struct point *point)
{
    struct strbuf text = {0};
    strbuf_printf(&text, "'%s' has no label '%s'; it has: ", point->key, node->text);
    list_labels(point->labels, &text);
    (void)diagnostics_error(draft->loader->reader.diagnostics, &node->at, "%s",
                            strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

// A label as it stands, or a formula that gives one.
static int load_label(struct draft_command *draft, const struct node *node,
                      const struct point *point, const struct formula **ret_formula)
{
    const char *text = node->text;
    if (is_label(point->labels, text, strlen(text))) {
        struct value label = value_text(text);
        if (is_argument(draft, text))
            return diagnostics_error(draft->loader->reader.diagnostics, &node->at,
                                     "'%s' is both a label of '%s' and an argument: rename the "
                                     "argument",
                                     text, point->key);
        *ret_formula = formula_constant(draft->loader->reader.arena, &label);
        return 0;
    }
    if (!is_argument(draft, text) && !names_find(&draft->loader->names, text) &&
        !strpbrk(text, " (\""))
        return report_label(draft, node, point);
    if (load_formula(&draft->scope, node, point->key, FORMULA_TEXT, ret_formula) < 0)
        return -1;
    const struct value *constant = formula_constant_value(*ret_formula);
    if (constant && constant->kind == VALUE_TEXT &&
        !is_label(point->labels, constant->text.bytes, constant->text.length))
        return report_label(draft, node, point);
    return 0;
}

static int check_constant(struct draft_command *draft, const struct node *node,
                          const struct point *point, const struct formula *formula)
{
    const struct value *constant = formula_constant_value(formula);
    uint16_t words[MAX_POINT_WORDS] = {0};
    struct error err = {0};
    if (!constant || point->sf != NO_INDEX || point->scale_formula)
        return 0;
    if (codec_encode(point, constant, words, &err) == 0)
        return 0;
    return diagnostics_error(draft->loader->reader.diagnostics, &node->at, "%s", err.text);
}

static enum formula_type type_to_write(const struct point *point)
{
    if (point->labels && point->labels->is_boolean)
        return FORMULA_BOOLEAN;
    if (point->type == TYPE_BOOL && !point->labels)
        return FORMULA_BOOLEAN;
    return codec_type(point->type)->is_number ? FORMULA_NUMBER : FORMULA_TEXT;
}

static int check_writable(struct draft_command *draft, const struct child *child, int index)
{
    struct error err;
    if (setter_check(&draft->loader->points[index], &err) == 0)
        return 0;
    return diagnostics_error(draft->loader->reader.diagnostics, &child->key_at, "%s", err.text);
}

static int load_assignment(struct draft_command *draft, const struct child *child,
                           struct assignment *assignment)
{
    struct loader *loader = draft->loader;
    struct node name = {.kind = NODE_SCALAR, .at = child->key_at, .text = child->key};
    int index = load_reference(loader, &name, "write");
    if (index == NO_INDEX || loader->entries[index].typing != TYPING_DONE ||
        check_writable(draft, child, index) < 0 ||
        fields_expect_scalar(&loader->reader, child->value, child->key) < 0)
        return -1;
    const struct point *point = &loader->points[index];
    bool has_texts = point->labels && !point->labels->is_boolean;
    int result = has_texts ? load_label(draft, child->value, point, &assignment->value)
                           : load_formula(&draft->scope, child->value, child->key,
                                          type_to_write(point), &assignment->value);
    if (result < 0 || check_constant(draft, child->value, point, assignment->value) < 0)
        return -1;
    assignment->point = index;
    int argument = formula_argument(assignment->value);
    if (argument != NO_INDEX && draft->arguments[argument].target == NO_INDEX)
        draft->arguments[argument].target = index;
    return 0;
}

// Ascending addresses; only a few.
static void sort_writes(const struct loader *loader, struct assignment *writes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct assignment moved = writes[i];
        size_t at = i;
        while (at > 0 && loader->points[writes[at - 1].point].address >
                             loader->points[moved.point].address) {
            writes[at] = writes[at - 1];
            at--;
        }
        writes[at] = moved;
    }
}

static bool is_field(const struct point *point)
{
    return point->bit_low != NO_INDEX;
}

// Whether b's words follow a's, or both are fields of the same words that do not overlap. NULL
// when so; else why not.
static const char *why_apart(const struct point *a, const struct point *b)
{
    if (a->table != b->table || a->unit_id != b->unit_id)
        return "are not in one table";
    if (a->model != b->model)
        return "are not in one SunSpec model";
    if (a->part_count > 0 || b->part_count > 0)
        return "have words that lie apart";
    if (is_field(a) && is_field(b) && a->address == b->address &&
        a->word_count == b->word_count)
        return a->bit_high < b->bit_low || b->bit_high < a->bit_low ? NULL
                                                                    : "share bits of one word";
    if (is_field(a) || is_field(b))
        return "are a field of a word and another word";
    if (a->address == b->address)
        return "are the same register";
    return a->address + a->word_count == b->address ? NULL : "are not adjacent";
}

static int check_request(struct draft_command *draft, const struct node *node,
                         const struct assignment *writes, size_t count)
{
    struct diagnostics *diagnostics = draft->loader->reader.diagnostics;
    const struct point *points = draft->loader->points;
    const struct point *first = &points[writes[0].point];
    const struct point *last = &points[writes[count - 1].point];
    for (size_t i = 1; i < count; i++) {
        const struct point *a = &points[writes[i - 1].point];
        const struct point *b = &points[writes[i].point];
        const char *why = why_apart(a, b);
        if (why)
            return diagnostics_error(diagnostics, &node->at,
                                     "write: '%s' and '%s' %s, so they do not fit into one "
                                     "request: make two steps",
                                     a->key, b->key, why);
    }
    int words = last->address + last->word_count - first->address;
    int most = table_is_bits(first->table) ? MAX_WRITE_BITS : MAX_WRITE_REGISTERS;
    if (words > most)
        return diagnostics_error(
            diagnostics, &node->at,
            "write: %d registers are more than one request can write (%d): "
            "make two steps",
            words, most);
    if (count > 1 && words > 1 && first->write_function == WRITE_SINGLE)
        return diagnostics_error(diagnostics, &node->at,
                                 "write: with write_function: single one request writes one "
                                 "register: make %zu steps",
                                 count);
    return 0;
}

int load_assignments(struct draft_command *draft, const struct node *node, const char *name,
                     const struct assignment **ret_writes, size_t *ret_count)
{
    struct loader *loader = draft->loader;
    int result = 0;
    if (fields_expect_mapping(&loader->reader, node, name) < 0)
        return -1;
    if (node->count == 0)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "%s: nothing to write: {entry: value}", name);
    struct assignment *writes =
        ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct assignment);
    for (size_t i = 0; i < node->count; i++) {
        if (load_assignment(draft, &node->children[i], &writes[i]) < 0)
            result = -1;
    }
    if (result < 0)
        return -1;
    sort_writes(loader, writes, node->count);
    if (check_request(draft, node, writes, node->count) < 0)
        return -1;
    *ret_writes = writes;
    *ret_count = node->count;
    return 0;
}
