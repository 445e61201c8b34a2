// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/suggest.h"

static void distance_counts_edits(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } cases[] = {
        {"scale", "scale", 0},    {"scal", "scale", 1}, {"sacle", "scale", 1},
        {"Scale", "scale", 0},    {"", "abc", 3},       {"abc", "", 3},
        {"kitten", "sitting", 3}, {"ca", "abc", 3},     {"unit_id", "unitid", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(suggest_distance(cases[i].a, cases[i].b), cases[i].distance);
    char longer[MAX_SUGGEST_LENGTH + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_true(suggest_distance(longer, longer) == SIZE_MAX);
}

static const char *best_of(const char *word)
{
    static const char *const candidates[] = {"scale", "unit", "unit_id", "sf", "word_order"};
    struct suggestion suggestion;
    suggest_start(&suggestion, word);
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        suggest_candidate(&suggestion, candidates[i]);
    return suggestion.best;
}

static void only_near_words_are_suggested(void **state)
{
    (void)state;
    assert_string_equal(best_of("scalle"), "scale");
    assert_string_equal(best_of("unti"), "unit");
    assert_string_equal(best_of("unitid"), "unit_id");
    assert_string_equal(best_of("wordorder"), "word_order");
    assert_null(best_of("address"));
    assert_null(best_of("x")); // anything is near a single letter
    struct suggestion suggestion;
    struct strbuf text = {0};
    suggest_start(&suggestion, "scal");
    suggest_append(&suggestion, &text);
    assert_string_equal(strbuf_text(&text), "");
    suggest_candidate(&suggestion, "scale");
    suggest_append(&suggestion, &text);
    assert_string_equal(strbuf_text(&text), "; did you mean 'scale'?");
    strbuf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(only_near_words_are_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
