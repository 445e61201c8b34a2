// SPDX-License-Identifier: MIT
// Parameters, presets and procedures that a map declares and never names: mostly a leftover or
// a typing error.
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "config/load.h"

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// Whether a text has a name as a whole word. A repeat's {n} inside a name could make any of it.
static bool mentions(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        bool begins = at == text || !is_word_character(at[-1]);
        if (begins && !is_word_character(at[length]))
            return true;
    }
    return strchr(text, '{') && strchr(text, '}') && !strchr(text, ' ');
}

// Whether a value, or one inside it, names it. With `key` only values of that key count.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, at most MAX_TREE_DEPTH
static bool is_named_in(const struct node *node, const char *key, const char *name)
{
    if (node->kind == NODE_SCALAR)
        return !key && mentions(node->text, name);
    for (size_t i = 0; i < node->count; i++) {
        const struct child *child = &node->children[i];
        bool is_meant = key && child->key && strcmp(child->key, key) == 0;
        if (is_named_in(child->value, is_meant ? NULL : key, name))
            return true;
    }
    return false;
}

static const struct {
    const char *section;
    const char *key; // whose value names it; NULL: any formula may
    const char *what;
} kinds[] = {
    {"parameters", NULL, "parameter"},
    {"presets", "use", "preset"},
    {"procedures", "wrap", "procedure"},
};

static bool is_used(const struct loader *loader, size_t kind, const char *name)
{
    for (size_t i = 0; i < loader->root->count; i++) {
        const struct child *child = &loader->root->children[i];
        bool is_declaration = strcmp(child->key, kinds[kind].section) == 0;
        if (!is_declaration && is_named_in(child->value, kinds[kind].key, name))
            return true;
    }
    return false;
}

void check_unused(struct loader *loader)
{
    for (size_t kind = 0; kind < ARRAY_LENGTH(kinds); kind++) {
        const struct node *section = tree_find(loader->root, kinds[kind].section);
        for (size_t i = 0; section && section->kind == NODE_MAPPING && i < section->count;
             i++) {
            const struct child *child = &section->children[i];
            // What a map inherits is for others too.
            bool is_own = strcmp(child->key_at.file, loader->map.path) == 0;
            if (is_own && !is_used(loader, kind, child->key))
                diagnostics_warning(loader->reader.diagnostics, &child->key_at,
                                    "the %s '%s' is not used: nothing in this map names it",
                                    kinds[kind].what, child->key);
        }
    }
}
