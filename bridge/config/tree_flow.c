// SPDX-License-Identifier: MIT
#include "config/tree_flow.h"

#include <string.h>

// Parentheses opened and not closed; negative when more are closed.
static int open_parentheses(const char *text)
{
    int open = 0;
    for (; *text; text++)
        open += (*text == '(') - (*text == ')');
    return open;
}

// The text of a child that could be the rest of a cut formula: an element, or a key that
// nothing follows. NULL for any other.
static const char *piece_of(const struct child *child)
{
    const struct node *value = child->value;
    if (!value || value->kind != NODE_SCALAR || value->quoted)
        return NULL;
    if (!child->key)
        return value->text;
    return value->text[0] == '\0' ? child->key : NULL;
}

// How many of the children after `at` belong to the text that begins there; 0 when nothing was
// cut.
static size_t count_pieces(const struct child *children, size_t count, size_t at)
{
    const struct node *value = children[at].value;
    if (!value || value->kind != NODE_SCALAR || value->quoted)
        return 0;
    int open = open_parentheses(value->text);
    if (open <= 0)
        return 0;
    for (size_t i = at + 1; i < count; i++) {
        const char *piece = piece_of(&children[i]);
        if (!piece)
            return 0;
        open += open_parentheses(piece);
        if (open <= 0)
            return i - at;
    }
    return 0;
}

static void join(struct arena *arena, struct diagnostics *diagnostics, struct child *children,
                 size_t pieces)
{
    const struct node *value = children[0].value;
    const char *text = value->text;
    for (size_t i = 1; i <= pieces; i++)
        text = arena_printf(arena, "%s, %s", text, piece_of(&children[i]));
    (void)diagnostics_error(
        diagnostics, &value->at,
        "inside {...} and [...] a comma ends the value: put quotes around a "
        "formula or text that has one: %s%s'%s'",
        children[0].key ? children[0].key : "", children[0].key ? ": " : "", text);
    struct node *whole = ARENA_NEW(arena, struct node);
    *whole = *value;
    whole->text = text;
    whole->quoted = true;
    whole->width = 0;
    children[0].value = whole;
}

size_t tree_join_split_formulas(struct arena *arena, struct diagnostics *diagnostics,
                                struct child *children, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t pieces = count_pieces(children, count, i);
        if (pieces > 0)
            join(arena, diagnostics, &children[i], pieces);
        children[kept++] = children[i];
        i += pieces;
    }
    return kept;
}
