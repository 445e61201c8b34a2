// SPDX-License-Identifier: MIT
// What a YAML error means for somebody who writes a map. Internal to config.
#ifndef CONFIG_TREE_EXPLAIN_H
#define CONFIG_TREE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/diagnostics.h"
#include "model/position.h"

// As the YAML parser says it.
struct yaml_problem {
    const char *text;
    const char *context;
    struct position at;
    struct position context_at;
    bool is_encoding; // bytes that are no text: only `offset` says where
    size_t offset;
    const char *bytes; // the file
    size_t length;
};

// Reports it where the mistake is, as far as can be told. Returns -1.
int explain_yaml_problem(struct diagnostics *diagnostics, const struct yaml_problem *problem);

#endif
