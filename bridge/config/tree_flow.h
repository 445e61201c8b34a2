// SPDX-License-Identifier: MIT
// The commonest slip of a map: {value: max(a, b)} without quotes, which YAML cuts at the comma.
// Internal to config.
#ifndef CONFIG_TREE_FLOW_H
#define CONFIG_TREE_FLOW_H

#include <stddef.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "config/tree.h"

// Looks through the children of a {...} or [...] for a text with an open parenthesis whose rest
// became the next children, reports it with the quotes it needs, and joins the pieces, so that
// no other finding follows from it. Returns the number of children left.
size_t tree_join_split_formulas(struct arena *arena, struct diagnostics *diagnostics,
                                struct child *children, size_t count);

#endif
