// SPDX-License-Identifier: MIT
#include "cloud/bucket.h"

#include <math.h>

void bucket_init(struct bucket *bucket, double size, int64_t now_ms)
{
    *bucket = (struct bucket){.tokens = size, .filled_ms = now_ms};
}

static double filled(const struct bucket *bucket, double rate, int64_t now_ms)
{
    return bucket->tokens + (double)(now_ms - bucket->filled_ms) * rate / 1000;
}

bool bucket_take(struct bucket *bucket, double size, double rate, int64_t now_ms)
{
    bucket->tokens = fmin(filled(bucket, rate, now_ms), size);
    bucket->filled_ms = now_ms;
    if (bucket->tokens < 1)
        return false;
    bucket->tokens -= 1;
    return true;
}

int64_t bucket_next_ms(const struct bucket *bucket, double rate, int64_t now_ms)
{
    double missing = 1 - filled(bucket, rate, now_ms);
    return missing > 0 ? now_ms + (int64_t)ceil(missing * 1000 / rate) : now_ms;
}
