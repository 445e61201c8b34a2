// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/load_communication.h"
#include "config/load_site.h"

enum { DAY_MS = 86400 * 1000 };

struct site_fields {
    const char *format;
    struct texts mappings;
    const char *state;
    const struct node *outbox;
    const struct node *publish;
    const struct node *web;
    const struct node *cloud;
    const struct node *buses;
    const struct node *devices;
};

static const struct word writes[] = {{"always", OUTBOX_ALWAYS}, {"spill", OUTBOX_SPILL}, {0}};
static const struct word published_keys[] = {
    {"all", PUBLISH_ALL}, {"changed", PUBLISH_CHANGED}, {0}};

struct outbox_fields {
    int64_t max_bytes;
    int64_t max_age_ms;
    int write;
    bool replay;
};

static const struct field outbox_rows[] = {
    {.name = "max_size",
     .kind = FIELD_SIZE,
     FIELD_AT(outbox_fields, max_bytes),
     .initial = "256MB",
     .help = "disk it may take; then the oldest telemetry goes"},
    {.name = "max_age",
     .kind = FIELD_DURATION,
     FIELD_AT(outbox_fields, max_age_ms),
     .initial = "30d",
     .help = "what is older is dropped"},
    {.name = "write",
     .kind = FIELD_WORD,
     FIELD_AT(outbox_fields, write),
     .words = writes,
     .initial = "always",
     .help = "always: on disk before it is sent; spill: only in need"},
    {.name = "replay",
     .kind = FIELD_BOOL,
     FIELD_AT(outbox_fields, replay),
     .initial = "true",
     .help = "whether the backlog is sent after an outage"},
};

static const struct field_table table_outbox = {
    .name = "outbox", .rows = outbox_rows, .count = ARRAY_LENGTH(outbox_rows)};

struct publish_fields {
    int64_t interval_ms;
    int keys;
};

static const struct field publish_rows[] = {
    {.name = "interval",
     .kind = FIELD_DURATION,
     FIELD_AT(publish_fields, interval_ms),
     .min = 1000,
     .max = 3600000,
     .initial = "1s",
     .help = "shortest time between messages"},
    {.name = "keys",
     .kind = FIELD_WORD,
     FIELD_AT(publish_fields, keys),
     .words = published_keys,
     .initial = "all",
     .help = "all, or what has changed"},
};

static const struct field_table table_publish = {
    .name = "publish", .rows = publish_rows, .count = ARRAY_LENGTH(publish_rows)};

// clang-format off
static const struct field site_rows[] = {
    {.name = "modbridge", .kind = FIELD_TEXT, FIELD_AT(site_fields, format), .required = true, .help = "site/1"},
    {.name = "mappings", .kind = FIELD_TEXTS, FIELD_AT(site_fields, mappings), .help = "more folders of maps"},
    {.name = "state", .kind = FIELD_TEXT, FIELD_AT(site_fields, state), .help = "folder for what must survive a restart, or \":memory:\" without a disk; default: $STATE_DIRECTORY, else ./state beside the site file"},
    {.name = "outbox", .kind = FIELD_NODE, FIELD_AT(site_fields, outbox), .table = &table_outbox, .help = "what is kept while the cloud is away"},
    {.name = "publish", .kind = FIELD_NODE, FIELD_AT(site_fields, publish), .table = &table_publish, .help = "when telemetry is sent"},
    {.name = "web", .kind = FIELD_NODE, FIELD_AT(site_fields, web), .table = &table_web, .help = "the local page"},
    {.name = "cloud", .kind = FIELD_NODE, .each = &table_cloud, FIELD_AT(site_fields, cloud), .shape = "{name: connection}", .help = "connections to Enapter"},
    {.name = "buses", .kind = FIELD_NODE, .each = &table_bus, FIELD_AT(site_fields, buses), .shape = "{name: bus}", .help = "serial ports and TCP endpoints with several devices"},
    {.name = "devices", .kind = FIELD_NODE, .each = &table_device, FIELD_AT(site_fields, devices), .shape = "{name: device}", .help = "the devices"},
};
// clang-format on

const struct field_table table_site = {
    .name = "a site",
    .help = "one installation",
    .rows = site_rows,
    .count = ARRAY_LENGTH(site_rows),
};

static int check_format(struct site_loader *loader)
{
    const struct node *format = tree_find(loader->root, "modbridge");
    if (!format)
        return diagnostics_error(loader->reader.diagnostics, &loader->root->at,
                                 "this is no site: a site begins with 'modbridge: site/1'");
    if (format->kind == NODE_SCALAR && strcmp(format->text, "site/1") == 0)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &format->at,
                             "expected 'modbridge: site/1': other kinds and versions are not "
                             "known here");
}

static void set_folders(struct site_loader *loader, const struct site_fields *fields)
{
    struct map_folders *folders = &loader->folders;
    struct map_folders standard;
    config_map_folders(&standard, loader->folder);
    for (size_t i = 0; i < fields->mappings.count; i++) {
        if (folders->count + standard.count == MAX_MAP_FOLDERS) {
            (void)diagnostics_error(
                loader->reader.diagnostics, &tree_find(loader->root, "mappings")->at,
                "mappings: at most %zu folders", MAX_MAP_FOLDERS - standard.count);
            break;
        }
        folders->items[folders->count++] = load_site_path(loader, fields->mappings.items[i]);
    }
    for (size_t i = 0; i < standard.count; i++)
        folders->items[folders->count++] = standard.items[i];
}

