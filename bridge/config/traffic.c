// SPDX-License-Identifier: MIT
#include "config/traffic.h"

#include <math.h>
#include <string.h>

#include "base/time_units.h"

// Measured with tests/bench/outbox_wear.py (release build, ext4, SQLite 3.40): bytes handed to
// the block layer. While the broker acknowledges, the same pages are used again and again, and
// hardly anything but the log is written: two pages while the rows of a second fit into one,
// else those that hold them and three more. While the broker is away all goes to the log and to
// the file.
enum {
    PAGE_BYTES = 4096,
    SMALL_COMMIT_BYTES = 2 * PAGE_BYTES,
    COMMIT_BYTES = 3 * PAGE_BYTES,
    ROW_OVERHEAD_BYTES = 20, // of a row on disk, beside its payload and topic
    TOPIC_BYTES = 22,        // of a topic, beside its two ids
};

#define FILLED     0.83 // of a page, with rows
#define AWAY_TIMES 2

enum {
    ENVELOPE_BYTES = 66, // {"timestamp":1790000000,"alerts":[],"conn_alerts":[]} and a code
    KEY_BYTES = 4,       // quotes, colon and comma of a key
    NUMBER_BYTES = 6,
    BOOLEAN_BYTES = 5,
    QUOTES_BYTES = 2,
    PROPERTIES_EVERY_S = 600,
    DAY_S = 86400,
};

static size_t label_bytes(const struct labels *labels)
{
    size_t longest = labels->otherwise ? strlen(labels->otherwise) : 0;
    for (size_t i = 0; i < labels->count; i++) {
        size_t length = strlen(labels->rows[i].text);
        longest = length > longest ? length : longest;
    }
    return longest + (labels->is_boolean ? 0 : QUOTES_BYTES);
}

// Of a value as JSON. Texts rarely fill their registers.
static size_t value_bytes(const struct point *point)
{
    if (point->labels)
        return label_bytes(point->labels);
    if (point->type == TYPE_BOOL || point->publish == PUBLISH_BOOLEAN)
        return BOOLEAN_BYTES;
    if (point->publish == PUBLISH_STRING)
        return point->word_count + (size_t)QUOTES_BYTES;
    return NUMBER_BYTES;
}

static size_t message_bytes(const struct device *device)
{
    size_t bytes = ENVELOPE_BYTES;
    for (size_t i = 0; i < device->map->point_count; i++) {
        const struct point *point = &device->map->points[i];
        if (point->section == SECTION_TELEMETRY)
            bytes += strlen(point->key) + KEY_BYTES + value_bytes(point);
    }
    return bytes;
}

// Whether no earlier request of the device comes as often: those that do are read in the same
// second and make one message.
static bool is_first_of_period(const struct budget *budget, size_t index)
{
    const struct budget_request *request = &budget->requests[index];
    for (size_t i = 0; i < index; i++) {
        if (budget->requests[i].device == request->device &&
            budget->requests[i].refresh_ns == request->refresh_ns)
            return false;
    }
    return true;
}

static double rate_of(const struct site *site, const struct budget *budget,
                      const struct device *device)
{
    int64_t shortest_ms =
        site->publish_interval_ms > MS_PER_S ? site->publish_interval_ms : MS_PER_S;
    double most = (double)MS_PER_S / (double)shortest_ms;
    double rate = 0;
    for (size_t i = 0; i < budget->request_count; i++) {
        const struct budget_request *request = &budget->requests[i];
        if (request->device == device && request->refresh_ns > 0 &&
            is_first_of_period(budget, i))
            rate += (double)MS_PER_S * NS_PER_MS / (double)request->refresh_ns;
    }
    return fmin(rate, most);
}

static size_t row_bytes(const struct device *device)
{
    return ROW_OVERHEAD_BYTES + TOPIC_BYTES + strlen(device->hardware_id) +
           strlen(device->channel_id);
}

static void add_device(struct traffic *traffic, const struct site *site,
                       const struct budget *budget, const struct device *device)
{
    double rate = rate_of(site, budget, device);
    double bytes = (double)message_bytes(device);
    traffic->messages_per_second += rate;
    traffic->message_bytes += rate * bytes; // for now of all messages of a second
    traffic->row_bytes += rate * (bytes + (double)row_bytes(device));
    traffic->properties_per_second += 1.0 / PROPERTIES_EVERY_S;
}

struct traffic traffic_of(const struct site *site, const struct budget *const *budgets)
{
    struct traffic traffic = {0};
    for (size_t i = 0; i < site->bus_count; i++) {
        for (size_t k = 0; k < budgets[i]->device_count; k++) {
            const struct device *device = budgets[i]->devices[k].device;
            if (device->cloud != NO_INDEX)
                add_device(&traffic, site, budgets[i], device);
        }
    }
    if (traffic.messages_per_second > 0) {
        traffic.message_bytes /= traffic.messages_per_second;
        traffic.row_bytes /= traffic.messages_per_second;
    }
    return traffic;
}

bool traffic_is_kept(const struct site *site)
{
    return site->outbox.replay && strcmp(site->state_path, SITE_STATE_IN_MEMORY) != 0;
}

double traffic_written_per_day(const struct traffic *traffic, enum outbox_write write,
                               bool is_away)
{
    double commits = fmin(traffic->messages_per_second, 1);
    if (commits == 0)
        return 0;
    double rows = traffic->messages_per_second * traffic->row_bytes / commits; // of one
    double written = COMMIT_BYTES + rows / FILLED;
    if (is_away)
        written = COMMIT_BYTES + AWAY_TIMES * rows / FILLED;
    else if (write == OUTBOX_SPILL)
        written = 0;
    else if (rows <= PAGE_BYTES)
        written = SMALL_COMMIT_BYTES;
    return DAY_S * commits * written;
}

double traffic_days_kept(const struct traffic *traffic, const struct site *site)
{
    double rows = traffic->messages_per_second * traffic->row_bytes;
    double longest = (double)site->outbox.max_age_ms / MS_PER_S / DAY_S;
    double full = (double)site->outbox.max_bytes * FILLED / (rows * DAY_S);
    return rows > 0 ? fmin(full, longest) : longest;
}
