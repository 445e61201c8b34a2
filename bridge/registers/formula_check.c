// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"

int formula_fail(struct draft *draft, size_t offset, const char *format, ...)
{
    va_list args;
    draft->err->code = ERROR_CONFIG;
    va_start(args, format);
    (void)vsnprintf(draft->err->text, sizeof draft->err->text, format, args);
    va_end(args);
    utf8_mend_end(draft->err->text);
    draft->error_offset = offset;
    return -1;
}

const char *formula_snippet(const struct draft *draft, const struct operand *operand,
                            char ret_text[64])
{
    int length = operand->end - operand->start;
    const char *text = draft->text + operand->start;
    if (length < 48) {
        (void)snprintf(ret_text, 64, "%.*s", length, text);
        return ret_text;
    }
    length = 44;
    while (length > 0 && ((unsigned char)text[length] & 0xC0U) == 0x80U)
        length--;
    (void)snprintf(ret_text, 64, "%.*s ...", length, text);
    return ret_text;
}

const char *formula_type_name(enum formula_type type)
{
    switch (type) {
    case FORMULA_BOOLEAN:
        return "a boolean";
    case FORMULA_NUMBER:
        return "a number";
    case FORMULA_TEXT:
        return "a text";
    case FORMULA_EVENTS:
        return "an event list";
    case FORMULA_ANY:
        break;
    }
    return "anything";
}

static const char *plural_name(enum formula_type type)
{
    switch (type) {
    case FORMULA_BOOLEAN:
        return "booleans";
    case FORMULA_NUMBER:
        return "numbers";
    case FORMULA_TEXT:
        return "texts";
    case FORMULA_EVENTS:
        return "event lists";
    case FORMULA_ANY:
        break;
    }
    return "values";
}

// and, True, ... of people who come from other languages.
static bool is_reserved_elsewhere(const char *word)
{
    static const char *const reserved[] = {"and", "or", "not", "true", "false"};
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++) {
        if (strcasecmp(word, reserved[i]) == 0)
            return true;
    }
    return false;
}

int formula_check_word(struct draft *draft, const struct operand *operand)
{
    const struct node *node = &draft->nodes[operand->last];
    if (node->kind != NODE_WORD)
        return 0;
    const char *word = node->constant.text.bytes;
    const char *similar = NULL;
    if (is_reserved_elsewhere(word))
        return formula_fail(draft, operand->start, "write '%s' in small letters", word);
    if (formula_find_function(word))
        return formula_fail(draft, operand->start, "'%s' is a function: write %s(...)", word,
                            word);
    if (draft->names->suggest)
        similar = draft->names->suggest(draft->names->context, word);
    if (similar)
        return formula_fail(draft, operand->start, "unknown name '%s': did you mean '%s'?",
                            word, similar);
    return formula_fail(draft, operand->start,
                        "unknown name '%s' (a text stands in double quotes)", word);
}

static bool has_labels(const struct operand *operand)
{
    return operand->type == FORMULA_TEXT && (operand->labels || operand->choices);
}

static bool is_text(const struct value *value, const char *text)
{
    return value->text.length == strlen(text) &&
           memcmp(value->text.bytes, text, value->text.length) == 0;
}

static bool has_label(const struct operand *operand, const struct value *text)
{
    const struct labels *labels = operand->labels;
    for (size_t i = 0; labels && i < labels->count; i++) {
        if (is_text(text, labels->rows[i].text))
            return true;
    }
    if (labels && labels->otherwise && is_text(text, labels->otherwise))
        return true;
    for (size_t i = 0; i < operand->choice_count; i++) {
        if (is_text(text, operand->choices[i]))
            return true;
    }
    return false;
}

static void add_label(struct strbuf *list, size_t *count, const char *label)
{
    enum { MOST = 12 };
    if (*count == MOST)
        strbuf_add(list, ", ...");
    else if (*count < MOST)
        strbuf_printf(list, "%s%s", *count ? ", " : "", label);
    (*count)++;
}

// "battery_first, load_first"
static void list_labels(const struct operand *operand, struct strbuf *ret_list)
{
    const struct labels *labels = operand->labels;
    size_t count = 0;
    for (size_t i = 0; labels && i < labels->count; i++)
        add_label(ret_list, &count, labels->rows[i].text);
    if (labels && labels->otherwise)
        add_label(ret_list, &count, labels->otherwise);
    for (size_t i = 0; i < operand->choice_count; i++)
        add_label(ret_list, &count, operand->choices[i]);
}

