// SPDX-License-Identifier: MIT
// Operators and calls wait on a stack until what follows binds less tightly (E. W. Dijkstra,
// "shunting yard", 1961): the nodes come out in the order of their evaluation, and no text can
// exhaust the program's stack.
#include "registers/formula_tree.h"

#include <stdio.h>
#include <string.h>

#include "registers/formula_scan.h"

static struct open *innermost(struct draft *draft)
{
    return draft->open_count ? &draft->opens[draft->open_count - 1] : NULL;
}

static int push_open(struct draft *draft, const struct open *open, bool nests)
{
    draft->nesting += nests;
    if (draft->nesting > MAX_FORMULA_NESTING)
        return formula_fail(draft, open->start, "the formula is nested deeper than %d",
                            MAX_FORMULA_NESTING);
    if (draft->open_count == MAX_FORMULA_NODES)
        return formula_fail(draft, open->start, "the formula is too long");
    draft->opens[draft->open_count] = *open;
    draft->opens[draft->open_count].operands = (uint16_t)draft->operand_count;
    draft->open_count++;
    return 0;
}

// Whether an operator counts as nesting: prefixes and powers pile up without a parenthesis.
static bool is_piling(const struct operator_row *row)
{
    return row->fixity == FIXITY_PREFIX || row->fixity == FIXITY_RIGHT;
}

static bool result_is_integer(const struct operation *operation, const struct operand *operands,
                              size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        if (operands[i].type == FORMULA_NUMBER && !operands[i].is_integer)
            all = false;
    }
    switch (operation->whole) {
    case WHOLE_NEVER:
        return false;
    case WHOLE_ALWAYS:
        return true;
    case WHOLE_OF_WHOLE:
        return all;
    case WHOLE_WHEN_ROUNDED:
        return count == 1 || operands[0].is_integer;
    }
    return false;
}

// Both branches of if(condition, a, b) are skipped unless the condition is as they need it.
static void guard_branches(struct draft *draft, const struct operand *operands)
{
    for (int i = 1; i <= 2; i++)
        draft->nodes[operands[i].first].guard =
            (struct guard){.end = operands[i].last, .depth = (uint8_t)i, .condition = i == 1};
}

// Replaces the last `count` operands by what the operation makes of them.
static int combine(struct draft *draft, const struct operation *operation, size_t count,
                   size_t start, size_t end)
{
    struct operand *operands = &draft->operands[draft->operand_count - count];
    if (formula_check_operands(draft, operation, operands, count, start))
        return -1;
    operands[0].start = (uint16_t)start;
    operands[0].end = (uint16_t)end;
    if (!operation->evaluate) {
        draft->operand_count -= count - 1;
        return 0;
    }
    if (operation->is_choice)
        guard_branches(draft, operands);
    enum formula_type last_type = operands[count - 1].type;
    struct node node = {.kind = NODE_OPERATION,
                        .count = (uint16_t)count,
                        .operation = operation,
                        .type = operation->result ? operation->result : last_type};
    struct operand made = {.start = (uint16_t)start,
                           .end = (uint16_t)end,
                           .is_integer = result_is_integer(operation, operands, count)};
    uint16_t first = operands[0].first;
    draft->operand_count -= count;
    if (formula_add_leaf(draft, &node, &made))
        return -1;
    draft->operands[draft->operand_count - 1].first = first;
    return 0;
}

// Applies the innermost open operator to its operands.
static int apply_operator(struct draft *draft)
{
    struct open open = draft->opens[--draft->open_count];
    const struct operation *operation = &open.operator_row->operation;
    draft->nesting -= is_piling(open.operator_row);
    const struct operand *last = &draft->operands[draft->operand_count - 1];
    size_t start = open.start;
    if (operation->least == 2)
        start = (last - 1)->start;
    return combine(draft, operation, operation->least, start, last->end);
}

// Applies all operators up to the innermost parenthesis or call.
static int apply_operators(struct draft *draft)
{
    while (innermost(draft) && innermost(draft)->operator_row) {
        if (apply_operator(draft))
            return -1;
    }
    return 0;
}

static bool is_mark(const struct token *token, const char *text)
{
    return token->kind == TOKEN_MARK && strcmp(token->text, text) == 0;
}

// What the text ends inside of: in a map, most often at a comma that YAML took for its own.
static int refuse_end(struct draft *draft, size_t end)
{
    for (size_t i = draft->open_count; i-- > 0;) {
        const struct open *open = &draft->opens[i];
        if (open->function)
            return formula_fail(draft, end,
                                "the formula ends inside %s(...): ')' is missing, or it has a "
                                "comma and stands inside {...}, where it must be quoted",
                                open->function->name);
        if (!open->operator_row)
            return formula_fail(draft, open->start, "')' is missing for this '('");
    }
    return formula_fail(draft, end, "a value is missing at the end");
}

