// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void aligns_and_clears(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t size = 1; size < 3000; size += 37) {
        unsigned char *bytes = arena_new_array(arena, size, 1);
        assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xAA, size); // what the next one must not see
    }
    arena_free(arena);
    arena_free(NULL);
}

// Blocks do not overlap and stay where they are while the arena grows, small and large mixed.
static void keeps_what_it_gave(void **state)
{
    (void)state;
    enum { BLOCKS = 400 };
    struct arena *arena = arena_new();
    unsigned char *blocks[BLOCKS];
    size_t total = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = i % 50 == 49 ? 100000 : 1 + i * 7 % 500;
        blocks[i] = arena_new_array(arena, size, 1);
        memset(blocks[i], (int)(i % 251), size);
        total += size;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = i % 50 == 49 ? 100000 : 1 + i * 7 % 500;
        assert_int_equal(blocks[i][0], i % 251);
        assert_int_equal(blocks[i][size - 1], i % 251);
    }
    assert_in_range(arena_size(arena), total, total + (size_t)BLOCKS * alignof(max_align_t));
    arena_free(arena);
}

static void copies_texts(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char source[] = "abcdef";
    char *copy = arena_copy(arena, source, 3);
    const char *text = arena_text(arena, source);
    memset(source, '?', sizeof source - 1);
    assert_string_equal(copy, "abc");
    assert_string_equal(text, "abcdef");
    assert_null(arena_text(arena, NULL));
    assert_string_equal(arena_printf(arena, "%s-%d", "unit", 4), "unit-4");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    assert_non_null(arena_new_array(arena, 0, 8));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_and_clears),
        cmocka_unit_test(keeps_what_it_gave),
        cmocka_unit_test(copies_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
