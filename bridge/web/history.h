// SPDX-License-Identifier: MIT
// The last minutes of every number that is published, so that a page has curves to show as soon
// as it is opened. One sample in ten seconds; bounded. Time is an argument. One thread.
#ifndef WEB_HISTORY_H
#define WEB_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HISTORY_EVERY_MS = 10000,
    HISTORY_SAMPLES = 90,
    HISTORY_MAX_SERIES = 2048, // of a larger site the first ones
};

struct history {
    json_t *series; // {device: {key: [number or null]}}; NULL: nothing yet
    size_t count;   // of the series
    size_t samples;
    int64_t next_ms;
};

// Forgets everything: the devices are others.
void history_clear(struct history *history);

// Takes a sample of the answer to "values" when it is time; true when it did.
bool history_take(struct history *history, const json_t *values, int64_t now_ms);

// {"every_ms": 10000, "series": {device: {key: [oldest, ..., latest]}}}, null where there was
// no value. Heap; the caller frees it.
char *history_json(const struct history *history);

#endif
