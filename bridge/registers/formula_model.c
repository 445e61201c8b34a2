// SPDX-License-Identifier: MIT
// model(101..103, 2): which model is meant is known when the formula is parsed.
#include "registers/formula_tree.h"

#include <stdio.h>
#include <string.h>

#include "model/sunspec.h"

int formula_check_ids(struct draft *draft, struct operand *operands, size_t count)
{
    (void)count;
    const struct open *open = draft->open_count ? &draft->opens[draft->open_count - 1] : NULL;
    if (open && open->function && strcmp(open->function->name, "model") == 0)
        return 0;
    return formula_fail(draft, operands[0].end,
                        "'..' stands between the ids of a SunSpec model only: model(101..103)");
}

// The value of nodes first..last when they depend on nothing; else unknown.
static struct value constant_of(const struct draft *draft, size_t first, size_t last)
{
    struct formula_space space = {0};
    struct formula_inputs nothing = {0};
    struct node nodes[MAX_FORMULA_NODES];
    struct formula part = {.nodes = nodes, .node_count = last - first + 1};
    for (size_t i = first; i <= last; i++) {
        struct node *node = &nodes[i - first];
        *node = draft->nodes[i];
        if (node->kind != NODE_CONSTANT && node->kind != NODE_OPERATION)
            return value_unknown();
        if (node->guard.depth)
            node->guard.end = (uint16_t)(node->guard.end - first);
    }
    return formula_evaluate(&part, &nothing, &space);
}

static int read_number(struct draft *draft, const struct operand *operand, size_t last,
                       const char *what, int high, uint16_t *ret_number)
{
    struct value value = constant_of(draft, operand->first, last);
    int128 number = 0;
    if (!value_is_number(&value) || !formula_whole(&value, &number) || number < 1 ||
        number > high)
        return formula_fail(draft, operand->start,
                            "%s of a SunSpec model is a constant from 1 to %d", what, high);
    *ret_number = (uint16_t)number;
    return 0;
}

static bool is_range(const struct node *node)
{
    return node->kind == NODE_OPERATION && strcmp(node->operation->name, "..") == 0;
}

// 101 or 101..103. The nodes of a range are: low, high, "..".
static int read_ids(struct draft *draft, const struct operand *operand,
                    struct sunspec_model *model)
{
    size_t last = operand->last;
    if (!is_range(&draft->nodes[last])) {
        if (read_number(draft, operand, last, "the id", SUNSPEC_LAST_ID, &model->low))
            return -1;
        model->high = model->low;
        return 0;
    }
    struct operand high = *operand;
    high.first = (uint16_t)(last - 1);
    // Ends that are more than a number each would need to be told apart: they are not needed.
    if (operand->first + 2u != last)
        return formula_fail(draft, operand->start, "the ends of a range of ids are numbers");
    if (read_number(draft, operand, operand->first, "the id", SUNSPEC_LAST_ID, &model->low) ||
        read_number(draft, &high, last - 1, "the id", SUNSPEC_LAST_ID, &model->high))
        return -1;
    if (model->low >= model->high)
        return formula_fail(draft, operand->start, "the lower id comes first: model(101..103)");
    return 0;
}

int formula_check_model(struct draft *draft, struct operand *operands, size_t count)
{
    struct sunspec_model model = {.instance = 1};
    if (!draft->names->model)
        return formula_fail(draft, operands[0].start,
                            "a SunSpec model cannot be used here: only in the addresses of "
                            "registers and in conditions");
    if (read_ids(draft, &operands[0], &model))
        return -1;
    if (count == 2 && is_range(&draft->nodes[operands[1].last]))
        return formula_fail(draft, operands[1].start,
                            "the second argument says which one of several such models: 2");
    if (count == 2 && read_number(draft, &operands[1], operands[1].last, "the instance",
                                  MAX_SUNSPEC_INSTANCE, &model.instance))
        return -1;
    draft->error_offset = operands[0].start;
    int index = draft->names->model(draft->names->context, &model, draft->err);
    if (index < 0)
        return -1;
    struct operand *whole = &operands[0];
    draft->node_count = whole->first + 1u;
    draft->nodes[whole->first] = (struct node){
        .kind = NODE_MODEL,
        .type = draft->names->model_is_address ? FORMULA_NUMBER : FORMULA_BOOLEAN,
        .index = index,
    };
    whole->last = whole->first;
    whole->type = draft->nodes[whole->first].type;
    whole->is_integer = true;
    return 0;
}

// A part of an address: model * times + offset.
struct part {
    int times;
    int model;
    struct value offset;
};

// What + and - make of two parts; anything else only of constants. The first part becomes it.
static int combine_parts(const struct node *node, struct part *parts)
{
    const struct part a = parts[0];
    const struct part b = parts[node->count - 1];
    struct value operands[MAX_FORMULA_NODES];
    struct formula_space space = {0};
    bool has_model = false;
    for (size_t i = 0; i < node->count; i++) {
        operands[i] = parts[i].offset;
        has_model |= parts[i].times != 0;
    }
    struct call call = {.operands = operands, .count = node->count, .space = &space};
    const char *name = node->operation->name;
    bool is_sum = node->count == 2 && strcmp(name, "+") == 0;
    bool is_difference = node->count == 2 && strcmp(name, "-") == 0;
    bool has_two = node->count == 2 && a.times != 0 && b.times != 0;
    if (has_two || (has_model && !is_sum && !is_difference))
        return -1;
    int sign = is_difference ? -1 : 1;
    parts[0].times = has_model ? a.times + sign * b.times : 0;
    parts[0].model = a.times ? a.model : b.model;
    for (size_t i = 0; i < node->count; i++) {
        if (!value_is_known(&operands[i]))
            return -1;
    }
    parts[0].offset = node->operation->evaluate(&call);
    return 0;
}

static int refuse(struct error *err)
{
    return error_set(err, ERROR_CONFIG,
                     "an address in a SunSpec model is model(id) + a whole number, such as "
                     "model(160) + 14");
}

int formula_split_address(const struct formula *formula, int *ret_model, int64_t *ret_offset,
                          struct error *err)
{
    struct part parts[MAX_FORMULA_NODES] = {0};
    size_t used = 0;
    if (formula->is_constant) {
        parts[0] = (struct part){.offset = formula->constant};
        used = 1;
    }
    for (size_t i = 0; i < formula->node_count && !formula->is_constant; i++) {
        const struct node *node = &formula->nodes[i];
        if (node->kind != NODE_OPERATION) {
            bool is_model = node->kind == NODE_MODEL;
            parts[used++] = (struct part){is_model ? 1 : 0, is_model ? node->index : 0,
                                          is_model ? value_integer(0) : node->constant};
            continue;
        }
        used -= node->count;
        if (combine_parts(node, &parts[used]))
            return refuse(err);
        used++;
    }
    int128 offset = 0;
    bool is_whole = value_is_number(&parts[0].offset) &&
                    formula_whole(&parts[0].offset, &offset) && offset >= INT64_MIN &&
                    offset <= INT64_MAX;
    if (!is_whole || parts[0].times < 0 || parts[0].times > 1)
        return refuse(err);
    *ret_model = parts[0].times ? parts[0].model : SUNSPEC_NONE;
    *ret_offset = (int64_t)offset;
    return 0;
}
