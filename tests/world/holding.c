// SPDX-License-Identifier: MIT
// What is held is written again in time, with the same value, and ends with the safe one.
#include "base/time_units.h"
#include "world/world.h"

enum {
    SLACK_US = 500 * US_PER_MS,
    END_US = 5 * US_PER_S, // after its time: other ends may go first
};

static bool is_prompt(const struct world *world, int device, const struct world_hold *hold)
{
    const struct world_job *job = &world->witness.jobs[device];
    // Its own device's command goes first, for as long as that takes.
    bool had_command = job->is_open || job->done_us > hold->last_us;
    return world->kind == WORLD_HOLDS && !had_command && !world->is_stopping;
}

static void note_renewal(struct world *world, int device, struct world_hold *hold)
{
    struct witness *witness = &world->witness;
    int64_t late_us = world->now_us - hold->last_us - world->hold_every_us;
    witness->renewals++;
    if (world->now_us > hold->until_us + SLACK_US)
        witness_complain(world, "d%d's setpoint is written after its time", device);
    if (!is_prompt(world, device, hold))
        return;
    if (late_us > witness->latest_renewal_us)
        witness->latest_renewal_us = late_us;
    // All that are due together go one after the other, in a quarter of the time: here that is
    // half a period at most.
    if (late_us > world->hold_every_us / 2 + SLACK_US)
        witness_complain(world, "d%d's setpoint is written %lld ms late", device,
                         (long long)(late_us / US_PER_MS));
}

static void note_end(struct world *world, int device, struct world_hold *hold)
{
    bool is_early = world->now_us < hold->until_us && !world->is_stopping;
    // A command that failed ends what it held.
    if (hold->is_open && is_early && world_is_faultless(world))
        witness_complain(world, "d%d's hold ends before its time", device);
    if (!hold->is_open && world_is_faultless(world))
        witness_complain(world, "d%d's hold ends, and there is none", device);
    hold->is_open = false;
}

void holding_frame(struct world *world, const struct world_frame *frame)
{
    struct world_hold *hold = &world->witness.holds[frame->device];
    const struct world_job *job = &world->witness.jobs[frame->device];
    uint16_t value = frame->request.words[0];
    if (value == 0) {
        note_end(world, frame->device, hold);
    } else if (hold->is_open && value == hold->value) {
        note_renewal(world, frame->device, hold);
    } else if (job->is_open && value == job->held) {
        *hold = (struct world_hold){
            .is_open = true, .value = value, .until_us = world->now_us + world->hold_for_us};
    } else if (world_is_faultless(world)) {
        witness_complain(world, "d%d is made to hold %u, which nobody asked for", frame->device,
                         value);
    }
    hold->last_us = world->now_us;
}

void holding_end(struct world *world)
{
    for (int i = 0; i < WORLD_DEVICES; i++) {
        const struct world_hold *hold = &world->witness.holds[i];
        if (hold->is_open && world_is_faultless(world) &&
            world->now_us > hold->until_us + END_US)
            witness_complain(world, "d%d's hold was never ended", i);
    }
}
