// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/mem.h"
#include "config/digest.h"
#include "config/extends.h"
#include "config/load.h"
#include "config/periods.h"

struct map_fields {
    const char *format;
    const char *extends;
    const char *vendor;
    const char *model;
    const char *description;
    const char *category;
    struct texts sources;
    struct texts implements;
    const struct node *modbus;
    const struct node *parameters;
    const struct node *identify;
    const struct node *presets;
    const struct node *sections[SECTION_COUNT];
    const struct node *alerts;
    const struct node *procedures;
    const struct node *commands;
    const struct node *simulation;
};

// clang-format off
static const struct field map_rows[] = {
    {.name = "modbridge", .kind = FIELD_TEXT, FIELD_AT(map_fields, format), .required = true, .help = "map/1"},
    {.name = "extends", .kind = FIELD_TEXT, FIELD_AT(map_fields, extends), .help = "another map: whole entries given here replace its entries, null removes"},
    {.name = "vendor", .kind = FIELD_TEXT, FIELD_AT(map_fields, vendor), .help = "published as a property unless declared"},
    {.name = "model", .kind = FIELD_TEXT, FIELD_AT(map_fields, model), .help = "published as a property unless declared"},
    {.name = "description", .kind = FIELD_TEXT, FIELD_AT(map_fields, description), .help = "what kind of device it is"},
    {.name = "category", .kind = FIELD_TEXT, FIELD_AT(map_fields, category), .help = "category of the Enapter blueprint"},
    {.name = "sources", .kind = FIELD_TEXTS, FIELD_AT(map_fields, sources), .help = "documents the map was made from, with their edition"},
    {.name = "implements", .kind = FIELD_TEXTS, FIELD_AT(map_fields, implements), .help = "Enapter profiles the map promises to satisfy"},
    {.name = "modbus", .kind = FIELD_NODE, FIELD_AT(map_fields, modbus), .table = &table_modbus, .help = "how this family wants to be talked to"},
    {.name = "parameters", .kind = FIELD_NODE, .each = &table_parameter, FIELD_AT(map_fields, parameters), .shape = "{name: {default, description}}", .help = "what an installation may set"},
    {.name = "identify", .kind = FIELD_NODE, FIELD_AT(map_fields, identify), .shape = "{entry: value or list}", .help = "what registers must hold for it to be the right device"},
    {.name = "presets", .kind = FIELD_NODE, .each = &table_entry, FIELD_AT(map_fields, presets), .shape = "{name: keys of an entry}", .help = "keys that many entries share"},
    {.name = "registers", .kind = FIELD_NODE, .each = &table_entry, FIELD_AT(map_fields, sections[SECTION_REGISTERS]), .shape = "{name: entry}", .help = "read for other entries' sake or written; not published"},
    {.name = "telemetry", .kind = FIELD_NODE, .each = &table_entry, FIELD_AT(map_fields, sections[SECTION_TELEMETRY]), .shape = "{name: entry}", .help = "published as telemetry"},
    {.name = "properties", .kind = FIELD_NODE, .each = &table_entry, FIELD_AT(map_fields, sections[SECTION_PROPERTIES]), .shape = "{name: entry}", .help = "published as properties"},
    {.name = "alerts", .kind = FIELD_NODE, .each = &table_alert, FIELD_AT(map_fields, alerts), .shape = "{name: alert}", .help = "bits, codes and conditions that are published by name while active"},
    {.name = "procedures", .kind = FIELD_NODE, FIELD_AT(map_fields, procedures), .shape = "{name: list of steps}", .help = "steps around those of commands that say wrap:"},
    {.name = "commands", .kind = FIELD_NODE, .each = &table_command, FIELD_AT(map_fields, commands), .shape = "{name: command}", .help = "what may be asked of the device"},
    {.name = "simulation", .kind = FIELD_NODE, FIELD_AT(map_fields, simulation), .table = &table_simulation, .help = "how modbridge simulate plays this device"},
};
// clang-format on

const struct field_table table_map = {
    .name = "a map",
    .help = "one kind of device",
    .rows = map_rows,
    .count = ARRAY_LENGTH(map_rows),
};

static const char *name_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? arena_copy(arena, name, (size_t)(dot - name)) : name;
}

static int check_format(struct loader *loader)
{
    const struct node *format = tree_find(loader->root, "modbridge");
    if (!format)
        return diagnostics_error(loader->reader.diagnostics, &loader->root->at,
                                 "this is no map: a map begins with 'modbridge: map/1'");
    if (format->kind == NODE_SCALAR && strcmp(format->text, "map/1") == 0)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &format->at,
                             "expected 'modbridge: map/1': other kinds and versions are not "
                             "known here");
}

