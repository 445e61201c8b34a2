// SPDX-License-Identifier: MIT
// Commands that end before their steps do.
#include "base/num.h"
#include "config/lint.h"

struct times {
    const struct command *command;
    struct diagnostics *diagnostics;
    int64_t waits_ms; // what it waits in any case
    bool is_reported;
};

static void check_step(void *context, const struct step *step)
{
    struct times *times = context;
    int64_t ms = step->kind == STEP_EXPECT ? step->within_ms : step->duration_ms;
    char text[32];
    if (step->kind == STEP_WAIT && !step->when)
        times->waits_ms += step->duration_ms;
    if (ms <= times->command->timeout_ms)
        return;
    num_format_duration(text, sizeof text, times->command->timeout_ms);
    times->is_reported = true;
    diagnostics_warning(times->diagnostics, &step->at,
                        "this step may take longer than its command, which ends after %s: "
                        "give the command a timeout:",
                        text);
}

// Steps that run whenever the command succeeds: not those of on_failure.
// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static void walk(struct times *times, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_step(times, &steps[i]);
        if (!steps[i].when)
            walk(times, steps[i].steps, steps[i].step_count);
    }
}

void lint_times(const struct map *map, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < map->command_count; i++) {
        const struct command *command = &map->commands[i];
        struct times times = {.command = command, .diagnostics = diagnostics};
        char waits[32];
        char end[32];
        walk(&times, command->steps, command->step_count);
        if (times.is_reported || times.waits_ms <= command->timeout_ms)
            continue;
        num_format_duration(waits, sizeof waits, times.waits_ms);
        num_format_duration(end, sizeof end, command->timeout_ms);
        diagnostics_warning(diagnostics, &command->at,
                            "'%s' waits %s in all, and ends after %s: give it a timeout:",
                            command->key, waits, end);
    }
}
