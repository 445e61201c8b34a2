// SPDX-License-Identifier: MIT
// Commands between cloud and bus: each request is judged, executed at most once, and answered
// exactly once. The main thread owns it.
#ifndef DAEMON_REQUESTS_H
#define DAEMON_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "cloud/ledger.h"
#include "cloud/store.h"
#include "daemon/holds.h"
#include "daemon/outgoing.h"
#include "model/message.h"
#include "model/site.h"

// A command that a bus is executing.
struct open_request;

struct requests {
    const struct site *site;
    struct bus **buses; // as the site's
    struct outgoing *outgoing;
    struct open_holds *holds;
    struct ledger *ledger;
    struct open_request *open; // list
    uint64_t serial;
    bool is_stopping;
};

void requests_init(struct requests *requests, const struct site *site, struct bus **buses,
                   struct outgoing *outgoing, struct open_holds *holds);
void requests_done(struct requests *requests);

// Takes a request as it came from the broker; the payload is borrowed.
void requests_take(struct requests *requests, uint16_t device, const char *payload,
                   size_t length, int64_t now_ms);

// Orders to the store are settled: commands that waited for them go to their buses, or are
// refused when the disk has not taken what must outlive the process.
void requests_stored(struct requests *requests, const struct store_event *event);

// The program stops: commands that wait for the store, and those that still come, are refused.
void requests_stop(struct requests *requests);

// A log step of a command.
void requests_log(struct requests *requests, uint64_t serial, const char *text);

// A command ended; takes ownership of the result.
void requests_finish(struct requests *requests, struct job_result *result);

#endif
