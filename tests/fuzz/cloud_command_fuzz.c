// SPDX-License-Identifier: MIT
// Any bytes are a command request of the cloud: accepted with arguments the command can take,
// refused with words for a person, or unusable.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define POINT(...)                                                                             \
    {                                                                                          \
        .table = TABLE_HOLDING, .word_count = 1, .bit_low = NO_INDEX, .bit_high = NO_INDEX,    \
        .sf = NO_INDEX, .decimals = DECIMALS_SHORTEST, .access = ACCESS_READ_WRITE,            \
        __VA_ARGS__                                                                            \
    }

static const struct point points[] = {
    POINT(.key = "setpoint", .type = TYPE_I16, .scale = {1, -1}, .has_range = true,
          .range_low = -50, .range_high = 50),
    POINT(.key = "label", .type = TYPE_STRING, .scale = {1, 0}),
};
static const char *const modes[] = {"eco", "boost"};
static const struct argument arguments[] = {
    {.key = "power", .type = ARGUMENT_INTEGER, .required = true, .target = NO_INDEX},
    {.key = "mode",
     .type = ARGUMENT_STRING,
     .choices = modes,
     .choice_count = ARRAY_LENGTH(modes),
     .target = NO_INDEX},
    {.key = "soft", .type = ARGUMENT_BOOLEAN, .target = NO_INDEX},
    {.key = "rate", .type = ARGUMENT_FLOAT, .target = 0},
    {.key = "for", .type = ARGUMENT_DURATION, .target = NO_INDEX},
    {.key = "label", .type = ARGUMENT_STRING, .target = 1},
};
static const struct command commands[] = {
    {.key = "stop"},
    {.key = "charge", .arguments = arguments, .argument_count = ARRAY_LENGTH(arguments)},
};
static const struct map map = {
    .points = points,
    .point_count = ARRAY_LENGTH(points),
    .commands = commands,
    .command_count = ARRAY_LENGTH(commands),
};
static const struct device device = {.name = "battery", .map = &map};

static void require(bool condition)
{
    if (!condition)
        abort();
}

// The ways a value can be of its argument's type.
static void check_argument(const struct argument *argument, const struct value *value)
{
    if (value->kind == VALUE_UNKNOWN) {
        require(!argument->required);
        return;
    }
    switch (argument->type) {
    case ARGUMENT_STRING:
        require(value->kind == VALUE_TEXT);
        break;
    case ARGUMENT_INTEGER:
        require(value->kind == VALUE_INTEGER);
        break;
    case ARGUMENT_FLOAT:
        require(value_is_number(value) && value_number(value) >= -50);
        require(value_number(value) <= 50);
        break;
    case ARGUMENT_BOOLEAN:
        require(value->kind == VALUE_BOOLEAN);
        break;
    case ARGUMENT_DURATION:
        require(value_is_number(value) && value_number(value) >= 0);
        break;
    case ARGUMENT_TYPE_COUNT:
        abort();
    }
}

static void check_accepted(const struct command_request *request)
{
    const struct job_request *job = request->job;
    const struct command *command = job->command;
    require(request->fingerprint && command >= commands);
    require(job->argument_count == command->argument_count);
    for (size_t i = 0; i < job->argument_count; i++)
        check_argument(&command->arguments[i], &job->arguments[i]);
    size_t key = strlen(command->key);
    require(strncmp(request->fingerprint, command->key, key) == 0);
    require(request->fingerprint[key] == '{');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command_request request;
    command_parse(&device, (const char *)data, size, &request);
    require((request.kind == COMMAND_ACCEPTED) == (request.job != NULL));
    if (request.kind != COMMAND_UNUSABLE)
        require(request.id[0] && strlen(request.id) < COMMAND_ID_SIZE);
    if (request.kind == COMMAND_ACCEPTED) {
        check_accepted(&request);
    } else {
        require(request.error.text[0]);
        char *response = command_response_error(request.id, request.error.text);
        require(response && response[0] == '{');
        free(response);
    }
    command_request_done(&request);
    return 0;
}