static int refuse_missing_value(struct draft *draft, const struct token *token)
{
    const struct open *open = innermost(draft);
    if (token->kind == TOKEN_END && !open && draft->operand_count == 0)
        return formula_fail(draft, 0, "the formula is empty");
    if (token->kind == TOKEN_END)
        return refuse_end(draft, token->start);
    if (open && open->function && is_mark(token, ")"))
        return formula_fail(draft, token->start, "'%s' lacks an argument",
                            open->function->name);
    return formula_fail(draft, token->start, "a value is missing before '%s'", token->text);
}

// not binds less tightly than comparisons and arithmetic: `1 + not x` has no good reading.
static int push_prefix(struct draft *draft, const struct token *token,
                       const struct operator_row *row)
{
    const struct open *open = innermost(draft);
    struct open pushed = {.operator_row = row, .start = (uint16_t)token->start};
    if (open && open->operator_row && open->operator_row->precedence > row->precedence &&
        row->precedence == PRECEDENCE_NOT)
        return formula_fail(draft, token->start,
                            "'not' after '%s' stands in parentheses: (not ...)",
                            open->operator_row->operation.name);
    return push_open(draft, &pushed, true);
}

static int refuse_function(struct draft *draft, const struct token *token)
{
    char list[240];
    formula_list_functions(list, sizeof list);
    return formula_fail(draft, token->start, "unknown function '%s': there are %s", token->text,
                        list);
}

static int take_function(struct draft *draft, const struct token *token)
{
    const struct operation *function = formula_find_function(token->text);
    if (!function)
        return refuse_function(draft, token);
    draft->called = (struct open){.function = function, .start = (uint16_t)token->start};
    return 0;
}

// The parenthesis of a call when a function stands before it.
static int open_parenthesis(struct draft *draft, const struct token *token)
{
    struct open pushed = draft->called;
    if (!pushed.function)
        pushed.start = (uint16_t)token->start;
    draft->called = (struct open){0};
    return push_open(draft, &pushed, true);
}

static int take_constant(struct draft *draft, const struct token *token)
{
    struct node leaf = {.kind = NODE_CONSTANT,
                        .type = formula_type_of(&token->value),
                        .constant = token->value};
    struct operand operand = {.start = (uint16_t)token->start,
                              .end = (uint16_t)token->end,
                              .is_integer = token->value.kind == VALUE_INTEGER};
    return formula_add_leaf(draft, &leaf, &operand);
}

// A text is a pattern when it is a whole argument of a function that takes patterns.
static int take_text(struct draft *draft, const struct token *token, const struct token *next)
{
    const struct open *open = innermost(draft);
    bool is_argument = is_mark(next, ",") || is_mark(next, ")");
    if (open && open->function && open->function->takes_patterns && is_argument)
        return formula_take_pattern(draft, &token->value, token->start, token->end);
    return take_constant(draft, token);
}

// Takes a token where a value may begin. *ret_complete says whether a value is complete.
static int take_value(struct draft *draft, const struct token *token, const struct token *next,
                      bool *ret_complete)
{
    bool is_word = token->kind == TOKEN_WORD;
    const struct operator_row *prefix = NULL;
    if (is_word || token->kind == TOKEN_MARK)
        prefix = formula_find_operator(token->text, true);
    *ret_complete = false;
    if (prefix)
        return push_prefix(draft, token, prefix);
    if (is_mark(token, "("))
        return open_parenthesis(draft, token);
    if (is_word && formula_find_operator(token->text, false))
        return refuse_missing_value(draft, token);
    if (is_word && is_mark(next, "("))
        return take_function(draft, token);
    *ret_complete = true;
    if (is_word)
        return formula_take_word(draft, token->text, token->start);
    if (token->kind == TOKEN_TEXT)
        return take_text(draft, token, next);
    if (token->kind == TOKEN_NUMBER)
        return take_constant(draft, token);
    return refuse_missing_value(draft, token);
}

static int push_infix(struct draft *draft, const struct token *token,
                      const struct operator_row *row)
{
    struct open pushed = {.operator_row = row, .start = (uint16_t)token->start};
    while (innermost(draft) && innermost(draft)->operator_row) {
        const struct operator_row *above = innermost(draft)->operator_row;
        bool is_equal = above->precedence == row->precedence;
        if (is_equal && row->fixity == FIXITY_NONE)
            return formula_fail(draft, token->start,
                                "comparisons do not chain: write a < b and b < c");
        if (above->precedence < row->precedence || (is_equal && row->fixity == FIXITY_RIGHT))
            break;
        if (apply_operator(draft))
            return -1;
    }
    return push_open(draft, &pushed, is_piling(row));
}

