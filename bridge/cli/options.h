// SPDX-License-Identifier: MIT
// The options that subcommands share: one table says their names, arguments and help. Main
// thread.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum { MAX_POSITIONALS = 512 };

struct options {
    bool json;
    bool raw;
    bool dry;
    bool reference;
    bool entries;
    bool watch;
    bool all;
    const char *map;
    const char *tcp;
    const char *rtu;
    const char *rtu_over_tcp;
    int64_t unit; // -1: not given
    int64_t baud;
    const char *parity;
    int64_t stop_bits;
    const char *listen;
    const char *values;
    const char *faults;
    const char *links;
    const char *name;
    const char *response;
    const char *shard;
    const char *units;
    const char *timeout;
    const char *addressing;
    const char *every;
    const char *record;
    bool dry_run;
    const char *positionals[MAX_POSITIONALS];
    int positional_count;
};

// Reads the arguments behind the subcommand's name. `usage` says which options it takes: those
// that stand in it, those of a target when TARGET does, those of a line when TARGET-BUS does.
// Options may stand anywhere; "--" ends them. ERROR_USAGE when one is unknown, not accepted,
// lacks its value or has a bad one. Texts are borrowed from argv.
int options_parse(int argc, char **argv, const char *usage, struct options *ret_options,
                  struct error *err);

// Prints a line for each option that `usage` accepts: what it takes and what it is for.
void options_print(const char *usage, FILE *out);

#endif
