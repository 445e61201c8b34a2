// SPDX-License-Identifier: MIT
#include "web/routes.h"

#include <string.h>

#include "base/mem.h"
#include "web/assets.h"

static const struct row {
    const char *path;
    enum route route;
    bool is_public;
    bool changes; // by POST, else it is read
} rows[] = {
    {.path = "/healthz", .route = ROUTE_HEALTH, .is_public = true},
    {.path = "/metrics", .route = ROUTE_METRICS},
    {.path = "/api/status", .route = ROUTE_STATUS},
    {.path = "/api/devices", .route = ROUTE_DEVICES},
    {.path = "/api/values", .route = ROUTE_VALUES},
    {.path = "/api/history", .route = ROUTE_HISTORY},
    {.path = "/api/events", .route = ROUTE_EVENTS},
    {.path = "/api/login", .route = ROUTE_LOGIN, .is_public = true, .changes = true},
    {.path = "/api/command", .route = ROUTE_COMMAND, .changes = true},
};

static struct row find_row(const char *path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (strcmp(rows[i].path, path) == 0)
            return rows[i];
    }
    bool is_asset = asset_find(path) != NULL;
    return (struct row){.route = is_asset ? ROUTE_ASSET : ROUTE_NONE, .is_public = true};
}

struct routed route_find(const char *method, const char *path)
{
    struct row row = find_row(path);
    struct routed routed = {row.route, row.is_public, row.changes,
                            row.changes ? "POST" : "GET, HEAD"};
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    bool is_right = row.changes ? strcmp(method, "POST") == 0 : reads;
    if (row.route != ROUTE_NONE && !is_right)
        routed.route = ROUTE_NO_METHOD;
    return routed;
}
