// SPDX-License-Identifier: MIT
#include "daemon/devices_json.h"

#include <string.h>

#include "base/arena.h"
#include "cloud/json.h"
#include "config/title.h"
#include "registers/formula.h"

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_REGISTERS] = "registers",
    [SECTION_TELEMETRY] = "telemetry",
    [SECTION_PROPERTIES] = "properties",
};

static const char *const severity_names[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};

static const char *const argument_type_names[ARGUMENT_TYPE_COUNT] = {
    [ARGUMENT_STRING] = "string",     [ARGUMENT_INTEGER] = "integer",
    [ARGUMENT_FLOAT] = "float",       [ARGUMENT_BOOLEAN] = "boolean",
    [ARGUMENT_DURATION] = "duration",
};

static void put_if_any(json_t *object, const char *key, const char *text)
{
    if (text && text[0])
        json_put_text(object, key, text);
}

static void put_names(struct arena *arena, json_t *object, const char *key,
                      const char *display_name, const char *description)
{
    json_put_text(object, "key", key);
    json_put_text(object, "display_name", display_name ? display_name : title_of(arena, key));
    put_if_any(object, "description", description);
}

static json_t *entry_json(struct arena *arena, const struct point *point)
{
    json_t *entry = json_new_object();
    put_names(arena, entry, point->key, point->display_name, point->description);
    json_put_text(entry, "section", section_names[point->section]);
    put_if_any(entry, "unit", point->unit);
    if (point->every_ms >= 0)
        json_put(entry, "every_ms", json_integer(point->every_ms));
    return entry;
}

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *list = json_new_list();
    for (size_t i = 0; i < count; i++)
        json_add(list, json_from_text(texts[i], strlen(texts[i])));
    return list;
}

static json_t *alert_json(struct arena *arena, const struct alert *alert)
{
    json_t *row = json_new_object();
    put_names(arena, row, alert->key, alert->display_name, alert->description);
    json_put_text(row, "severity", severity_names[alert->severity]);
    if (alert->troubleshooting_count)
        json_put(row, "troubleshooting",
                 texts_json(alert->troubleshooting, alert->troubleshooting_count));
    return row;
}

// A constant as a number; what is read from the equipment as the formula's text.
static void put_limit(json_t *row, const char *key, const struct formula *limit)
{
    const struct value *constant = limit ? formula_constant_value(limit) : NULL;
    if (constant && value_is_known(constant))
        json_put(row, key, json_from_value(constant));
    else
        put_if_any(row, key, limit ? formula_text(limit) : NULL);
}

static json_t *argument_json(struct arena *arena, const struct argument *argument)
{
    json_t *row = json_new_object();
    put_names(arena, row, argument->key, argument->display_name, argument->description);
    json_put_text(row, "type", argument_type_names[argument->type]);
    put_if_any(row, "unit", argument->unit);
    json_put(row, "required", json_boolean(argument->required));
    json_put(row, "sensitive", json_boolean(argument->sensitive));
    if (argument->choice_count)
        json_put(row, "choices", texts_json(argument->choices, argument->choice_count));
    put_limit(row, "min", argument->min);
    put_limit(row, "max", argument->max);
    if (!argument->sensitive)
        json_put(row, "default", json_from_value(&argument->initial));
    return row;
}

static json_t *confirmation_json(const struct command *command)
{
    json_t *confirmation = json_new_object();
    json_put_text(confirmation, "severity", severity_names[command->confirmation_severity]);
    put_if_any(confirmation, "title", command->confirmation_title);
    put_if_any(confirmation, "description", command->confirmation_description);
    return confirmation;
}

static json_t *command_json(struct arena *arena, const struct command *command)
{
    json_t *row = json_new_object();
    json_t *arguments = json_new_list();
    put_names(arena, row, command->key, command->display_name, command->description);
    put_if_any(row, "group", command->group);
    for (size_t i = 0; i < command->argument_count; i++)
        json_add(arguments, argument_json(arena, &command->arguments[i]));
    json_put(row, "arguments", arguments);
    if (command->has_confirmation)
        json_put(row, "confirmation", confirmation_json(command));
    return row;
}

static json_t *map_entries(struct arena *arena, const struct map *map)
{
    json_t *entries = json_new_list();
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].section != SECTION_REGISTERS)
            json_add(entries, entry_json(arena, &map->points[i]));
    }
    return entries;
}

static json_t *device_json(struct arena *arena, const struct site *site, size_t index)
{
    const struct device *device = &site->devices[index];
    const struct map *map = device->map;
    json_t *alerts = json_new_list();
    json_t *commands = json_new_list();
    json_t *row = json_new_object();
    for (size_t i = 0; i < map->alert_count; i++)
        json_add(alerts, alert_json(arena, &map->alerts[i]));
    for (size_t i = 0; i < map->command_count; i++)
        json_add(commands, command_json(arena, &map->commands[i]));
    json_put_text(row, "device", device->name);
    json_put_text(row, "bus", site->buses[device->bus].name);
    json_put(row, "unit", json_integer(device->unit_id));
    json_put_text(row, "map", map->name);
    put_if_any(row, "vendor", map->vendor);
    put_if_any(row, "model", map->model);
    put_if_any(row, "description", map->description);
    json_put(row, "entries", map_entries(arena, map));
    json_put(row, "alerts", alerts);
    json_put(row, "commands", commands);
    return row;
}

static json_t *lines_json(const char *text)
{
    json_t *list = json_new_list();
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        json_add(list, json_from_text(text, length));
        text += length + (text[length] == '\n');
    }
    return list;
}

char *devices_json(const struct values_view *view, size_t first)
{
    const struct site *site = view->site;
    struct arena *arena = arena_new();
    json_t *root = json_new_object();
    json_t *devices = json_new_list();
    size_t entries = 0;
    size_t next = first;
    json_put(root, "generation", json_integer((json_int_t)view->generation));
    json_put(root, "findings", lines_json(view->findings));
    for (; next < site->device_count && entries < VALUES_AT_ONCE; next++) {
        if (!site->devices[next].name[0])
            continue; // an empty place
        json_add(devices, device_json(arena, site, next));
        entries += site->devices[next].map->point_count;
    }
    json_put(root, "devices", devices);
    if (next < site->device_count)
        json_put(root, "next", json_integer((json_int_t)next));
    arena_free(arena);
    return json_print(root);
}
