// SPDX-License-Identifier: MIT
#include "cloud/replay.h"

#include <math.h>

// What a fifth of a second lets through: whoever asks may come a little late.
static double burst(double rate)
{
    return rate / 5;
}

void replay_init(struct replay *replay, int64_t now_ms)
{
    *replay = (struct replay){.since_ms = now_ms};
    bucket_init(&replay->bucket, burst(REPLAY_LEAST), now_ms);
}

void replay_note_live(struct replay *replay, int64_t now_ms)
{
    int64_t lasted_ms = now_ms - replay->since_ms;
    if (lasted_ms >= REPLAY_WINDOW_MS) {
        replay->rate = replay->count * 1000.0 / (double)lasted_ms;
        replay->since_ms = now_ms;
        replay->count = 0;
    }
    replay->count++;
}

double replay_rate(const struct replay *replay)
{
    return fmax(REPLAY_LEAST, replay->rate);
}

bool replay_take(struct replay *replay, int64_t now_ms)
{
    double rate = replay_rate(replay);
    return bucket_take(&replay->bucket, burst(rate), rate, now_ms);
}

int64_t replay_next_ms(const struct replay *replay, int64_t now_ms)
{
    return bucket_next_ms(&replay->bucket, replay_rate(replay), now_ms);
}
