// SPDX-License-Identifier: MIT
#include "cloud/store_batch.h"

void store_batch_add(struct store_batch *batch, enum store_urgency urgency, int64_t now_ms)
{
    if (batch->counts[urgency]++ == 0)
        batch->since_ms[urgency] = now_ms;
    batch->count++;
}

int64_t store_batch_wanted_ms(enum store_urgency urgency, int64_t posted_ms)
{
    static const int64_t wait_ms[STORE_URGENCY_COUNT] = {
        [STORE_LAZY] = STORE_LAZY_MS,
        [STORE_GROUP] = STORE_LINGER_MS,
    };
    return posted_ms + wait_ms[urgency];
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static int64_t due_of(const struct store_batch *batch, enum store_urgency urgency)
{
    int64_t since_ms = batch->since_ms[urgency];
    switch (urgency) {
    case STORE_LAZY:
        return since_ms + STORE_LAZY_MS;
    case STORE_GROUP:
        return batch->has_committed
                   ? later(since_ms + STORE_LINGER_MS, batch->grouped_ms + STORE_GROUP_EVERY_MS)
                   : since_ms + STORE_LINGER_MS;
    case STORE_SURE:
    case STORE_URGENCY_COUNT:
        break;
    }
    return since_ms;
}

int64_t store_batch_due_ms(const struct store_batch *batch)
{
    int64_t due_ms = INT64_MAX;
    for (enum store_urgency urgency = STORE_LAZY; urgency < STORE_URGENCY_COUNT; urgency++) {
        if (!batch->counts[urgency])
            continue;
        int64_t one_ms = due_of(batch, urgency);
        due_ms = one_ms < due_ms ? one_ms : due_ms;
    }
    // A full batch is due: what is due since long ago is due now.
    return batch->count >= STORE_BATCH_ORDERS ? INT64_MIN : due_ms;
}

void store_batch_settle(struct store_batch *batch, int64_t now_ms)
{
    bool was_grouped = batch->counts[STORE_GROUP] > 0;
    *batch = (struct store_batch){
        .has_committed = batch->has_committed || was_grouped,
        .grouped_ms = was_grouped ? now_ms : batch->grouped_ms,
    };
}
