// SPDX-License-Identifier: MIT
// A YAML file as a tree that remembers where everything stood. Strict: one document, no tags,
// anchors or aliases, no duplicate or non-scalar keys, nesting up to MAX_TREE_DEPTH, files up
// to MAX_TREE_BYTES. What a scalar means (number, text, ...) is decided by config/fields. The
// tree lives in the arena given; const after it was made.
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "model/position.h"

enum {
    MAX_TREE_DEPTH = 16,
    MAX_TREE_BYTES = 1024 * 1024,
    MAX_TREE_NODES = 200 * 1000,
    MAX_TREE_CHILDREN = 10 * 1000, // of one list or mapping: as many as a map has entries
};

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node;

// An element of a sequence, or a key and its value.
struct child {
    const char *key; // NULL in a sequence
    struct position key_at;
    const struct node *value;
};

struct node {
    enum node_kind kind;
    struct position at;
    const char *text; // scalar; never NULL there, no NUL inside
    bool quoted;      // scalar in quotes or as a block: never a null, a boolean or a number
    int width; // scalar on one line: characters it takes in the file with its quotes; else 0
    const struct child *children;
    size_t count;
};

// Reads a file. On success writes the root, a mapping. On failure the findings say why and -1
// is returned; duplicate keys are findings too, but the tree is made (of the first of each).
int tree_read(struct arena *arena, const char *path, struct diagnostics *diagnostics,
              const struct node **ret_root);

// The same for text in memory; `name` is what findings call it and lives as long as the tree.
int tree_parse(struct arena *arena, const char *name, const char *text, size_t length,
               struct diagnostics *diagnostics, const struct node **ret_root);

// The value of a key of a mapping, or NULL. `mapping` may be NULL or no mapping.
const struct node *tree_find(const struct node *mapping, const char *key);

// Where the key itself stands; the mapping's own place when it has no such key.
struct position tree_key_at(const struct node *mapping, const char *key);

// Whether it is nothing: an empty value, ~ or null.
bool tree_is_null(const struct node *node);

// Where a byte of a scalar's text stands in the file: exact for a plain or quoted scalar on one
// line, else where the scalar begins.
struct position tree_place_in(const struct node *node, size_t offset);

// "a single value", "a list", "a mapping (key: value)": what a node is, for messages.
const char *tree_kind_name(const struct node *node);

#endif
