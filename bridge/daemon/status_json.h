// SPDX-License-Identifier: MIT
// What the daemon says of itself, as JSON (docs/operations.md lists every key): for `status`,
// and for the local page. Pure: time is an argument.
#ifndef DAEMON_STATUS_JSON_H
#define DAEMON_STATUS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/store.h"
#include "daemon/board.h"
#include "daemon/doors.h"
#include "daemon/recent.h"
#include "daemon/wear.h"
#include "model/site.h"
#include "model/status.h"

// Everything there is to say, borrowed.
struct site_status {
    const struct site *site;
    const char *path; // of the site file, absolute
    bool is_dry;
    unsigned generation; // of the configuration, from 1 on; how many are in memory
    size_t generations;
    int64_t began_ms;
    const struct board *board;
    const struct cloud_status *clouds; // as the site's
    struct outbox_status outbox;
    const struct recent *recent;     // NULL: no commands are known of
    const struct doors *doors;       // NULL: none
    const struct wear *wear;         // NULL: nothing was counted
    const struct store_stats *store; // NULL: nothing is kept
    uint64_t readings_displaced;
    int64_t now_ms;
    int64_t wall_ms;
};

// One line of JSON. Heap; the caller frees it.
char *status_json(const struct site_status *status);

#endif
