// SPDX-License-Identifier: MIT
// Which answer a request is for, by its method and path: exactly those of a table. Pure.
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include <stdbool.h>

enum route {
    ROUTE_ASSET, // part of the page: web/assets.h
    ROUTE_HEALTH,
    ROUTE_METRICS,
    ROUTE_STATUS,
    ROUTE_DEVICES,
    ROUTE_VALUES,
    ROUTE_HISTORY,
    ROUTE_EVENTS,
    ROUTE_LOGIN,
    ROUTE_COMMAND,
    ROUTE_NONE,      // there is nothing there
    ROUTE_NO_METHOD, // there is, for another method
};

struct routed {
    enum route route;
    bool is_public;    // no token is needed: it says nothing of the plant
    bool changes;      // it must come from our own page
    const char *allow; // the methods there are
};

// By the table of routes; a path that is there with another method is ROUTE_NO_METHOD.
struct routed route_find(const char *method, const char *path);

#endif
