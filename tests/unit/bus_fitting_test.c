// SPDX-License-Identifier: MIT
// Which vendors' names are the same.
#include "bus/fitting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_the_first_word_names_the_vendor(void **state)
{
    (void)state;
    static const struct {
        const char *vendor; // of the map
        const char *said;
        bool is_same;
    } rows[] = {
        {"SolarEdge", "SolarEdge ", true},
        {"Fronius", "FRONIUS International GmbH", true},
        {"SMA Solar, Niestetal", "sma", true},
        {"SMA", "Smart", false},
        {"Smart", "SMA", false},
        {"ABB", "AB", false},
        {"A", "A", false}, // says too little
        {"", "", false},
        {NULL, "ABB", false},
        {"ABB", NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct map map = {.vendor = rows[i].vendor};
        if (fitting_is_of_vendor(&map, rows[i].said) != rows[i].is_same)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_word_names_the_vendor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
