// SPDX-License-Identifier: MIT
// What `read` is to print, and what must be read for that. Main thread.
#ifndef CLI_READ_CHOICE_H
#define CLI_READ_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/target.h"
#include "registers/needs.h"

struct read_choice {
    struct needs asked; // the entries to print
    struct needs read;  // with what they and the alerts depend on
    bool is_all;        // nobody named entries: the whole map, and its alerts
};

// The entries that the command line names, or all that are published. ERROR_USAGE for one that
// there is not, or that cannot be read. read_choice_done either way.
int read_choice_make(struct read_choice *choice, const struct target *target,
                     const struct options *options, struct error *err);
void read_choice_done(struct read_choice *choice);

// The shortest period of what is asked, as the map wants it read, at least 100 ms.
int64_t read_choice_period_ms(const struct read_choice *choice);

#endif
