// SPDX-License-Identifier: MIT
#include "cli/excerpt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *line, int column, const char *text, const char *indent)
{
    struct strbuf seen = {0};
    struct strbuf before = {0};
    excerpt_make(line, column, &seen, &before);
    assert_string_equal(strbuf_text(&seen), text);
    assert_string_equal(strbuf_text(&before), indent);
    strbuf_done(&seen);
    strbuf_done(&before);
}

static void the_caret_stands_under_its_character(void **state)
{
    (void)state;
    expect("a: 1", 1, "a: 1", "");
    expect("a: 1", 4, "a: 1", "   ");
    expect("a: 1", 9, "a: 1", "    ");
    expect("", 1, "", "");
    expect("\ta:\t1", 5, "\ta:\t1", "\t  \t");
    expect("größe: µ1", 8, "größe: µ1", "       ");
    expect("a\xF0\x9F\x94\x8B"
           "b",
           3,
           "a\xF0\x9F\x94\x8B"
           "b",
           "  ");
}

static void what_a_terminal_would_obey_is_not_shown(void **state)
{
    (void)state;
    expect("a\033[31mb\x07", 6, "a?[31mb?", "     ");
    expect("a\xC2\x9B"
           "31m",
           3, "a??31m", "  ");
    expect("caf\xE9\"", 4, "caf?\"", "   ");
    expect("x\x7Fy\xFFz\xC0\x80", 3, "x?y?z??", "  ");
    expect("cut \xE2\x82", 5, "cut ??", "    ");
}

static void of_a_long_line_a_part_is_shown(void **state)
{
    (void)state;
    char line[1001];
    char text[400];
    char indent[400];
    memset(line, '.', sizeof line - 1);
    line[1000] = '\0';
    line[499] = 'X';
    (void)snprintf(text, sizeof text, "...%.*sX%.*s...", 120, line, 39, line);
    (void)snprintf(indent, sizeof indent, "%123s", "");
    expect(line, 500, text, indent);
    (void)snprintf(text, sizeof text, "...%.160s", line + 840);
    (void)snprintf(indent, sizeof indent, "%162s", "");
    expect(line, 1000, text, indent);
    (void)snprintf(text, sizeof text, "%.160s...", line);
    expect(line, 1, text, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_stands_under_its_character),
        cmocka_unit_test(what_a_terminal_would_obey_is_not_shown),
        cmocka_unit_test(of_a_long_line_a_part_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
