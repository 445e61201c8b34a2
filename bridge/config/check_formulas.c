// SPDX-License-Identifier: MIT
// Formulas that decide nothing: conditions that are constant, comparisons with what can never
// be.
#include "config/load.h"
#include "registers/comparison.h"

struct place {
    struct loader *loader;
    const struct node *node;
};

static const char *verdict_name(bool verdict)
{
    return verdict ? "true" : "false";
}

static void report_foregone(void *context, const struct foregone *foregone)
{
    const struct place *place = context;
    struct diagnostics *diagnostics = place->loader->reader.diagnostics;
    struct position at = tree_place_in(place->node, foregone->offset);
    char low[48];
    char high[48];
    if (foregone->is_fraction) {
        diagnostics_warning(diagnostics, &at,
                            "'%s' is always whole: this comparison is always %s",
                            foregone->point->key, verdict_name(foregone->verdict));
        return;
    }
    value_format(&foregone->low, low, sizeof low);
    value_format(&foregone->high, high, sizeof high);
    diagnostics_warning(diagnostics, &at, "'%s' is %s to %s: this comparison is always %s",
                        foregone->point->key, low, high, verdict_name(foregone->verdict));
}

void check_formula(struct loader *loader, const struct node *node, const char *name,
                   const struct formula *formula)
{
    struct place place = {loader, node};
    const struct value *constant = formula_constant_value(formula);
    if (constant && !value_is_known(constant) && !formula_depends_on_installation(formula))
        diagnostics_warning(loader->reader.diagnostics, &node->at,
                            "%s: this formula never has a value", name);
    comparison_each_foregone(formula, loader->points, report_foregone, &place);
}

void check_verdict(struct loader *loader, const struct node *node, const char *name,
                   const struct formula *formula, const char *when_true, const char *when_false)
{
    const struct value *constant = formula_constant_value(formula);
    if (!constant || constant->kind != VALUE_BOOLEAN ||
        formula_depends_on_installation(formula))
        return;
    diagnostics_warning(loader->reader.diagnostics, &node->at, "%s: is always %s: %s", name,
                        verdict_name(constant->boolean),
                        constant->boolean ? when_true : when_false);
}
