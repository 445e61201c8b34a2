// SPDX-License-Identifier: MIT
// modbridge-web: asks the bridge once a second while somebody watches, and serves what it says.
// Main thread.
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    WEB_WATCHED_MS = 1000, // between two questions while somebody watches
    WEB_IDLE_MS = 5000,    // and while nobody does
    WEB_MIN_TOKEN = 16,    // characters: what cannot be found by trying
};

struct web_options {
    const char *site;           // absolute path of the site's file
    const char *const *folders; // where the bridge's control socket may be
    size_t folder_count;
    const char *address;
    uint16_t port;
    const char *token; // NULL: none is needed
    bool allows_commands;
};

// Serves until SIGTERM or SIGINT. -1 with err when it cannot start.
int web_run(const struct web_options *options, struct error *err);

#endif
