// SPDX-License-Identifier: MIT
// hold: of a write step: what is written again and again, and what is written when that ends.
// The end must be possible whatever happened in between, so it may depend on nothing that would
// have to be read then.
#include "base/mem.h"
#include "config/load_command.h"
#include "model/message.h"
#include "registers/formula.h"

struct hold_fields {
    int64_t every_ms;
    const struct node *duration;
    const struct node *then;
};

static const struct field hold_rows[] = {
    {.name = "every",
     .kind = FIELD_DURATION,
     FIELD_AT(hold_fields, every_ms),
     .required = true,
     .min = 100,
     .max = 86400000,
     .help = "how often it is written again"},
    {.name = "for",
     .kind = FIELD_FORMULA,
     FIELD_AT(hold_fields, duration),
     .required = true,
     .shape = "duration, or formula of seconds",
     .help = "how long"},
    {.name = "then",
     .kind = FIELD_NODE,
     FIELD_AT(hold_fields, then),
     .required = true,
     .shape = "{entry: value}",
     .help = "the safe values written at the end"},
};

const struct field_table table_hold = {
    .name = "hold",
    .help = "writes again and again what the equipment forgets",
    .rows = hold_rows,
    .count = ARRAY_LENGTH(hold_rows),
};

static int load_hold_time(struct draft_command *draft, const struct node *node,
                          const struct formula **ret_formula)
{
    int64_t ms = 0;
    if (node->kind == NODE_SCALAR && num_parse_duration_ms(node->text, &ms) && ms > 0) {
        struct value seconds =
            ms % 1000 == 0 ? value_integer(ms / 1000) : value_real((double)ms / 1000, 3);
        *ret_formula = formula_constant(draft->loader->reader.arena, &seconds);
        return 0;
    }
    return load_formula(&draft->scope, node, "for", FORMULA_NUMBER, ret_formula);
}

// Notes the first entry that a formula names.
static void note_point(void *context, int point)
{
    int *first = context;
    if (*first == NO_INDEX)
        *first = point;
}

// Whether a formula may show what no message may show.
static bool is_secret(const struct draft_command *draft, const struct formula *formula)
{
    int argument = formula_argument(formula);
    bool any = false;
    for (size_t i = 0; i < draft->argument_count; i++)
        any |= draft->arguments[i].sensitive;
    return argument == NO_INDEX ? any && formula_uses_arguments(formula)
                                : draft->arguments[argument].sensitive;
}

static int report_secret(struct draft_command *draft, const struct node *node, const char *name)
{
    return diagnostics_error(
        draft->loader->reader.diagnostics, &node->at,
        "%s: cannot be made of a sensitive argument: it is written to logs "
        "and kept on disk",
        name);
}

static bool is_written(const struct step *step, int point)
{
    for (size_t i = 0; i < step->write_count; i++) {
        if (step->writes[i].point == point)
            return true;
    }
    return false;
}

static int check_then(struct draft_command *draft, const struct node *node,
                      const struct step *step)
{
    struct diagnostics *diagnostics = draft->loader->reader.diagnostics;
    const struct point *points = draft->loader->points;
    if (step->hold_then_count > MAX_HOLD_ENTRIES)
        return diagnostics_error(diagnostics, &node->at, "then: at most %d entries",
                                 MAX_HOLD_ENTRIES);
    for (size_t i = 0; i < step->hold_then_count; i++) {
        const struct assignment *then = &step->hold_then[i];
        int named = NO_INDEX;
        if (is_secret(draft, then->value))
            return report_secret(draft, node, "then");
        formula_each_point(then->value, note_point, &named);
        if (named != NO_INDEX)
            return diagnostics_error(
                diagnostics, &node->at,
                "then: '%s' cannot depend on '%s': it is also written when nothing could be "
                "read, so it must be a constant or made of arguments",
                points[then->point].key, points[named].key);
        if (!is_written(step, then->point))
            return diagnostics_error(diagnostics, &node->at,
                                     "then: '%s' is not among what is held: a hold ends in its "
                                     "own registers",
                                     points[then->point].key);
    }
    return 0;
}

// The frame is sent again as it is, so everything in it must be this step's.
static int check_writes(struct draft_command *draft, const struct node *node,
                        const struct step *step)
{
    for (size_t i = 0; i < step->write_count; i++) {
        const struct point *point = &draft->loader->points[step->writes[i].point];
        if (point->bit_low != NO_INDEX || point->source == SOURCE_VIEW)
            return diagnostics_error(draft->loader->reader.diagnostics, &node->at,
                                     "'%s' is a part of a register and cannot be held: each "
                                     "time the other bits would be set back to what they were "
                                     "at first",
                                     point->key);
    }
    return 0;
}

static int check_place(struct draft_command *draft, const struct node *node)
{
    struct diagnostics *diagnostics = draft->loader->reader.diagnostics;
    if (draft->in_failure)
        return diagnostics_error(diagnostics, &node->at,
                                 "hold has no place in on_failure: a command that fails ends "
                                 "what it holds");
    if (draft->fields.wrap)
        return diagnostics_error(diagnostics, &node->at,
                                 "hold has no place inside a procedure: it goes on when the "
                                 "procedure has ended");
    return 0;
}

static int check_time(struct draft_command *draft, const struct node *node,
                      const struct step *step)
{
    const struct value *seconds = formula_constant_value(step->hold_for);
    if (is_secret(draft, step->hold_for))
        return report_secret(draft, node, "for");
    if (!seconds || !value_is_number(seconds) ||
        value_number(seconds) * 1000 > (double)step->hold_every_ms)
        return 0;
    return diagnostics_error(draft->loader->reader.diagnostics, &node->at,
                             "for is not longer than every: it would never be written again");
}

static int load_then(struct draft_command *draft, const struct node *node, struct step *step)
{
    bool allowed_now = draft->scope.allow_now;
    draft->scope.allow_now = false;
    int result =
        load_assignments(draft, node, "then", &step->hold_then, &step->hold_then_count);
    draft->scope.allow_now = allowed_now;
    return result < 0 ? -1 : check_then(draft, node, step);
}

int load_hold(struct draft_command *draft, const struct node *node, struct step *step)
{
    struct hold_fields fields = {0};
    struct layers layers = {{node}};
    if (fields_read(&draft->loader->reader, &table_hold, &layers, &fields) < 0 ||
        check_place(draft, node) < 0)
        return -1;
    step->hold_every_ms = fields.every_ms;
    int result = load_hold_time(draft, fields.duration, &step->hold_for);
    if (result == 0)
        result = check_time(draft, fields.duration, step);
    if (load_then(draft, fields.then, step) < 0 || check_writes(draft, node, step) < 0)
        result = -1;
    return result;
}