static int close(struct draft *draft, const struct token *token)
{
    if (apply_operators(draft))
        return -1;
    if (!draft->open_count)
        return formula_fail(draft, token->start, "there is no '(' for this ')'");
    struct open open = draft->opens[--draft->open_count];
    draft->nesting--;
    if (open.function)
        return combine(draft, open.function, draft->operand_count - open.operands, open.start,
                       token->end);
    struct operand *inner = &draft->operands[draft->operand_count - 1];
    inner->start = open.start;
    inner->end = (uint16_t)token->end;
    return 0;
}

static int take_comma(struct draft *draft, const struct token *token)
{
    if (apply_operators(draft))
        return -1;
    if (!innermost(draft) || !innermost(draft)->function)
        return formula_fail(draft, token->start,
                            "a ',' stands between the arguments of a function only");
    return 0;
}

// Takes a token after a complete value. *ret_complete says whether the value still is.
static int take_continuation(struct draft *draft, const struct token *token, bool *ret_complete)
{
    const struct operator_row *infix = NULL;
    if (token->kind == TOKEN_WORD || token->kind == TOKEN_MARK)
        infix = formula_find_operator(token->text, false);
    *ret_complete = is_mark(token, ")");
    if (infix)
        return push_infix(draft, token, infix);
    if (is_mark(token, ")"))
        return close(draft, token);
    if (is_mark(token, ","))
        return take_comma(draft, token);
    return formula_fail(draft, token->start, "an operator is missing before '%.*s'",
                        (int)(token->end - token->start), draft->text + token->start);
}

static int scan(struct draft *draft, size_t at, struct token *ret_token)
{
    if (formula_scan(draft->arena, draft->text, at, ret_token, draft->err)) {
        draft->error_offset = ret_token->start;
        return -1;
    }
    return 0;
}

static int parse_text(struct draft *draft)
{
    struct token token;
    struct token next;
    bool is_complete = false;
    if (scan(draft, 0, &token))
        return -1;
    while (token.kind != TOKEN_END || !is_complete) {
        if (token.kind == TOKEN_END)
            return refuse_missing_value(draft, &token);
        if (scan(draft, token.end, &next))
            return -1;
        int failed = is_complete ? take_continuation(draft, &token, &is_complete)
                                 : take_value(draft, &token, &next, &is_complete);
        if (failed)
            return -1;
        token = next;
    }
    if (apply_operators(draft))
        return -1;
    if (draft->open_count)
        return refuse_end(draft, token.start);
    return formula_check_word(draft, &draft->operands[0]);
}

static int check_result(struct draft *draft, enum formula_type expected)
{
    const struct operand *result = &draft->operands[0];
    char snippet[64];
    if (expected == FORMULA_ANY || result->type == expected)
        return 0;
    return formula_fail(draft, result->start, "%s is needed here, but %s is %s",
                        formula_type_name(expected), formula_snippet(draft, result, snippet),
                        formula_type_name(result->type));
}

// A formula that depends on nothing is evaluated once.
static void fold(struct arena *arena, struct formula *formula)
{
    struct formula_space space = {0};
    struct formula_inputs nothing = {0};
    for (size_t i = 0; i < formula->node_count; i++) {
        enum node_kind kind = formula->nodes[i].kind;
        if (kind != NODE_CONSTANT && kind != NODE_OPERATION)
            return;
    }
    formula->constant = formula_evaluate(formula, &nothing, &space);
    formula->is_constant = true;
    if (formula->constant.kind == VALUE_TEXT)
        formula->constant.text.bytes =
            arena_copy(arena, formula->constant.text.bytes, formula->constant.text.length);
}

static const struct formula *finish(const struct draft *draft)
{
    struct formula *formula = ARENA_NEW(draft->arena, struct formula);
    struct node *nodes = ARENA_NEW_ARRAY(draft->arena, draft->node_count, struct node);
    memcpy(nodes, draft->nodes, draft->node_count * sizeof *nodes);
    formula->text = arena_text(draft->arena, draft->text);
    formula->nodes = nodes;
    formula->node_count = draft->node_count;
    formula->type = draft->operands[0].type;
    formula->is_integer = formula->type == FORMULA_NUMBER && draft->operands[0].is_integer;
    fold(draft->arena, formula);
    return formula;
}

// One parameter more than usual: a finding is a text and a place, the rest is where from, what
// and where to. NOLINTNEXTLINE(readability-function-size)
int formula_parse(struct arena *arena, const char *text, const struct formula_names *names,
                  enum formula_type expected, const struct formula **ret_formula,
                  size_t *ret_offset, struct error *err)
{
    struct draft draft = {.arena = arena, .text = text, .names = names, .err = err};
    int failed = 0;
    if (strlen(text) > MAX_FORMULA_BYTES)
        failed = formula_fail(&draft, 0, "a formula has at most %d bytes", MAX_FORMULA_BYTES);
    else
        failed = parse_text(&draft) || check_result(&draft, expected);
    if (failed) {
        *ret_offset = draft.error_offset;
        return -1;
    }
    *ret_formula = finish(&draft);
    return 0;
}
