// SPDX-License-Identifier: MIT
#include "daemon/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/stamp.h"

enum {
    OFFLINE_EVERY_MS = 10 * 1000,
    PROPERTIES_EVERY_MS = 10 * 60 * 1000,
    SECOND_MS = 1000,
};

void feed_init(struct feed *feed, const struct site *site, const struct device *device)
{
    *feed = (struct feed){
        .device = device,
        .image = image_new(device->map, &device->modbus),
        .memory =
            site->publish_keys == PUBLISH_CHANGED ? telemetry_memory_new(device->map) : NULL,
        .interval_ms = site->publish_interval_ms,
        .published_ms = INT64_MIN / 2,
        .due_ms = INT64_MAX,
        .offline_due_ms = INT64_MAX,
    };
}

void feed_done(struct feed *feed)
{
    image_free(feed->image);
    telemetry_memory_free(feed->memory);
    free(feed->properties);
}

void feed_adopt(struct feed *feed, const struct site *site, const struct device *device)
{
    bool remembers = site->publish_keys == PUBLISH_CHANGED;
    feed->device = device;
    feed->interval_ms = site->publish_interval_ms;
    if (remembers == (feed->memory != NULL))
        return;
    telemetry_memory_free(feed->memory);
    feed->memory = remembers ? telemetry_memory_new(device->map) : NULL;
}

// False when there is nothing to say.
static bool put_telemetry(struct feed *feed, const struct moment *moment, int64_t at_ms,
                          const struct feed_outlet *outlet)
{
    char *payload = telemetry_payload(feed->device, feed->image, moment, feed->memory);
    if (payload)
        outlet->put(outlet->context, feed->device, TOPIC_TELEMETRY, payload, at_ms);
    return payload != NULL;
}

static void put_properties(struct feed *feed, const struct moment *moment, int64_t at_ms,
                           const struct feed_outlet *outlet)
{
    bool is_due = moment->now_ms >= feed->properties_due_ms;
    if (!is_due && !feed->properties_touched)
        return;
    feed->properties_touched = false;
    char *payload = properties_payload(feed->device, feed->image, moment);
    if (!is_due && feed->properties && strcmp(feed->properties, payload) == 0) {
        free(payload);
        return;
    }
    free(feed->properties);
    feed->properties = mem_copy_text(payload);
    feed->properties_due_ms = moment->now_ms + PROPERTIES_EVERY_MS;
    outlet->put(outlet->context, feed->device, TOPIC_PROPERTIES, payload, at_ms);
}

static void publish_gathered(struct feed *feed, int64_t now_ms,
                             const struct feed_outlet *outlet)
{
    struct moment moment = {now_ms, feed->health};
    feed->due_ms = INT64_MAX;
    if (feed->health == HEALTH_OFFLINE)
        return; // said when it went offline, and every ten seconds
    if (put_telemetry(feed, &moment, feed->middle_ms, outlet))
        feed->published_ms = feed->middle_ms;
    put_properties(feed, &moment, feed->middle_ms, outlet);
}

static bool holds_property(const struct feed *feed, const struct block *block)
{
    for (size_t i = 0; i < block->point_count; i++) {
        const struct point *point = &feed->device->map->points[block->points[i]];
        // A register may be the source of a computed property; telling would cost more.
        if (point->section != SECTION_TELEMETRY)
            return true;
    }
    return false;
}

// Whether the second with this middle has had its message: two with the same timestamp would be
// taken for one, and what only the first one says would be lost.
static bool is_published(const struct feed *feed, int64_t middle_ms)
{
    return middle_ms - feed->published_ms < SECOND_MS / 2;
}

void feed_take_reading(struct feed *feed, const struct reading *reading,
                       const struct feed_outlet *outlet)
{
    int64_t second = reading->wall_ms / SECOND_MS;
    int64_t middle_ms = stamp_middle_ms(reading->monotonic_ms, reading->wall_ms);
    int64_t due_ms = reading_due_ms(reading);
    if (is_published(feed, middle_ms)) {
        second++;
        middle_ms += SECOND_MS;
        due_ms += SECOND_MS;
    }
    bool is_over = feed->due_ms != INT64_MAX && second != feed->second;
    if (is_over && feed->interval_ms <= 1000)
        publish_gathered(feed, reading->monotonic_ms, outlet);
    const struct block *block = reading->block;
    if (reading->fault == FAULT_NONE)
        image_store(feed->image, block, reading->words, reading->monotonic_ms);
    else
        image_fail(feed->image, block, reading->fault, reading->exception,
                   reading->monotonic_ms);
    feed->properties_touched |= holds_property(feed, block);
    feed->second = second;
    feed->middle_ms = middle_ms;
    if (feed->due_ms == INT64_MAX)
        feed->due_ms = due_ms + feed->interval_ms - SECOND_MS;
}

void feed_take_models(struct feed *feed, const struct sunspec_places *places)
{
    image_set_models(feed->image, places);
}

void feed_take_health(struct feed *feed, enum unit_health health, int64_t now_ms,
                      int64_t wall_ms, const struct feed_outlet *outlet)
{
    feed->health = health;
    if (health == HEALTH_OFFLINE) {
        feed->offline_due_ms = now_ms;
        feed_publish(feed, now_ms, wall_ms, outlet);
        return;
    }
    feed->offline_due_ms = INT64_MAX;
    feed->properties_due_ms = 0;
    if (feed->memory)
        telemetry_memory_forget(feed->memory);
}

void feed_cloud_connected(struct feed *feed)
{
    feed->properties_due_ms = 0;
    if (feed->memory)
        telemetry_memory_forget(feed->memory);
}

int64_t feed_next_ms(const struct feed *feed)
{
    return feed->due_ms < feed->offline_due_ms ? feed->due_ms : feed->offline_due_ms;
}

void feed_hasten(struct feed *feed, int64_t now_ms)
{
    if (feed->due_ms != INT64_MAX)
        feed->due_ms = now_ms;
}

void feed_publish(struct feed *feed, int64_t now_ms, int64_t wall_ms,
                  const struct feed_outlet *outlet)
{
    if (now_ms >= feed->offline_due_ms) {
        struct moment moment = {now_ms, feed->health};
        feed->offline_due_ms = now_ms + OFFLINE_EVERY_MS;
        (void)put_telemetry(feed, &moment, stamp_middle_ms(now_ms, wall_ms), outlet);
    }
    if (now_ms >= feed->due_ms)
        publish_gathered(feed, now_ms, outlet);
}