static void load_head(struct loader *loader, struct map_fields *fields)
{
    struct layers layers = {{loader->root}};
    struct map *map = &loader->map;
    (void)fields_read(&loader->reader, &table_map, &layers, fields);
    map->vendor = fields->vendor;
    map->model = fields->model;
    map->description = fields->description;
    map->category = fields->category;
    map->sources = fields->sources.items;
    map->source_count = fields->sources.count;
    map->implements = fields->implements.items;
    map->implements_count = fields->implements.count;
    map->implements_at = tree_key_at(loader->root, "implements");
    loader->presets = fields->presets;
    loader->procedures = fields->procedures;
}

// every: of the device in the site.
static void override_periods(struct loader *loader)
{
    const struct node *every = loader->overrides->every;
    if (!every || fields_expect_mapping(&loader->reader, every, "every") < 0)
        return;
    for (size_t i = 0; i < every->count; i++) {
        const struct child *child = &every->children[i];
        struct node name = {.kind = NODE_SCALAR, .at = child->key_at, .text = child->key};
        int index = load_reference(loader, &name, "every");
        int64_t every_ms = 0;
        if (index == NO_INDEX)
            continue;
        if (child->value->kind == NODE_SCALAR && strcmp(child->value->text, "connect") == 0)
            loader->points[index].every_ms = EVERY_CONNECT;
        else if (field_read_duration(&loader->reader, child->value, child->key, &every_ms) == 0)
            loader->points[index].every_ms = every_ms;
    }
}

static void load_sections(struct loader *loader, const struct map_fields *fields)
{
    load_parameters(loader, fields->parameters);
    load_modbus(loader, fields->modbus);
    load_points(loader);
    load_references(loader);
    load_point_formulas(loader);
    override_periods(loader);
    load_alerts(loader, fields->alerts);
    load_identify(loader, fields->identify);
    load_commands(loader, fields->commands);
    load_simulation(loader, fields->simulation);
}

static void finish(struct loader *loader)
{
    struct arena *arena = loader->reader.arena;
    check_cycles(loader);
    check_overlaps(loader);
    check_models(loader);
    check_unused(loader);
    struct dependencies needs = dependencies_collect(arena, loader->points, loader->count);
    periods_resolve(loader->points, loader->count, &needs, &loader->map);
    loader->map.points = loader->points;
    loader->map.point_count = loader->count;
}

// Nothing is known of what these publish: for those who look at a map with errors.
static void mark_broken(struct loader *loader)
{
    for (size_t i = 0; i < loader->count; i++) {
        const struct entry *entry = &loader->entries[i];
        if (entry->typing == TYPING_DONE)
            continue;
        loader->points[i].publish = PUBLISH_AUTO;
        loader->points[i].key = entry->spot.key;
        loader->points[i].at = entry->spot.at;
    }
}

int config_examine_map(struct arena *arena, const char *path,
                       const struct map_overrides *overrides, struct diagnostics *diagnostics,
                       const struct map **ret_map)
{
    *ret_map = NULL;
    static const struct map_overrides none = {0};
    size_t errors = diagnostics->error_count;
    struct loader *loader = ARENA_NEW(arena, struct loader);
    struct map_fields fields = {0};
    loader->reader = (struct reader){.arena = arena, .diagnostics = diagnostics};
    loader->overrides = overrides ? overrides : &none;
    names_init(&loader->names, arena);
    loader->map.path = arena_text(arena, path);
    loader->map.name = name_of(arena, loader->map.path);
    if (tree_read(arena, path, diagnostics, &loader->root) < 0 || check_format(loader) < 0 ||
        extends_resolve(&loader->reader, loader->overrides->folders, path, &loader->root) < 0)
        return -1;
    loader->map.digest = digest_tree(0, loader->root);
    load_head(loader, &fields);
    load_sections(loader, &fields);
    finish(loader);
    mark_broken(loader);
    struct map *map = ARENA_NEW(arena, struct map);
    *map = loader->map;
    *ret_map = map;
    return diagnostics->error_count > errors ? -1 : 0;
}

int config_load_map(struct arena *arena, const char *path,
                    const struct map_overrides *overrides, struct diagnostics *diagnostics,
                    const struct map **ret_map)
{
    int result = config_examine_map(arena, path, overrides, diagnostics, ret_map);
    if (result < 0)
        *ret_map = NULL;
    return result;
}
