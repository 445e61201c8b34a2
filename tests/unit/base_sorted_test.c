// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/sorted.h"

static int compare(const void *left, const void *right)
{
    const int *a = left;
    const int *b = right;
    return (*a > *b) - (*a < *b);
}

static void test_first_that_is_not_before(void **state)
{
    (void)state;
    static const int rows[] = {2, 4, 4, 4, 9};
    static const struct {
        int wanted;
        size_t place;
    } cases[] = {{1, 0}, {2, 0}, {3, 1}, {4, 1}, {5, 4}, {9, 4}, {10, 5}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(
            sorted_place(&cases[i].wanted, rows, ARRAY_LENGTH(rows), sizeof *rows, compare),
            cases[i].place);
}

static void test_no_rows(void **state)
{
    (void)state;
    int wanted = 1;
    assert_int_equal(sorted_place(&wanted, NULL, 0, sizeof wanted, compare), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_that_is_not_before),
        cmocka_unit_test(test_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
