// SPDX-License-Identifier: MIT
#include "daemon/interrupted.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cloud/command.h"

enum { REREAD_TIMEOUT_MS = 10 * 1000 };

// A command as it was, without its steps.
struct interrupted {
    struct command question;
    struct argument *arguments;
    struct job_request *job;
};

struct interrupted *interrupted_new(const struct device *device, const char *request)
{
    struct command_request parsed;
    if (!request)
        return NULL;
    command_parse(device, request, strlen(request), &parsed);
    if (parsed.kind != COMMAND_ACCEPTED) {
        command_request_done(&parsed);
        return NULL;
    }
    const struct command *command = parsed.job->command;
    struct interrupted *interrupted = mem_new(1, sizeof *interrupted);
    interrupted->question = *command;
    interrupted->question.steps = NULL;
    interrupted->question.step_count = 0;
    interrupted->question.timeout_ms = REREAD_TIMEOUT_MS;
    interrupted->arguments = mem_new(command->argument_count, sizeof *interrupted->arguments);
    for (size_t i = 0; i < command->argument_count; i++) {
        interrupted->arguments[i] = command->arguments[i];
        interrupted->arguments[i].min = NULL; // nothing is to be refused any more
        interrupted->arguments[i].max = NULL;
    }
    interrupted->question.arguments = interrupted->arguments;
    interrupted->job = parsed.job;
    interrupted->job->command = &interrupted->question;
    parsed.job = NULL;
    command_request_done(&parsed);
    return interrupted;
}

void interrupted_free(struct interrupted *interrupted)
{
    if (!interrupted)
        return;
    job_request_free(interrupted->job);
    free(interrupted->arguments);
    free(interrupted);
}

struct job_request *interrupted_take_job(struct interrupted *interrupted)
{
    struct job_request *job = interrupted->job;
    interrupted->job = NULL;
    return job;
}

char *interrupted_text(const struct job_result *result)
{
    struct strbuf text = {0};
    strbuf_add(&text, "interrupted, outcome unknown: modbridge ended while it executed this "
                      "command");
    bool has_values = result && result->outcome == JOB_COMPLETED && result->value_count > 0;
    if (!has_values)
        strbuf_add(&text, "; what the device holds now could not be read");
    for (size_t i = 0; has_values && i < result->value_count; i++) {
        char value[400];
        value_format(&result->values[i].value, value, sizeof value);
        strbuf_printf(&text, "%s%s %s", i ? ", " : "; the device now holds ",
                      result->values[i].key, value);
    }
    return strbuf_take(&text);
}
