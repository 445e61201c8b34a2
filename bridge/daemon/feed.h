// SPDX-License-Identifier: MIT
// What one device last said, and when it is time to publish it: one telemetry message for each
// second of reading, sent READING_GRACE_MS after that second has ended; what is told later than
// that goes with the second after. Properties when they changed, after a new
// connection and every ten minutes. Time is an argument. The main thread owns it.
#ifndef DAEMON_FEED_H
#define DAEMON_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/telemetry.h"
#include "cloud/topic.h"
#include "model/message.h"
#include "model/site.h"
#include "registers/block.h"
#include "registers/image.h"

struct feed {
    const struct device *device;
    struct image *image;
    enum unit_health health;
    struct telemetry_memory *memory; // NULL for keys: all
    int64_t interval_ms;
    int64_t second;         // the second of reading gathered now
    int64_t middle_ms;      // its middle on the monotonic clock
    int64_t published_ms;   // the middle of the last one that was published; or long ago
    int64_t due_ms;         // when it is published; INT64_MAX: nothing gathered
    int64_t offline_due_ms; // when "it cannot be read" is said again; INT64_MAX: it can
    int64_t properties_due_ms;
    bool properties_touched; // one was read since they were last looked at
    char *properties;        // the last message without its timestamp, or NULL
};

// Where a feed's messages go; `payload` is heap, without its timestamp, and changes hands.
// `at_ms` is the middle of its second on the monotonic clock.
struct feed_outlet {
    void *context;
    void (*put)(void *context, const struct device *device, enum topic_kind kind, char *payload,
                int64_t at_ms);
};

// Nothing was read yet. `site` and `device` must outlive it, or be exchanged with feed_adopt.
void feed_init(struct feed *feed, const struct site *site, const struct device *device);
void feed_done(struct feed *feed);

// The site was exchanged and the device goes on: it is at another address, or is to be
// published in another way.
void feed_adopt(struct feed *feed, const struct site *site, const struct device *device);

// Takes a reading of this device; publishes what was gathered before when its second is over.
void feed_take_reading(struct feed *feed, const struct reading *reading,
                       const struct feed_outlet *outlet);

// Takes where the SunSpec models of the map are on the device.
void feed_take_models(struct feed *feed, const struct sunspec_places *places);

// Takes a change of health; says at once that the device cannot be read.
void feed_take_health(struct feed *feed, enum unit_health health, int64_t now_ms,
                      int64_t wall_ms, const struct feed_outlet *outlet);

// The cloud connection is new: properties and all keys are due.
void feed_cloud_connected(struct feed *feed);

// When feed_publish has something to do; INT64_MAX: never.
int64_t feed_next_ms(const struct feed *feed);

// Makes what was gathered due now, as when the program stops.
void feed_hasten(struct feed *feed, int64_t now_ms);

// Publishes what is due.
void feed_publish(struct feed *feed, int64_t now_ms, int64_t wall_ms,
                  const struct feed_outlet *outlet);

#endif
