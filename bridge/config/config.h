// SPDX-License-Identifier: MIT
// The door of the config room: YAML files in, the model out. Every function reports all it
// finds and returns -1 when there was an error; on success the result is const and lives as
// long as the arena. One thread.
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/arena.h"
#include "config/diagnostics.h"
#include "model/map.h"
#include "model/site.h"

struct node; // config/tree.h

// Folders where maps are looked for by name, first to last.
enum { MAX_MAP_FOLDERS = 16 };

struct map_folders {
    const char *items[MAX_MAP_FOLDERS];
    size_t count;
};

// What an installation changes of a map: parts of the site file. All may be NULL.
struct map_overrides {
    const struct node *parameters;     // parameters:
    const struct node *modbus;         // modbus:
    const struct node *every;          // every: {key: duration}
    const struct map_folders *folders; // for extends:, beside the map's own folder
    const struct position *for_site;   // the device in the site; NULL: the map by itself
};

// Reads a map (docs/maps.md). `overrides` may be NULL.
int config_load_map(struct arena *arena, const char *path,
                    const struct map_overrides *overrides, struct diagnostics *diagnostics,
                    const struct map **ret_map);

// The same, but a map with errors is written too, as far as it could be read, for config/lint
// and nothing else: entries with errors have PUBLISH_AUTO, alerts and commands with errors are
// left out. NULL where nothing could be read.
int config_examine_map(struct arena *arena, const char *path,
                       const struct map_overrides *overrides, struct diagnostics *diagnostics,
                       const struct map **ret_map);

// Reads a site (docs/site.md) with its maps and password files.
int config_load_site(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                     const struct site **ret_site);

// The state folder of a site, whatever else is wrong with it: for programs that look for the
// daemon. NULL when the file is no YAML.
const char *config_site_state(struct arena *arena, const char *path,
                              struct diagnostics *diagnostics);

// What a site says of its local page, whatever else is wrong with it; NULL: it has none. For
// modbridge-web, which has no use for the rest.
int config_site_web(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                    const struct web_settings **ret_web);

// Folders in which the control socket of the daemon may be, the likeliest first.
enum { MAX_CONTROL_FOLDERS = 4 };

struct control_folders {
    const char *items[MAX_CONTROL_FOLDERS];
    size_t count;
};

// Where to look for the daemon: in the state folder of `site`, which may be NULL, then in
// $RUNTIME_DIRECTORY, in /run/modbridge-NAME for a site NAME.yaml (what modbridge@NAME.service
// runs) and /run/modbridge, without a site also in ./state. -1 when the site is no YAML.
int config_control_folders(struct arena *arena, const char *site,
                           struct diagnostics *diagnostics,
                           struct control_folders *ret_folders);

// Reads whichever the file says it is. One of the results is set, the other NULL.
int config_load_any(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                    const struct map **ret_map, const struct site **ret_site);

// The same, with a map as config_examine_map writes it. After an error both may be NULL.
int config_examine_any(struct arena *arena, const char *path, struct diagnostics *diagnostics,
                       const struct map **ret_map, const struct site **ret_site);

// The standard folders: `near` (may be NULL), /etc/modbridge/mappings and the shipped library.
void config_map_folders(struct map_folders *ret_folders, const char *near);

// The path of a map given by name ("eastron_sdm630") or path ("./meter.yaml"), or NULL.
const char *config_find_map(struct arena *arena, const char *name,
                            const struct map_folders *folders);

// How long the name of a file is before ".yaml". 0: it does not end so, or is nothing else.
size_t config_yaml_stem(const char *name);

// What to add to "there is no such map": "; did you mean 'eastron_sdm630'?", or "".
const char *config_suggest_map(struct arena *arena, const char *name,
                               const struct map_folders *folders);

#endif
