// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include <malloc.h>
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

// There with a sanitizer, whose malloc it knows.
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
#ifdef __GLIBC__
    return mallinfo2().uordblks;
#else
    skip(); // other libcs do not say
    return 0;
#endif
}

// Hundreds of small arenas, and a few that hold a lot: how much of the heap they take, as
// malloc counts it.
static void takes_little_more_than_it_gave(void **state)
{
    (void)state;
    enum { SMALL = 200, LARGE = 2000 };
    size_t before = allocated();
    struct arena *small = arena_new();
    (void)arena_new_array(small, SMALL, 1);
    size_t taken = allocated() - before;
    assert_in_range(taken, SMALL, 2000);
    struct arena *large = arena_new();
    before = allocated();
    for (int i = 0; i < LARGE; i++) // a large block now and then does not waste a chunk
        (void)arena_new_array(large, i % 10 == 9 ? 20000 : 100, 1);
    taken = allocated() - before;
    assert_in_range(taken, arena_size(large), arena_size(large) + arena_size(large) / 8);
    arena_free(small);
    arena_free(large);
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
        cmocka_unit_test(takes_little_more_than_it_gave),
        cmocka_unit_test(copies_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
