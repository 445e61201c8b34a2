// SPDX-License-Identifier: MIT
#include "daemon/recent.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "model/command.h"

enum { MAX_TEXT = 480 }; // of arguments or values

const char *const recent_origin_names[] = {
    [RECENT_CLOUD] = "cloud",
    [RECENT_LOCAL] = "local",
};

const char *const recent_state_names[] = {
    [RECENT_WAITING] = "waiting",
    [RECENT_RUNNING] = "running",
    [RECENT_COMPLETED] = "completed",
    [RECENT_ERROR] = "error",
};

static bool is_over(const struct recent_command *command)
{
    return command->state == RECENT_COMPLETED || command->state == RECENT_ERROR;
}

static void drop(struct recent_command **link)
{
    struct recent_command *command = *link;
    *link = command->next;
    free(command->id);
    free(command->device);
    free(command->name);
    free(command->arguments);
    free(command->message);
    for (size_t i = 0; i < command->line_count; i++)
        free(command->lines[i].text);
    free(command);
}

void recent_done(struct recent *recent)
{
    while (recent->first)
        drop(&recent->first);
}

static struct recent_command *find(const struct recent *recent, uint64_t number)
{
    struct recent_command *command = recent->first;
    while (command && command->number != number)
        command = command->next;
    return command;
}

const struct recent_command *recent_find(const struct recent *recent, uint64_t number)
{
    return find(recent, number);
}

uint64_t recent_add(struct recent *recent, const struct recent_subject *subject,
                    const struct recent_instant *received)
{
    struct recent_command *command = mem_new(1, sizeof *command);
    *command = (struct recent_command){
        .number = ++recent->last_number,
        .id = mem_copy_text(subject->id),
        .device = mem_copy_text(subject->device),
        .name = mem_copy_text(subject->name),
        .arguments = mem_copy_text(subject->arguments ? subject->arguments : ""),
        .origin = subject->origin,
        .received = *received,
    };
    struct recent_command **link = &recent->first;
    while (*link)
        link = &(*link)->next;
    *link = command;
    return command->number;
}

void recent_forget(struct recent *recent, uint64_t number)
{
    struct recent_command **link = &recent->first;
    while (*link && (*link)->number != number)
        link = &(*link)->next;
    if (*link)
        drop(link);
}

void recent_start(struct recent *recent, uint64_t number, const struct recent_instant *now)
{
    struct recent_command *command = find(recent, number);
    if (!command)
        return;
    command->state = RECENT_RUNNING;
    command->started = *now;
}

void recent_log(struct recent *recent, uint64_t number, const char *text, int64_t now_ms)
{
    struct recent_command *command = find(recent, number);
    if (!command)
        return;
    if (command->line_count == RECENT_LINES) {
        free(command->lines[0].text);
        memmove(command->lines, command->lines + 1,
                (RECENT_LINES - 1) * sizeof *command->lines);
        command->line_count--;
    }
    command->lines[command->line_count++] = (struct recent_line){mem_copy_text(text), now_ms};
}

// Forgets the one that has been over longest, if there are too many.
static void forget_oldest(struct recent *recent)
{
    size_t count = 0;
    struct recent_command **oldest = NULL;
    for (struct recent_command **link = &recent->first; *link; link = &(*link)->next) {
        if (!is_over(*link))
            continue;
        count++;
        if (!oldest || (*link)->finished.monotonic_ms < (*oldest)->finished.monotonic_ms)
            oldest = link;
    }
    if (count > RECENT_FINISHED)
        drop(oldest);
}

void recent_finish(struct recent *recent, uint64_t number, enum recent_state state,
                   const char *message, const struct recent_instant *now)
{
    struct recent_command *command = find(recent, number);
    if (!command)
        return;
    command->state = state;
    command->finished = *now;
    command->message = mem_copy_text(message);
    forget_oldest(recent);
}

// Whether there is room for more.
static bool add_value(struct strbuf *text, const char *key, const char *between,
                      const char *value)
{
    if (text->length > MAX_TEXT) {
        strbuf_add(text, ", ...");
        return false;
    }
    strbuf_printf(text, "%s%s%s%s", text->length ? ", " : "", key, between, value);
    return true;
}

char *recent_arguments(const struct job_request *job)
{
    struct strbuf text = {0};
    bool has_room = true;
    for (size_t i = 0; i < job->argument_count && has_room; i++) {
        char value[300];
        const struct argument *argument = &job->command->arguments[i];
        if (!value_is_known(&job->arguments[i]))
            continue;
        value_format(&job->arguments[i], value, sizeof value);
        has_room =
            add_value(&text, argument->key, "=", argument->sensitive ? "(secret)" : value);
    }
    return strbuf_take(&text);
}

bool recent_has_secrets(const struct command *command)
{
    for (size_t i = 0; i < command->argument_count; i++) {
        if (command->arguments[i].sensitive)
            return true;
    }
    return false;
}

char *recent_values(const struct job_result *result)
{
    struct strbuf text = {0};
    bool has_room = true;
    for (size_t i = 0; i < result->value_count && has_room; i++) {
        char value[300];
        value_format(&result->values[i].value, value, sizeof value);
        has_room = add_value(&text, result->values[i].key, " ", value);
    }
    return strbuf_take(&text);
}
