// SPDX-License-Identifier: MIT
// What waits in the outbox, in memory and on disk together.
#include "base/clock.h"
#include "daemon/outgoing.h"

// A stamp on the monotonic clock, negative when it is from before the system's start; 0 when it
// cannot be dated.
static int64_t monotonic_of(const struct outgoing *outgoing, const struct stamp *stamp)
{
    int64_t now_ms = clock_monotonic_ms();
    if (stamp->kind == STAMP_PRESENT)
        return now_ms - (clock_boot_ms() - stamp->ms);
    if (stamp->kind == STAMP_WALL && outgoing->clock.is_set)
        return now_ms - (clock_boot_ms() + outgoing->clock.offset_ms - stamp->ms);
    return 0;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == 0 || b_ms == 0)
        return a_ms + b_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

struct outbox_status outgoing_status(const struct outgoing *outgoing)
{
    struct outbox_stats stats = outbox_stats(outgoing->outbox);
    const struct store_stats *stored = &outgoing->stored;
    // Most rows in memory are on disk too, and acknowledged ones for a moment longer.
    bool is_more_on_disk = !stats.is_all && stored->rows > stats.rows;
    int64_t oldest_ms = monotonic_of(outgoing, &stats.oldest);
    if (is_more_on_disk)
        oldest_ms = earlier(oldest_ms, monotonic_of(outgoing, &stored->oldest));
    struct outbox_status status = {
        .messages = is_more_on_disk ? stored->rows : stats.rows,
        .in_flight = stats.in_flight,
        .bytes = is_more_on_disk ? (uint64_t)stored->bytes : stats.bytes,
        .oldest_ms = oldest_ms,
        .lost =
            {
                [LOSS_MEMORY] = stats.dropped,
                [LOSS_FULL] = stored->dropped_full,
                [LOSS_OLD] = stored->dropped_old,
                [LOSS_UNDATED] = stored->dropped_undated,
                [LOSS_DAMAGED] = stored->dropped_damaged,
                [LOSS_REPLAY] = stored->dropped_replay,
            },
    };
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        status.dropped += status.lost[loss];
    return status;
}

bool outgoing_is_busy(const struct outgoing *outgoing)
{
    for (size_t i = 0; i < outgoing->site->cloud_count; i++) {
        if (outgoing->sessions[i] && (outbox_in_flight(outgoing->outbox, (int)i) > 0 ||
                                      outbox_is_waiting(outgoing->outbox, (int)i)))
            return true;
    }
    return false;
}
