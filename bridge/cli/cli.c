// SPDX-License-Identifier: MIT
#include "cli/cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

static const struct subcommand subcommands[] = {
    {"run", cmd_run, "SITE [--dry]", "run the bridge in the foreground"},
    {"check", cmd_check, "[--json] FILE...", "check maps and sites, with every finding"},
    {"plan", cmd_plan, "SITE [--response DURATION] [--entries] [--json]",
     "print the requests, the load and the delays of each bus"},
    {"read", cmd_read, "TARGET [KEY...] [--raw] [--json]", "read and decode values once"},
    {"command", cmd_command, "TARGET NAME [ARGUMENT=VALUE...] [--json]",
     "execute a command of the map"},
    {"status", cmd_status, "[SITE] [--json] [--watch]", "ask the running bridge how it does"},
    {"simulate", cmd_simulate,
     "MAP|SITE [--listen HOST:PORT] [--unit N] [--values FILE] [--faults FILE] [--links "
     "FOLDER]",
     "serve simulated devices"},
    {"blueprint", cmd_blueprint, "MAP|SITE DEVICE [--name TEXT]",
     "print the Enapter blueprint manifest of a map"},
    {"schema", cmd_schema, "map|site [--reference]",
     "print what a file may hold: JSON Schema for editors, or Markdown"},
};

static void print_help(FILE *out)
{
    (void)fprintf(out, "modbridge connects Modbus equipment to Enapter Cloud.\n\nusage:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++)
        (void)fprintf(out, "  modbridge %s %s\n      %s\n", subcommands[i].name,
                      subcommands[i].usage, subcommands[i].help);
    (void)fprintf(out,
                  "\nTARGET is SITE DEVICE, or: --map MAP (--tcp HOST[:PORT] | --rtu PATH |\n"
                  "  --rtu-over-tcp HOST:PORT) [--unit N] [--baud N] [--parity "
                  "none|even|odd] [--stop-bits N]\n"
                  "Exit codes: 0 fine, 1 failed, 2 usage, 3 configuration refused,\n"
                  "  4 device did not answer, 5 read-back mismatch\n");
}

int cli_usage(const char *name, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "modbridge %s: ", name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++) {
        if (strcmp(subcommands[i].name, name) == 0)
            (void)fprintf(stderr, "\nusage: modbridge %s %s", name, subcommands[i].usage);
    }
    (void)fprintf(stderr, "\n");
    return ERROR_USAGE;
}

int cli_fail(const char *name, const struct error *err)
{
    if (err->code == ERROR_USAGE)
        return cli_usage(name, "%s", err->text);
    (void)fprintf(stderr, "modbridge %s: %s\n", name, err->text);
    return (int)err->code;
}

int cli_main(int argc, char **argv)
{
    // A peer that went away must not end the process, and neither must a limit on the size of
    // files: what writes is told.
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    log_set_level(LOG_LEVEL_INFO);
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        print_help(argc > 1 ? stdout : stderr);
        return argc > 1 ? ERROR_NONE : ERROR_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        (void)printf("modbridge %s\n", MODBRIDGE_VERSION);
        return ERROR_NONE;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++) {
        if (strcmp(subcommands[i].name, name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "modbridge: there is no command '%s'; see modbridge --help\n", name);
    return ERROR_USAGE;
}
