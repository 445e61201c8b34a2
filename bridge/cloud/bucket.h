// SPDX-License-Identifier: MIT
// A token bucket: so many at once, so many a second on average. Pure: time is an argument.
#ifndef CLOUD_BUCKET_H
#define CLOUD_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    double tokens;
    int64_t filled_ms;
};

// A full bucket.
void bucket_init(struct bucket *bucket, double size, int64_t now_ms);

// Takes a token when there is one. `rate` is in tokens a second and may differ from call to
// call.
bool bucket_take(struct bucket *bucket, double size, double rate, int64_t now_ms);

// When there will be one; now_ms or before when there is.
int64_t bucket_next_ms(const struct bucket *bucket, double rate, int64_t now_ms);

#endif
