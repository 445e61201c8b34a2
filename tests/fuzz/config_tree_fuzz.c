// SPDX-License-Identifier: MIT
// Any bytes are a tree whose places are in the file, or findings that say where they are not.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct walk {
    int lines; // of the file
    size_t nodes;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_place(const struct walk *walk, const struct position *at)
{
    require(at->line >= 1 && at->line <= walk->lines && at->column >= 1);
}

static void check_scalar(const struct node *node)
{
    require(node->text && node->count == 0 && node->width >= 0);
    require(!node->quoted || !tree_is_null(node));
    struct position start = tree_place_in(node, 0);
    struct position end = tree_place_in(node, strlen(node->text));
    require(start.line == node->at.line && start.column >= node->at.column);
    require(end.line == node->at.line && end.column >= start.column);
}

static void check_node(struct walk *walk, const struct node *node, int depth);

static void check_child(struct walk *walk, const struct node *node, const struct child *child,
                        int depth)
{
    require((child->key != NULL) == (node->kind == NODE_MAPPING) && child->value);
    if (child->key) {
        check_place(walk, &child->key_at);
        require(tree_find(node, child->key) == child->value); // no key twice
    }
    check_node(walk, child->value, depth + 1);
}

static void check_node(struct walk *walk, const struct node *node, int depth)
{
    require(depth <= MAX_TREE_DEPTH && ++walk->nodes <= MAX_TREE_NODES);
    check_place(walk, &node->at);
    if (node->kind == NODE_SCALAR) {
        check_scalar(node);
        return;
    }
    require(!node->text);
    // Finding every key is quadratic; enough of a long mapping is a part of it.
    for (size_t i = 0; i < node->count; i += 1 + node->count / 1000)
        check_child(walk, node, &node->children[i], depth);
}

static void check_findings(const struct walk *walk, const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        check_place(walk, &diagnostics->findings[i].at);
        require(diagnostics->findings[i].text[0]);
    }
}

// A line ends with LF, CR, CR LF, NEL, LS or PS (YAML 1.1, section 4.2); counting their last
// bytes gives at least as many lines.
static int count_lines(const uint8_t *data, size_t size)
{
    static const uint8_t ends[] = {'\n', '\r', 0x85, 0xA8, 0xA9};
    int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += memchr(ends, data[i], sizeof ends) != NULL;
    return lines + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk walk = {.lines = count_lines(data, size)};
    struct arena *arena = arena_new();
    struct diagnostics *diagnostics = mem_new(1, sizeof *diagnostics);
    diagnostics_init(diagnostics, arena);
    const struct node *root = NULL;
    int result = tree_parse(arena, "f", (const char *)data, size, diagnostics, &root);
    check_findings(&walk, diagnostics);
    require(result == 0 ? root != NULL : diagnostics->error_count > 0 && !root);
    if (root) {
        require(root->kind == NODE_MAPPING);
        check_node(&walk, root, 0);
    }
    free(diagnostics);
    arena_free(arena);
    return 0;
}
