// SPDX-License-Identifier: MIT
// What the tests of the config room share: an arena, its findings, and their printed text.
#ifndef TESTS_UNIT_CONFIG_SUPPORT_H
#define TESTS_UNIT_CONFIG_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "config/tree.h"

struct desk {
    struct arena *arena;
    struct diagnostics diagnostics;
};

static inline struct desk *desk_new(void)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    desk->arena = arena_new();
    diagnostics_init(&desk->diagnostics, desk->arena);
    return desk;
}

static inline void desk_free(struct desk *desk)
{
    arena_free(desk->arena);
    free(desk);
}

// The findings as `modbridge check` prints them; the caller frees it.
static inline char *desk_print(struct desk *desk)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    assert_non_null(file);
    diagnostics_print(&desk->diagnostics, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

static inline void desk_expect(struct desk *desk, const char *expected)
{
    char *printed = desk_print(desk);
    assert_string_equal(printed, expected);
    free(printed);
}

static inline int desk_parse(struct desk *desk, const char *text, const struct node **ret_root)
{
    return tree_parse(desk->arena, "f", text, strlen(text), &desk->diagnostics, ret_root);
}

#endif
