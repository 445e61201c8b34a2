// SPDX-License-Identifier: MIT
// What a probe is asked for, and the table it prints.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/grid.h"
#include "cli/probe.h"

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum table table;
        unsigned first;
        unsigned count;
        const char *said; // NULL: it is a range
    } rows[] = {
        {"holding:0", TABLE_HOLDING, 0, 1, NULL},
        {"input:100..120", TABLE_INPUT, 100, 21, NULL},
        {"coil:0x10..0x1F", TABLE_COIL, 16, 16, NULL},
        {"discrete:65535", TABLE_DISCRETE, 65535, 1, NULL},
        {"holding:40001", TABLE_HOLDING, 40001, 1, NULL},
        {"40001", 0, 0, 0, "40001 of the old notation is holding:0"},
        {"30010", 0, 0, 0, "30010 of the old notation is input:9"},
        {"10001", 0, 0, 0, "10001 of the old notation is discrete:0"},
        {"465536", 0, 0, 0, "465536 of the old notation is holding:65535"},
        {"holding:400101", 0, 0, 0, "400101 of the old notation is holding:100"},
        {"holding:70000", 0, 0, 0, "is no range"},
        {"20001", 0, 0, 0, "is no range"},
        {"100", 0, 0, 0, "is no range"},
        {"", 0, 0, 0, "is no range"},
        {"holding:", 0, 0, 0, "is no range"},
        {"holding:5..4", 0, 0, 0, "is no range"},
        {"holding:5..", 0, 0, 0, "is no range"},
        {"holding:-1", 0, 0, 0, "is no range"},
        {"holding:1,2", 0, 0, 0, "is no range"},
        {"holding:0..10000", 0, 0, 0, "at most 10000"},
        {"holdin:5", 0, 0, 0, "did you mean 'holding'?"},
        {"coils:5", 0, 0, 0, "did you mean 'coil'?"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct probe_range range = {0};
        struct error err = {0};
        int failed = probe_parse(rows[i].text, &range, &err);
        if (rows[i].said) {
            assert_int_equal(failed, -1);
            assert_int_equal(err.code, ERROR_USAGE);
            if (!strstr(err.text, rows[i].said))
                fail_msg("%s: %s", rows[i].text, err.text);
            continue;
        }
        assert_int_equal(failed, 0);
        assert_int_equal(range.table, rows[i].table);
        assert_int_equal(range.first, rows[i].first);
        assert_int_equal(range.count, rows[i].count);
    }
}

static void test_table(void **state)
{
    (void)state;
    struct grid grid = {0};
    struct strbuf out = {0};
    (void)grid_add_column(&grid, "address", 9, false);
    size_t empty = grid_add_column(&grid, "nothing", 9, false);
    size_t value = grid_add_column(&grid, "value", 5, false);
    size_t text = grid_add_column(&grid, "text", 2, true);
    assert_int_equal(empty, 1);
    for (size_t i = 0; i < 2; i++) {
        size_t row = grid_add_row(&grid);
        grid_set(&grid, row, 0, i ? "12" : "3", false);
        grid_set(&grid, row, value, i ? "-10.5" : "1", i == 1);
        grid_set(&grid, row, text, i ? "\xC3\xA4" : "abc", false);
    }
    grid_print(&grid, 0, true, &out);
    assert_string_equal(strbuf_text(&out), "  address  value  text\n"
                                           "        3      1  abc\n"
                                           "       12  \033[2m-10.5\033[0m  \xC3\xA4\n");
    strbuf_clear(&out);
    grid_print(&grid, 20, false, &out);
    assert_string_equal(strbuf_text(&out), "  address  value\n"
                                           "        3      1\n"
                                           "       12  -10.5\n"
                                           "  (too wide for this terminal: text)\n");
    strbuf_clear(&out);
    grid_print(&grid, 1, false, &out);
    assert_non_null(strstr(strbuf_text(&out), "too wide"));
    strbuf_done(&out);
    grid_done(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
