// SPDX-License-Identifier: MIT
// What each bus of a site will be like: its requests, the time they take, how long a command
// waits, what a dead unit changes, and what to change when it is too much. `modbridge plan`
// prints it, `modbridge check` warns by it. Everything lives in the arena; one thread.
#ifndef CONFIG_BUDGET_H
#define CONFIG_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "config/diagnostics.h"
#include "model/site.h"
#include "registers/block.h"
#include "registers/forecast.h"

struct budget_request {
    const struct block *block;
    const struct device *device;
    int unit_id;        // that it is sent to
    int64_t wire_ns;    // of the line's time, until the next request may leave
    int64_t refresh_ns; // how often it comes; 0: once per connection
};

// What a device would save with merge_gap: auto.
struct budget_saving {
    int request_count; // fewer; all three may be less than nothing: a value and its scale that
    int64_t cycle_ns;  // lie apart come together then
    double utilisation;
};

struct budget_device {
    const struct device *device;
    const struct plan *plan;
    struct wire_cost cost;
    size_t request_count; // that come back
    double utilisation;
    int64_t longest_ns; // of its requests
    int64_t silence_ns; // that an unanswered request takes
    struct budget_saving saving;
    // While it is dead, of the others: their load, and how long a command to them waits.
    struct forecast others;
    int64_t others_latency_ns;
};

struct budget {
    const struct bus_settings *bus;
    int64_t response_us; // assumed
    const struct budget_device *devices;
    size_t device_count;
    const struct budget_request *requests; // in the order of devices
    size_t request_count;
    struct forecast forecast;
    int64_t latency_ns;        // until a command's first frame, while all answer
    int64_t silent_latency_ns; // ... when the unit asked just then falls silent
};

// The budget of a bus. `response_us` negative: assumed as wire/cost.h says.
const struct budget *budget_of_bus(struct arena *arena, const struct site *site, int bus,
                                   int64_t response_us);

// Says in one sentence why the bus cannot keep its periods and what to change; false when it
// can. `ret_at` is the place of the bus (of the device, when it has its own).
bool budget_warn(const struct budget *budget, struct strbuf *ret_text, struct position *ret_at);

// Adds that warning for each bus of a site.
void budget_lint(struct arena *arena, const struct site *site, struct diagnostics *diagnostics);

#endif
