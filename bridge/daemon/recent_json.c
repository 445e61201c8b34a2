// SPDX-License-Identifier: MIT
#include "daemon/recent_json.h"

#include "base/json.h"

static void put_age(json_t *object, const char *key, int64_t since_ms, int64_t now_ms)
{
    if (since_ms)
        json_put(object, key, json_integer(now_ms > since_ms ? now_ms - since_ms : 0));
}

static json_t *lines_json(const struct recent_command *command, int64_t now_ms)
{
    json_t *list = json_new_list();
    for (size_t i = 0; i < command->line_count; i++) {
        json_t *line = json_new_object();
        json_put_text(line, "text", command->lines[i].text);
        put_age(line, "age_ms", command->lines[i].monotonic_ms, now_ms);
        json_add(list, line);
    }
    return list;
}

static json_t *command_json(const struct recent_command *command, int64_t now_ms)
{
    json_t *object = json_new_object();
    json_put_text(object, "id", command->id);
    json_put_text(object, "device", command->device);
    json_put_text(object, "name", command->name);
    json_put_text(object, "arguments", command->arguments);
    json_put_text(object, "origin", recent_origin_names[command->origin]);
    json_put_text(object, "state", recent_state_names[command->state]);
    json_put(object, "timestamp", json_integer(command->received.wall_ms / 1000));
    put_age(object, "received_age_ms", command->received.monotonic_ms, now_ms);
    put_age(object, "started_age_ms", command->started.monotonic_ms, now_ms);
    put_age(object, "finished_age_ms", command->finished.monotonic_ms, now_ms);
    json_put(object, "log", lines_json(command, now_ms));
    if (command->message)
        json_put_text(object, "message", command->message);
    return object;
}

json_t *recent_json(const struct recent *recent, int64_t now_ms)
{
    json_t *list = json_new_list();
    size_t open = 0;
    for (const struct recent_command *command = recent->first; command;
         command = command->next) {
        open += !command->message;
        if (command->message || open <= RECENT_MAX_OPEN)
            json_add(list, command_json(command, now_ms));
    }
    return list;
}
