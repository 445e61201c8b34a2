// SPDX-License-Identifier: MIT
// What standard output is connected to. Main thread.
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

// Whether standard output is one.
bool terminal_is_there(void);

// A terminal, and NO_COLOR is not set, or set to nothing (https://no-color.org).
bool terminal_in_colour(void);

// Its size in characters; 80 x 24 when it does not say.
void terminal_size(int *ret_columns, int *ret_rows);

#endif
