// SPDX-License-Identifier: MIT
#include "daemon/interrupted.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "bus/tries.h"
#include "cloud/command.h"

enum { REREAD_TIMEOUT_MS = 10 * 1000 };

// A command as it was, without its steps.
struct interrupted {
    const struct device *device;
    char *request; // as it came
    bool is_local;
    struct job_request *job; // it may own the command
    const struct command *command;
    struct command question; // ... its results, with on_failure of its open tries as steps
    struct argument *arguments;
    struct step undo[MAX_OPEN_TRIES];
};

// The job of a request, with the arguments it came with; NULL: it cannot be understood.
static struct job_request *parse(const struct device *device, const char *request,
                                 bool is_local)
{
    struct command_request parsed;
    (is_local ? command_parse_local : command_parse)(device, request, strlen(request), &parsed);
    struct job_request *job = parsed.kind == COMMAND_ACCEPTED ? parsed.job : NULL;
    if (job)
        parsed.job = NULL;
    command_request_done(&parsed);
    return job;
}

struct interrupted *interrupted_new(const struct device *device, const char *request,
                                    bool is_local)
{
    struct job_request *job = request ? parse(device, request, is_local) : NULL;
    if (!job)
        return NULL;
    const struct command *command = job->command;
    struct interrupted *interrupted = mem_new(1, sizeof *interrupted);
    interrupted->device = device;
    interrupted->request = mem_copy_text(request);
    interrupted->is_local = is_local;
    interrupted->job = job;
    interrupted->command = command;
    interrupted->question = *command;
    interrupted->question.steps = interrupted->undo;
    interrupted->question.step_count = 0;
    interrupted->question.timeout_ms = REREAD_TIMEOUT_MS;
    interrupted->arguments = mem_new(command->argument_count, sizeof *interrupted->arguments);
    for (size_t i = 0; i < command->argument_count; i++) {
        interrupted->arguments[i] = command->arguments[i];
        interrupted->arguments[i].min = NULL; // nothing is to be refused any more
        interrupted->arguments[i].max = NULL;
    }
    interrupted->question.arguments = interrupted->arguments;
    return interrupted;
}

void interrupted_free(struct interrupted *interrupted)
{
    if (!interrupted)
        return;
    job_request_free(interrupted->job);
    free(interrupted->request);
    free(interrupted->arguments);
    free(interrupted);
}

void interrupted_move(struct interrupted *interrupted, const struct device *device)
{
    interrupted->device = device;
}

const struct command *interrupted_command(const struct interrupted *interrupted)
{
    return interrupted->command;
}

const struct job_request *interrupted_request(const struct interrupted *interrupted)
{
    return interrupted->job;
}

size_t interrupted_undo(struct interrupted *interrupted, const struct open_tries *tries)
{
    struct command *question = &interrupted->question;
    question->step_count = 0;
    for (size_t i = tries->count; i-- > 0;) { // innermost first
        const struct step *trying = tries_find(interrupted->command, tries->tries[i].ordinal);
        if (tries->tries[i].has_failed || !trying)
            continue;
        struct step *step = &interrupted->undo[question->step_count++];
        *step = *trying;
        step->when = NULL; // it held when the try was entered
    }
    return question->step_count;
}

struct job_request *interrupted_job(const struct interrupted *interrupted)
{
    struct job_request *job =
        parse(interrupted->device, interrupted->request, interrupted->is_local);
    if (!job)
        return NULL;
    job->command = &interrupted->question;
    job->undoes = interrupted->question.step_count > 0;
    return job;
}

char *interrupted_text(const struct job_result *result, const char *undone)
{
    struct strbuf text = {0};
    strbuf_add(&text, "interrupted, outcome unknown: modbridge ended while it executed this "
                      "command");
    if (undone)
        strbuf_printf(&text, "; %s", undone);
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
