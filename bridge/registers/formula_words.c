// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <stdio.h>
#include <string.h>

int formula_add_leaf(struct draft *draft, const struct node *leaf,
                     const struct operand *operand)
{
    if (draft->node_count == MAX_FORMULA_NODES)
        return formula_fail(draft, operand->start,
                            "the formula is too long: more than %d names, numbers and "
                            "operators",
                            MAX_FORMULA_NODES);
    uint16_t index = (uint16_t)draft->node_count++;
    draft->nodes[index] = *leaf;
    draft->nodes[index].start = operand->start;
    struct operand *added = &draft->operands[draft->operand_count++];
    *added = *operand;
    added->first = index;
    added->last = index;
    added->type = leaf->type;
    return 0;
}

enum formula_type formula_type_of(const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOLEAN:
        return FORMULA_BOOLEAN;
    case VALUE_INTEGER:
    case VALUE_REAL:
        return FORMULA_NUMBER;
    case VALUE_TEXT:
        return FORMULA_TEXT;
    case VALUE_EVENTS:
        return FORMULA_EVENTS;
    case VALUE_UNKNOWN:
    case VALUE_ABSENT:
        break;
    }
    return FORMULA_ANY;
}

// What raw(...) of an entry is when the names do not say it: a code where there are labels.
static enum formula_type raw_type(const struct symbol *symbol)
{
    if (symbol->raw_type != FORMULA_ANY)
        return symbol->raw_type;
    return symbol->labels ? FORMULA_NUMBER : symbol->type;
}

static int take_symbol(struct draft *draft, const struct symbol *symbol, size_t start,
                       size_t end)
{
    struct node leaf = {.type = symbol->type, .index = symbol->index};
    struct operand operand = {.start = (uint16_t)start,
                              .end = (uint16_t)end,
                              .is_integer = symbol->is_integer,
                              .labels = symbol->labels,
                              .choices = symbol->choices,
                              .choice_count = symbol->choices ? symbol->choice_count : 0,
                              .raw_type = raw_type(symbol),
                              .raw_is_integer = symbol->raw_is_integer};
    leaf.kind = symbol->kind == SYMBOL_ARGUMENT ? NODE_ARGUMENT : NODE_POINT;
    if (symbol->kind == SYMBOL_CONSTANT) {
        leaf.kind = NODE_CONSTANT;
        leaf.is_named = true;
        leaf.constant = symbol->constant;
        if (value_is_known(&symbol->constant))
            leaf.type = formula_type_of(&symbol->constant);
        operand.is_integer = symbol->constant.kind == VALUE_INTEGER;
    }
    return formula_add_leaf(draft, &leaf, &operand);
}

static int take_name(struct draft *draft, const char *word, size_t start)
{
    size_t end = start + strlen(word);
    struct symbol symbol = {0};
    draft->error_offset = start;
    if (draft->names->find(draft->names->context, word, &symbol, draft->err))
        return -1;
    if (symbol.kind != SYMBOL_NONE)
        return take_symbol(draft, &symbol, start, end);
    // It may be a label: what it is compared with decides.
    struct node leaf = {.kind = NODE_WORD,
                        .constant = value_text(arena_text(draft->arena, word))};
    struct operand operand = {.start = (uint16_t)start, .end = (uint16_t)end};
    return formula_add_leaf(draft, &leaf, &operand);
}

static int take_now(struct draft *draft, const char *field, size_t start, size_t end)
{
    struct operand operand = {
        .start = (uint16_t)start, .end = (uint16_t)end, .is_integer = true};
    if (!draft->names->allow_now)
        return formula_fail(draft, start, "the time of day is known in commands only");
    for (int i = 0; i < NOW_FIELDS; i++) {
        struct node leaf = {.kind = NODE_NOW, .type = FORMULA_NUMBER, .index = i};
        if (strcmp(formula_now_fields[i], field) == 0)
            return formula_add_leaf(draft, &leaf, &operand);
    }
    return formula_fail(draft, start,
                        "now has year, month, day, hour, minute, second and weekday");
}

static int take_own_raw(struct draft *draft, size_t start)
{
    struct node leaf = {.kind = NODE_OWN_RAW, .type = draft->names->raw_type};
    struct operand operand = {.start = (uint16_t)start,
                              .end = (uint16_t)(start + strlen("raw")),
                              .is_integer = draft->names->raw_is_integer};
    if (!draft->names->allow_raw)
        return formula_fail(draft, start,
                            "raw is the number of the entry's own register, and there is none "
                            "here: write raw(name)");
    return formula_add_leaf(draft, &leaf, &operand);
}

int formula_take_word(struct draft *draft, const char *word, size_t start)
{
    size_t end = start + strlen(word);
    bool is_true = strcmp(word, "true") == 0;
    if (is_true || strcmp(word, "false") == 0) {
        struct node leaf = {
            .kind = NODE_CONSTANT, .type = FORMULA_BOOLEAN, .constant = value_boolean(is_true)};
        struct operand operand = {.start = (uint16_t)start, .end = (uint16_t)end};
        return formula_add_leaf(draft, &leaf, &operand);
    }
    if (strcmp(word, "raw") == 0)
        return take_own_raw(draft, start);
    if (strcmp(word, "now") == 0 || strncmp(word, "now.", 4) == 0)
        return take_now(draft, word[3] ? word + 4 : "", start, end);
    return take_name(draft, word, start);
}

struct expansion {
    struct draft *draft;
    size_t start;
    size_t end;
    bool failed;
};

static void take_match(void *context, const struct symbol *symbol)
{
    struct expansion *expansion = context;
    if (expansion->failed)
        return;
    expansion->failed =
        take_symbol(expansion->draft, symbol, expansion->start, expansion->end) != 0;
}

int formula_take_pattern(struct draft *draft, const struct value *pattern, size_t start,
                         size_t end)
{
    struct expansion expansion = {.draft = draft, .start = start, .end = end};
    size_t before = draft->operand_count;
    if (draft->names->match)
        draft->names->match(draft->names->context, pattern->text.bytes, take_match, &expansion);
    if (expansion.failed)
        return -1;
    if (draft->operand_count == before)
        return formula_fail(draft, start, "no name matches \"%s\"", pattern->text.bytes);
    return 0;
}
