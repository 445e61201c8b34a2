// SPDX-License-Identifier: MIT
// The subcommands: one file each, found through one table. Main thread.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>

#include "base/error.h"
#include "cli/options.h"

// A subcommand. `run` gets its options and returns the program's exit code (base/error.h).
struct subcommand {
    const char *name;
    int (*run)(const struct options *options);
    const char *usage; // what follows the name; the options it takes are those that stand here
    const char *help;  // one line
};

// Finds the subcommand and runs it; also --help, its own and that of each subcommand, and
// --version.
int cli_main(int argc, char **argv);

// Prints "modbridge NAME: text" and how to get help on standard error; returns ERROR_USAGE.
int cli_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Says on standard error why a subcommand failed (with its usage when that was it); returns the
// exit code.
int cli_fail(const char *name, const struct error *err);

// The subcommands: each returns the exit code of the program (base/error.h).
int cmd_blueprint(const struct options *options);
int cmd_check(const struct options *options);
int cmd_command(const struct options *options);
int cmd_import(const struct options *options);
int cmd_write(const struct options *options);
int cmd_plan(const struct options *options);
int cmd_probe(const struct options *options);
int cmd_read(const struct options *options);
int cmd_run(const struct options *options);
int cmd_scan(const struct options *options);
int cmd_schema(const struct options *options);
int cmd_simulate(const struct options *options);
int cmd_reload(const struct options *options);
int cmd_status(const struct options *options);

#endif
