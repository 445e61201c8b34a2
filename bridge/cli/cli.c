// SPDX-License-Identifier: MIT
#include "cli/cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/suggest.h"

static const struct subcommand subcommands[] = {
    {"run", cmd_run, "SITE [--dry] [--shard I/N]", "run the bridge in the foreground"},
    {"check", cmd_check, "[--json] FILE...", "check maps and sites, with every finding"},
    {"plan", cmd_plan, "SITE [--response DURATION] [--entries] [--json]",
     "print the requests, the load and the delays of each bus"},
    {"read", cmd_read,
     "TARGET [KEY...] [--raw] [--json] [--watch] [--every DURATION] [--record FILE]",
     "read and decode values"},
    {"command", cmd_command, "TARGET NAME [ARGUMENT=VALUE...] [--json]",
     "execute a command of the map"},
    {"scan", cmd_scan, "TARGET-BUS [--units A..B] [--timeout DURATION] [--all] [--json]",
     "find the units of a bus, and what they say they are"},
    {"write", cmd_write, "TARGET REGISTER=VALUE [--dry-run] [--json]",
     "write one register of the map and read it back"},
    {"status", cmd_status, "[SITE] [--shard I/N] [--json] [--watch]",
     "ask the running bridge how it does"},
    {"reload", cmd_reload, "[SITE] [--shard I/N] [--json]",
     "have the running bridge read its site file again"},
    {"import", cmd_import, "sunspec TARGET | csv FILE [--addressing HOW]",
     "write a map, to be edited, from a SunSpec device or a register table"},
    {"simulate", cmd_simulate,
     "MAP|SITE [--listen HOST:PORT] [--unit N] [--values FILE] [--faults FILE] [--links "
     "FOLDER]",
     "serve simulated devices"},
    {"blueprint", cmd_blueprint, "MAP|SITE DEVICE [--name TEXT]",
     "print the Enapter blueprint manifest of a map"},
    {"probe", cmd_probe, "TARGET TABLE:ADDRESS[..ADDRESS] [--json]",
     "show registers and everything that they may mean; no map is needed"},
    {"schema", cmd_schema, "map|site [--reference]",
     "print what a file may hold: JSON Schema for editors, or Markdown"},
};

static const char exit_codes[] = "Exit codes: 0 fine, 1 failed, 2 usage, 3 configuration "
                                 "refused,\n  4 device did not answer, 5 read-back mismatch\n";

static void print_help(FILE *out)
{
    (void)fprintf(out, "modbridge connects Modbus equipment to Enapter Cloud.\n\nusage:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++)
        (void)fprintf(out, "  modbridge %s %s\n      %s\n", subcommands[i].name,
                      subcommands[i].usage, subcommands[i].help);
    (void)fprintf(
        out,
        "\nTARGET is SITE DEVICE, or: --map MAP (--tcp HOST[:PORT] | --rtu PATH |\n"
        "  --rtu-over-tcp HOST:PORT) [--unit N] [--baud N] [--parity "
        "none|even|odd] [--stop-bits N]\n"
        "TARGET-BUS is SITE BUS, or: --rtu PATH [--baud N] ... | --tcp HOST[,HOST...] | "
        "--rtu-over-tcp HOST:PORT\n"
        "modbridge COMMAND --help explains one of them.\n%s",
        exit_codes);
}

static void print_subcommand(const struct subcommand *subcommand)
{
    (void)printf("usage: modbridge %s %s\n\n%s\n\n", subcommand->name, subcommand->usage,
                 subcommand->help);
    if (strstr(subcommand->usage, "TARGET-BUS"))
        (void)printf("TARGET-BUS is SITE BUS, or a line given by options.\n\n");
    else if (strstr(subcommand->usage, "TARGET"))
        (void)printf("TARGET is SITE DEVICE, or a map and a line given by options.\n\n");
    options_print(subcommand->usage, stdout);
    (void)printf("%s%s", strstr(subcommand->usage, "--") ? "\n" : "", exit_codes);
}

static const struct subcommand *find_subcommand(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++) {
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    }
    return NULL;
}

int cli_usage(const char *name, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "modbridge %s: ", name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    const struct subcommand *subcommand = find_subcommand(name);
    if (subcommand)
        (void)fprintf(stderr, "\nusage: modbridge %s %s", name, subcommand->usage);
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

// Whether help is asked for: "--" ends the options.
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return true;
    }
    return false;
}

static int run(const struct subcommand *subcommand, int argc, char **argv)
{
    struct options options;
    struct error err;
    if (asks_for_help(argc, argv)) {
        print_subcommand(subcommand);
        return ERROR_NONE;
    }
    if (options_parse(argc, argv, subcommand->usage, &options, &err) != 0)
        return cli_usage(subcommand->name, "%s", err.text);
    return subcommand->run(&options);
}

static int refuse_name(const char *name)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++)
        suggest_candidate(&suggestion, subcommands[i].name);
    suggest_append(&suggestion, &near);
    (void)fprintf(stderr,
                  "modbridge: there is no command '%s'%s\nmodbridge --help lists them\n", name,
                  strbuf_text(&near));
    strbuf_done(&near);
    return ERROR_USAGE;
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
    const struct subcommand *subcommand = find_subcommand(name);
    return subcommand ? run(subcommand, argc - 1, argv + 1) : refuse_name(name);
}
