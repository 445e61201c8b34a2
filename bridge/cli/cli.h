// SPDX-License-Identifier: MIT
// The subcommands: one file each, found through one table. Main thread.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>

#include "base/error.h"

// A subcommand. `run` gets its own arguments (argv[0] is the subcommand's name) and returns the
// program's exit code (base/error.h).
struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage; // what follows the name
    const char *help;  // one line
};

// Finds the subcommand and runs it; also --help and --version.
int cli_main(int argc, char **argv);

// Prints "modbridge NAME: text" and how to get help on standard error; returns ERROR_USAGE.
int cli_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Says on standard error why a subcommand failed (with its usage when that was it); returns the
// exit code.
int cli_fail(const char *name, const struct error *err);

int cmd_blueprint(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_command(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_status(int argc, char **argv);

#endif
