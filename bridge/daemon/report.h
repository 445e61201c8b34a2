// SPDX-License-Identifier: MIT
// What the operator reads: one line per change of state, none per failure. The main thread owns
// it.
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/changes.h"
#include "daemon/shard.h"
#include "model/message.h"
#include "model/site.h"

struct report_device;

struct report {
    const struct site *site;
    struct report_device *devices;
    size_t device_count;
    bool *link_failed; // per bus
    size_t bus_count;
    char **cloud_failures; // per cloud connection: what was said last; NULL while it is up
    size_t cloud_count;
    uint64_t dropped;   // messages, as far as said
    int64_t dropped_ms; // when the last one was
    bool is_dropping;
};

// Nothing is known yet: the first news of each kind is said. `site` must outlive it.
void report_init(struct report *report, const struct site *site, int64_t now_ms);
void report_done(struct report *report);

// The site was exchanged (report->site is the new one): nothing is known of what begins.
void report_reload(struct report *report, const struct changes *changes, int64_t now_ms);

// `shard`: its part of the site, or none.
void report_started(const struct report *report, const struct shard *shard);

// A device stopped answering or answers again; the line is also written to `ret_text`, for the
// device's log in the cloud.
void report_health(struct report *report, const struct health_change *change, int64_t now_ms,
                   char *ret_text, size_t size);

// A block was refused for the first time, or is read again.
void report_reading(struct report *report, const struct reading *reading);

// Where the SunSpec models of the map are, unless they are where they were; `before` is NULL at
// first.
void report_models(const struct device *device, const struct sunspec_places *before,
                   const struct sunspec_places *places);

// The link of a bus is open again, or it is not, because of `why`.
void report_link(struct report *report, uint16_t bus, bool is_open, const char *why);

// The connection of a bus breaks again and again, though it answers, or has ceased to.
void report_breaks(const struct report *report, uint16_t bus, bool are_many);

// A connection to a broker is up.
void report_connected(struct report *report, int connection);

// A connection was lost, or could not be made: said again when the reason is another one.
void report_disconnected(struct report *report, int connection, bool was_connected,
                         const char *reason);

// The store's health changed, or a damaged file was set aside.
void report_store(bool is_trouble, const char *text);

// A bus has learned, or forgotten, that requests must be shorter or end at a border. Refused
// ranges are reported with their readings.
void report_learned(const struct report *report, const struct learned_refusal *learned);

// What became of a hold; returns how much it deserves a person's attention.
enum severity report_hold(const struct report *report, const struct hold_change *change);

// Messages were dropped, `dropped` in all. True with a line for the cloud in `ret_text` when
// that begins; it is over when none was for ten minutes.
bool report_dropped(struct report *report, uint64_t dropped, int64_t now_ms, char *ret_text,
                    size_t size);

// How a command ended.
void report_job(const struct report *report, const struct job_result *result);

#endif
