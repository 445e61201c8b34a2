// SPDX-License-Identifier: MIT
#include "cli/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is_there(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

bool terminal_in_colour(void)
{
    const char *refused = getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe)
    return terminal_is_there() && !(refused && *refused);
}

void terminal_size(int *ret_columns, int *ret_rows)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    *ret_columns = known ? size.ws_col : 80;
    *ret_rows = known ? size.ws_row : 24;
}
