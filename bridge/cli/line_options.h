// SPDX-License-Identifier: MIT
// A line that options name: --tcp, --rtu or --rtu-over-tcp, and how the serial line is set.
// Main thread.
#ifndef CLI_LINE_OPTIONS_H
#define CLI_LINE_OPTIONS_H

#include "base/arena.h"
#include "base/error.h"
#include "cli/options.h"
#include "model/site.h"

// "8N1": parity and stop bits as people write them.
enum { FRAME_NAME_SIZE = 8 };
void line_frame_name(enum parity parity, int stop_bits, char ret_name[FRAME_NAME_SIZE]);

// Whether the options name a line.
bool line_is_given(const struct options *options);

// The parity of --parity, PARITY_NONE unless given. ERROR_USAGE.
int line_parity(const struct options *options, enum parity *ret_parity, struct error *err);

// Fills the settings of a bus; texts live in `arena` or are those of the options. ERROR_USAGE
// when not exactly one line is given or one of the options is wrong.
int line_fill(struct arena *arena, const struct options *options, struct bus_settings *ret_bus,
              struct error *err);

#endif