static void set_state(struct site_loader *loader, const char *state)
{
    const char *given = getenv("STATE_DIRECTORY"); // NOLINT(concurrency-mt-unsafe): at start
    if (!state && given && given[0] == '/')
        state = arena_copy(loader->reader.arena, given, strcspn(given, ":"));
    bool is_in_memory = state && strcmp(state, SITE_STATE_IN_MEMORY) == 0;
    loader->site.state_path =
        is_in_memory ? state : load_site_path(loader, state ? state : "state");
}

static void load_outbox(struct site_loader *loader, const struct node *node)
{
    struct outbox_fields fields = {
        .max_bytes = 256000000, .max_age_ms = 30 * (int64_t)DAY_MS, .replay = true};
    struct layers layers = {{node}};
    if (node)
        (void)fields_read(&loader->reader, &table_outbox, &layers, &fields);
    loader->site.outbox = (struct outbox_settings){
        .max_bytes = fields.max_bytes,
        .max_age_ms = fields.max_age_ms,
        .write = (enum outbox_write)fields.write,
        .replay = fields.replay,
    };
}

static void load_publish_settings(struct site_loader *loader, const struct node *node)
{
    struct publish_fields fields = {.interval_ms = 1000};
    struct layers layers = {{node}};
    if (node)
        (void)fields_read(&loader->reader, &table_publish, &layers, &fields);
    loader->site.publish_interval_ms = fields.interval_ms;
    loader->site.publish_keys = (enum publish_keys)fields.keys;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
}

static void load_sections(struct site_loader *loader)
{
    struct site_fields fields = {0};
    struct layers layers = {{loader->root}};
    (void)fields_read(&loader->reader, &table_site, &layers, &fields);
    set_folders(loader, &fields);
    set_state(loader, fields.state);
    load_outbox(loader, fields.outbox);
    load_publish_settings(loader, fields.publish);
    load_web(loader, fields.web);
    load_clouds(loader, fields.cloud);
    load_buses(loader, fields.buses, fields.devices ? fields.devices->count : 0);
    if (!fields.devices || tree_is_null(fields.devices)) {
        struct position at = tree_key_at(loader->root, "devices");
        (void)diagnostics_error(loader->reader.diagnostics, &at,
                                "a site without devices has nothing to do: devices: {name: "
                                "{map: ..., tcp: ...}}");
        return;
    }
    if (!fields.cloud && fields.devices->count == 1) {
        struct position at = tree_key_at(loader->root, "devices");
        load_environment(loader, &at);
    }
    load_devices(loader, fields.devices);
}

static void load_root(struct site_loader *loader, struct arena *arena, const char *path,
                      struct diagnostics *diagnostics)
{
    loader->reader = (struct reader){.arena = arena, .diagnostics = diagnostics};
    loader->default_cloud = NO_INDEX;
    loader->site.path = arena_text(arena, path);
    loader->folder = folder_of(arena, path);
}

int config_load_site(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                     const struct site **ret_site)
{
    size_t errors = diagnostics->error_count;
    struct site_loader *loader = ARENA_NEW(arena, struct site_loader);
    load_root(loader, arena, path, diagnostics);
    if (tree_read(arena, path, diagnostics, &loader->root) < 0 || check_format(loader) < 0)
        return -1;
    load_sections(loader);
    if (diagnostics->error_count > errors)
        return -1;
    struct site *site = ARENA_NEW(arena, struct site);
    *site = loader->site;
    site->buses = loader->buses;
    site->bus_count = loader->bus_count;
    site->clouds = loader->clouds;
    site->cloud_count = loader->cloud_count;
    site->devices = loader->devices;
    site->device_count = loader->device_count;
    *ret_site = site;
    return 0;
}

const char *config_site_state(struct arena *arena, const char *path,
                              struct diagnostics *diagnostics)
{
    struct site_loader *loader = ARENA_NEW(arena, struct site_loader);
    load_root(loader, arena, path, diagnostics);
    if (tree_read(arena, path, diagnostics, &loader->root) < 0)
        return NULL;
    const struct node *state = tree_find(loader->root, "state");
    set_state(loader, state && state->kind == NODE_SCALAR ? state->text : NULL);
    return loader->site.state_path;
}

int config_site_web(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                    const struct web_settings **ret_web)
{
    size_t errors = diagnostics->error_count;
    struct site_loader *loader = ARENA_NEW(arena, struct site_loader);
    load_root(loader, arena, path, diagnostics);
    if (tree_read(arena, path, diagnostics, &loader->root) < 0 || check_format(loader) < 0)
        return -1;
    load_web(loader, tree_find(loader->root, "web"));
    if (diagnostics->error_count > errors)
        return -1;
    *ret_web = loader->site.web.listen ? &loader->site.web : NULL;
    return 0;
}

int config_examine_any(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                       const struct map **ret_map, const struct site **ret_site)
{
    const struct node *root = NULL;
    struct diagnostics unseen; // read again below, with its findings
    diagnostics_init(&unseen, arena);
    *ret_map = NULL;
    *ret_site = NULL;
    int result = tree_read(arena, path, &unseen, &root);
    const struct node *format = result == 0 ? tree_find(root, "modbridge") : NULL;
    if (format && format->kind == NODE_SCALAR && strncmp(format->text, "site/", 5) == 0)
        return config_load_site(arena, path, diagnostics, ret_site);
    return config_examine_map(arena, path, NULL, diagnostics, ret_map);
}

int config_load_any(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                    const struct map **ret_map, const struct site **ret_site)
{
    int result = config_examine_any(arena, path, diagnostics, ret_map, ret_site);
    if (result < 0)
        *ret_map = NULL;
    return result;
}
