// SPDX-License-Identifier: MIT
// What `modbridge plan` prints. Main thread.
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/budget.h"
#include "config/traffic.h"
#include "model/site.h"

struct plan_view {
    const struct site *site;
    const struct budget *const *budgets; // of its buses
    struct traffic traffic;
};

// Tables for people, at most 100 columns wide unless names are long; `with_entries`: also how
// often each entry comes.
void plan_print(const struct plan_view *view, bool with_entries);

// One JSON object.
void plan_print_json(const struct plan_view *view);

#endif
