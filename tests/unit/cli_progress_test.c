// SPDX-License-Identifier: MIT
// The line that says how far something is, on terminals of all widths.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress.h"

static void test_fits_the_terminal(void **state)
{
    (void)state;
    char line[512];
    progress_format(1, 4, "unit 7", 80, line, sizeof line);
    assert_string_equal(line, "[#####...............]  25 %  unit 7");
    progress_format(4, 4, "unit 7", 80, line, sizeof line);
    assert_string_equal(line, "[####################] 100 %  unit 7");
    progress_format(9, 4, "unit 7", 80, line, sizeof line);
    assert_string_equal(line, "[####################] 100 %  unit 7");
    progress_format(0, 0, "unit 7", 80, line, sizeof line);
    assert_string_equal(line, "[....................]   0 %  unit 7");
    progress_format(1, 3, "unit 7", 30, line, sizeof line);
    assert_string_equal(line, " 33 % unit 7");
    for (int columns = 1; columns < 600; columns++) {
        progress_format(1, 3, "/dev/serial/by-id/usb-FTDI_1234 9600 8N1: unit 7", columns, line,
                        sizeof line);
        assert_true(strlen(line) < (size_t)columns || columns == 1);
        assert_true(strlen(line) >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