// A word or text beside something with labels must be one of them.
static int resolve_label(struct draft *draft, const struct operand *labelled,
                         struct operand *other)
{
    struct node *node = &draft->nodes[other->last];
    bool is_constant = node->kind == NODE_CONSTANT && node->constant.kind == VALUE_TEXT;
    if (!has_labels(labelled) || (node->kind != NODE_WORD && !is_constant))
        return 0;
    if (has_label(labelled, &node->constant)) {
        node->kind = NODE_CONSTANT;
        node->type = FORMULA_TEXT;
        other->type = FORMULA_TEXT;
        return 0;
    }
    char snippet[64];
    struct strbuf list = {0};
    list_labels(labelled, &list);
    (void)formula_fail(draft, other->start, "%s is never '%.*s': its labels are %s",
                       formula_snippet(draft, labelled, snippet),
                       (int)node->constant.text.length, node->constant.text.bytes,
                       strbuf_text(&list));
    strbuf_done(&list);
    return -1;
}

static int check_type(struct draft *draft, const struct operation *operation,
                      const struct operand *operand, size_t index)
{
    size_t row = index < MAX_PARAMETERS ? index : MAX_PARAMETERS - 1;
    enum formula_type needed = operation->parameters[row];
    char snippet[64];
    if (needed == FORMULA_ANY || operand->type == needed)
        return 0;
    (void)formula_snippet(draft, operand, snippet);
    const char *found = formula_type_name(operand->type);
    if (operation->takes_patterns || !formula_find_function(operation->name))
        return formula_fail(draft, operand->start, "'%s' needs %s, but %s is %s",
                            operation->name, plural_name(needed), snippet, found);
    if (operation->most == 1)
        return formula_fail(draft, operand->start, "'%s' needs %s, but %s is %s",
                            operation->name, formula_type_name(needed), snippet, found);
    return formula_fail(draft, operand->start, "argument %zu of '%s' is %s, but %s is %s",
                        index + 1, operation->name, formula_type_name(needed), snippet, found);
}

static int check_count(struct draft *draft, const struct operation *operation, size_t count,
                       size_t start)
{
    const char *name = operation->name;
    if (count >= operation->least && count <= operation->most)
        return 0;
    if (operation->least == operation->most)
        return formula_fail(draft, start, "'%s' takes %zu argument%s, but %zu %s given", name,
                            operation->least, operation->least == 1 ? "" : "s", count,
                            count == 1 ? "is" : "are");
    return formula_fail(draft, start, "'%s' takes %zu or %zu arguments, but %zu are given",
                        name, operation->least, operation->most, count);
}

int formula_check_operands(struct draft *draft, const struct operation *operation,
                           struct operand *operands, size_t count, size_t start)
{
    if (check_count(draft, operation, count, start))
        return -1;
    if (operation->takes_labels && (resolve_label(draft, &operands[0], &operands[1]) ||
                                    resolve_label(draft, &operands[1], &operands[0])))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (formula_check_word(draft, &operands[i]))
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (check_type(draft, operation, &operands[i], i))
            return -1;
    }
    return operation->check ? operation->check(draft, operands, count) : 0;
}

int formula_check_alike(struct draft *draft, struct operand *operands, size_t count)
{
    const struct operand *first = &operands[count - 2];
    const struct operand *second = &operands[count - 1];
    char left[64];
    char right[64];
    if (first->type == second->type)
        return 0;
    return formula_fail(draft, second->start, "%s is %s, but %s is %s: both must be alike",
                        formula_snippet(draft, first, left), formula_type_name(first->type),
                        formula_snippet(draft, second, right), formula_type_name(second->type));
}

int formula_check_equality(struct draft *draft, struct operand *operands, size_t count)
{
    char left[64];
    char right[64];
    (void)count;
    if (operands[0].type == operands[1].type)
        return 0;
    (void)formula_snippet(draft, &operands[0], left);
    (void)formula_snippet(draft, &operands[1], right);
    bool is_code = (has_labels(&operands[0]) && operands[1].type == FORMULA_NUMBER) ||
                   (has_labels(&operands[1]) && operands[0].type == FORMULA_NUMBER);
    if (!is_code)
        return formula_fail(draft, operands[0].start,
                            "%s is %s, but %s is %s: only like compares with like", left,
                            formula_type_name(operands[0].type), right,
                            formula_type_name(operands[1].type));
    bool is_left = has_labels(&operands[0]);
    struct strbuf list = {0};
    list_labels(&operands[is_left ? 0 : 1], &list);
    (void)formula_fail(draft, operands[0].start,
                       "%s is a text, but %s is a number: its labels are %s; its code is "
                       "raw(%s)",
                       is_left ? left : right, is_left ? right : left, strbuf_text(&list),
                       is_left ? left : right);
    strbuf_done(&list);
    return -1;
}
