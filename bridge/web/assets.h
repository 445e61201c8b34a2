// SPDX-License-Identifier: MIT
// The files of the page, bridge/web/assets, as they were when the program was built
// (bridge/web/embed.cmake). Any thread.
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include <stddef.h>

struct asset {
    const char *path; // "/app.js"; the page itself is "/"
    const char *content_type;
    const char *etag; // changes with the content
    const unsigned char *bytes;
    size_t length;
};

extern const struct asset assets[];
extern const size_t asset_count;

// The file at this path, or NULL.
const struct asset *asset_find(const char *path);

#endif
