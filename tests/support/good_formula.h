// SPDX-License-Identifier: MIT
// A formula that has to be a good one. Include it after cmocka.h.
#ifndef SUPPORT_GOOD_FORMULA_H
#define SUPPORT_GOOD_FORMULA_H

#include "support/formula_names.h"

// Lasts as long as `arena`; the test fails with the finding when there is one.
static inline const struct formula *parse(struct arena *arena, const char *text)
{
    const struct formula *formula = NULL;
    size_t offset = 0;
    struct error err = {0};
    if (formula_parse(arena, text, &all_names, FORMULA_ANY, &formula, &offset, &err))
        fail_msg("%s: at %zu: %s", text, offset, err.text);
    return formula;
}

#endif
