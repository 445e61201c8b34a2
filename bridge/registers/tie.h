// SPDX-License-Identifier: MIT
// Which entries belong together: a value and what scales it (`sf`, the entries of a scale
// formula), and the words of one value that lie apart. Read at different times they would make
// a value that never was. Pure; one owner.
#ifndef REGISTERS_TIE_H
#define REGISTERS_TIE_H

#include <stdbool.h>
#include <stddef.h>

#include "registers/reach.h"
#include "registers/run.h"

// An entry with words and one that scales it, or scales a view of it.
struct tie {
    int value;
    int scale;
};

struct tie_list {
    struct tie *ties; // ascending values
    size_t count;
    bool *is_tied; // per entry of the map, while runs are added: some run ties it
};

// The ties among the entries for which is_wanted is set.
struct tie_list tie_list_of(const struct plan_request *request, const bool *is_wanted);
void tie_list_done(struct tie_list *list);

// Does to the runs of one kind what ties ask for: a value and its scale that may share a
// request (limits, gaps, exact blocks; the same place, optionality and condition, or a scale
// without one) get a run over both instead of their own; a scale that is of another kind keeps
// its own besides. All scales of a value together where that may be, else each
// with the value. `reach` stands at the runs' place and wants them.
void tie_runs(struct tie_list *list, const struct plan_request *request, struct reach *reach,
              struct run_list *runs);

#endif
